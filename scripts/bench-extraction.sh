#!/bin/sh
# Measures parsing and extraction beside lxml, lexbor and gumbo on the pages of Apache's manual, and prints a table. With
# a folder as argument, on the pages in that.
set -eu
cd "$(dirname "$0")/.."
# Statically, as services are deployed.
swift build -c release --static-swift-stdlib --product extraction-bench
exec .build-py/bin/python Tests/Benchmarks/Extraction/extraction_bench.py \
    --binary "$(swift build -c release --show-bin-path)/extraction-bench" "$@"
