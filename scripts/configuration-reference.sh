#!/usr/bin/env bash
# Writes docs/configuration.md from the settings that the program declares.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh --product datavault >&2
"$(swift build --show-bin-path)/datavault" config reference >docs/configuration.md
