#!/bin/sh
# Measures what metrics and traces cost: single operations, and a unary call of a server with and without them.
# Arguments go to telemetry_bench.py.
set -eu
cd "$(dirname "$0")/.."
swift build -c release --static-swift-stdlib --product telemetry-bench
exec python3 Tests/Benchmarks/Telemetry/telemetry_bench.py \
    "$(swift build -c release --show-bin-path)/telemetry-bench" "$@"
