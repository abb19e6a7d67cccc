#!/usr/bin/env bash
# Fails, and names the files, where generated code is not what its protos now give: scripts/check-generated.sh
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/generated.sh

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
scripts/generate.sh "$fresh"

stale=0
for folder in $(generated_folders); do
    while read -r file; do
        if ! cmp --silent "$folder/$file" "$fresh/$folder/$file"; then
            echo "stale: $folder/$file" >&2
            stale=$((stale + 1))
        fi
    done < <({ generated_files "$folder"; generated_files "$fresh/$folder"; } | sort -u)
done

if [ "$stale" -gt 0 ]; then
    echo "check-generated.sh: run scripts/generate.sh and commit what it changes." >&2
    exit 1
fi
echo "Generated code is as its protos give it."
