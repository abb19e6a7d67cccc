#!/usr/bin/env bash
# Builds the suite and starts it, with its data in run-data: scripts/run.sh [OPTION…], as of `datavault up`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh --product datavault
exec "$(swift build --show-bin-path)/datavault" up --set data.folder=run-data "$@"
