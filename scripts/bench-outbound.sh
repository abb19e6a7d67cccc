#!/bin/sh
# Measures Outbound beside curl's own command and Python's http.client, on loopback.
set -eu
cd "$(dirname "$0")/.."
swift build -c release --static-swift-stdlib --product outbound-bench
exec .build-py/bin/python Tests/Benchmarks/Outbound/outbound_bench.py \
    --binary "$(swift build -c release --show-bin-path)/outbound-bench" "$@"
