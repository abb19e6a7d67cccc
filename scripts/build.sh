#!/usr/bin/env bash
# Builds in the debug configuration and prints how far it is: scripts/build.sh [OPTION…], as of `swift build`; without
# any, all products and tests.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- --build-tests
log=$(mktemp)
build=
trap '[ -z "$build" ] || kill "$build" 2>/dev/null || true; rm -f "$log"' EXIT

echo "build: Swift (the first build takes some minutes)"
swift build "$@" >"$log" 2>&1 &
build=$!
while kill -0 "$build" 2>/dev/null; do
    # A build that has nothing to do should not wait for its progress.
    for _ in $(seq 100); do
        sleep 0.1
        kill -0 "$build" 2>/dev/null || break 2
    done
    step=$(grep -oE '^\[[0-9]+/[0-9]+\]' "$log" | tail -1) || step="fetching packages"
    echo "build: $step"
done
status=0
wait "$build" || status=$?
build=
if [ $status -ne 0 ]; then
    grep -E 'error:|warning: unre' "$log" | sort -u | head -50 >&2 || true
    tail -5 "$log" >&2
    exit 1
fi
tail -1 "$log"
