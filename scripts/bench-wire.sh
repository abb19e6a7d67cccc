#!/bin/sh
# Measures Wire against its peers and prints the table; arguments go to rpc_bench.py (--quick for a short run).
# Without WITH_SWIFT2=0 grpc-swift-2 is built too, which takes minutes the first time.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/.build-bench
cd "$root"
swift=swift
[ "${WITH_SWIFT2:-1}" != 0 ] || swift=
Tests/Benchmarks/peers/build.sh "$out" $swift
for product in wire-echo wire-echo-client wire-chain; do
    # Statically, as services are deployed: calls into the runtime then take no detour through the linker.
    swift build -c release --static-swift-stdlib --product "$product"
done
exec python3 Tests/Benchmarks/rpc_bench.py --peers "$out" --wire "$(swift build -c release --show-bin-path)" \
    --json "$out/results.json" --markdown "$out/results.md" "$@"
