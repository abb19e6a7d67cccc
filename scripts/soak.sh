#!/usr/bin/env bash
# Loads wire-echo at 80 % of its peak and watches its memory: ten minutes, or as soak.py's options say.
set -euo pipefail
cd "$(dirname "$0")/.."
Tests/Benchmarks/peers/build.sh .build-bench
swift build -c release --product wire-echo
exec python3 Tests/Benchmarks/soak.py --peers .build-bench --wire "$(swift build -c release --show-bin-path)" "$@"
