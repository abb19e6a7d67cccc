#!/usr/bin/env bash
# Fails, and names the files, where generated code is not what its protos and texts now give: scripts/check-generated.sh
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/generated.sh

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
scripts/generate.sh "$fresh"
scripts/embed-descriptors.sh "$fresh"
scripts/documentation.sh "$fresh"

# Every file that is or was generated: a fresh one may be new, a committed one may have lost its proto.
files() {
    (cd "$fresh" && find . -type f | sed 's|^\./||')
    local folder
    for folder in $(generated_folders); do generated_files "$folder" | sed "s|^|$folder/|"; done
}

stale=0
while read -r file; do
    if ! cmp --silent "$file" "$fresh/$file"; then
        echo "stale: $file" >&2
        stale=$((stale + 1))
    fi
done < <(files | sort -u)

if [ "$stale" -gt 0 ]; then
    echo "check-generated.sh: run make generate and commit what it changes." >&2
    exit 1
fi
echo "Generated code is as its protos and texts give it."
