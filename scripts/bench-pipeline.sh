#!/bin/sh
# Measures CSV → filter, derive, rule → CSV on one core: the pipeline engine beside DuckDB, on the same file.
set -eu
cd "$(dirname "$0")/.."
# Statically, as services are deployed.
swift build -c release --static-swift-stdlib --product pipeline-bench
exec .build-py/bin/python Tests/Benchmarks/Pipeline/pipeline_bench.py \
    --binary "$(swift build -c release --show-bin-path)/pipeline-bench" "$@"
