#!/usr/bin/env bash
# Builds all products and tests once, in the debug configuration, and prints only what matters.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "build: Swift (the first build takes some minutes)"
if ! swift build --build-tests >"$log" 2>&1; then
    grep -E 'error:|warning: unre' "$log" | sort -u | head -50 >&2 || true
    tail -5 "$log" >&2
    exit 1
fi
tail -1 "$log"
