#!/usr/bin/env bash
# Writes the documentation that the gateway serves below /docs: scripts/documentation.sh [FOLDER], with FOLDER the same
# place under it. It is made of README.md, docs/, proto/README.md and the descriptor set that the program carries, which
# has to be fresh: see scripts/embed-descriptors.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-.}
descriptors=Sources/CDescriptorSet/datavault.binpb
[ ! -f "$target/$descriptors" ] || descriptors=$target/$descriptors
.build-py/bin/python scripts/documentation/build.py "$target/Sources/CDocumentation/documentation.site" "$descriptors"
