#!/bin/sh
# Measures JSON → protobuf and back: Transcoding beside swift-protobuf and Python's upb, in one run on one thread.
set -eu
cd "$(dirname "$0")/.."
# Statically, as services are deployed.
swift build -c release --static-swift-stdlib --product transcode-bench
exec .build-py/bin/python Tests/Benchmarks/Transcode/transcode_bench.py \
    --binary "$(swift build -c release --show-bin-path)/transcode-bench"
