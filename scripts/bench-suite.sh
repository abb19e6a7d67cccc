#!/usr/bin/env bash
# How fast the suite starts and ends, and what it keeps in memory: scripts/bench-suite.sh
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh --product datavault
.build-py/bin/python Tests/Benchmarks/suite_bench.py "$(swift build --show-bin-path)/datavault"
