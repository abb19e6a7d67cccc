#!/bin/sh
# Measures pages fetched, extracted and stored a second on one core, beside Scrapy on the same site: scripts/bench-scrape.sh
set -eu
cd "$(dirname "$0")/.."
swift build -c release --static-swift-stdlib --product datavault
exec .build-py/bin/python Tests/Benchmarks/Scrape/scrape_bench.py \
    --binary "$(swift build -c release --static-swift-stdlib --show-bin-path)/datavault" "$@"
