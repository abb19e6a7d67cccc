#!/bin/sh
# Measures the gateway beside grpc-gateway and nginx and prints the table; arguments go to gateway_bench.py.
set -eu
cd "$(dirname "$0")/.."
out=$PWD/.build-bench/gateway
Tests/Benchmarks/Gateway/peers/build.sh "$out"
swift build -c release --static-swift-stdlib --product gateway-bench
exec .build-py/bin/python Tests/Benchmarks/Gateway/gateway_bench.py --peers "$out" \
    --program "$(swift build -c release --show-bin-path)/gateway-bench" "$@"
