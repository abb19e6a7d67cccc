#!/usr/bin/env bash
# The main job while roles die, 20 times, and PostgreSQL, 3 times: scripts/soak-main-job.sh
#
# KILLS, POSTGRES_KILLS   how many of each (20, 3)
# SECONDS_BETWEEN         from one to the next, on average (4)
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh
WIRE_BIN=${WIRE_BIN:-$(swift build --show-bin-path)} KILLS=${KILLS:-20} POSTGRES_KILLS=${POSTGRES_KILLS:-3} \
    SECONDS_BETWEEN=${SECONDS_BETWEEN:-4} .build-py/bin/python -m pytest -q -s Tests/EndToEnd/test_kill_storm.py
