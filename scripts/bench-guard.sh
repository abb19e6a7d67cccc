#!/bin/sh
# Measures what the edge's guard takes for a request, and prints a table.
set -eu
cd "$(dirname "$0")/.."
# Statically, as services are deployed.
swift build -c release --static-swift-stdlib --product guard-bench
exec "$(swift build -c release --show-bin-path)/guard-bench" "$@"
