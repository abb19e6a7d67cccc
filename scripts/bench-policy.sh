#!/bin/sh
# Measures what the policy layer adds to a unary call, and prints a table.
set -eu
cd "$(dirname "$0")/.."
# Statically, as services are deployed.
swift build -c release --static-swift-stdlib --product policy-bench
exec "$(swift build -c release --show-bin-path)/policy-bench"
