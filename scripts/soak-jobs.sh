#!/usr/bin/env bash
# Kills workers 100 times during 100 000 jobs on each store: none lost, effects once. JOBS and KILLS change the numbers.
set -euo pipefail
cd "$(dirname "$0")/.."
swift build --build-tests
JOBS_STORM_JOBS=${JOBS:-100000} JOBS_STORM_KILLS=${KILLS:-100} swift test --skip-build --filter KillTests
