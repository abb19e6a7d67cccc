#!/bin/sh
# Measures Identity, and prints tables: scripts/bench-identity.sh [NAME …]
#
# logins       log-ins a second beside what the hash alone does on the same threads
# latency      what another call waits during a flood of log-ins
# enumeration  whether time tells an address that is there
set -eu
cd "$(dirname "$0")/.."
# Statically, as services are deployed.
swift build -c release --static-swift-stdlib --product identity-bench
exec "$(swift build -c release --show-bin-path)/identity-bench" "$@"
