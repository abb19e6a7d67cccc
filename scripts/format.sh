#!/usr/bin/env bash
# Formats hand-written Swift with the toolchain's own formatter, or with --check fails where it would change anything.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.swift' |
    grep -vE '\.(pb|wire|rules)\.swift$|/Golden/|Descriptors\.swift$' | xargs -r ls 2>/dev/null)
if [ "${1:-}" = --check ]; then
    swift format lint --strict --parallel "${files[@]}"
else
    swift format --in-place --parallel "${files[@]}"
fi
