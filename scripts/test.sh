#!/usr/bin/env bash
# All tests, in one build and one configuration. Steps are independent: all run, and the failed ones are named.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()
step() {
    local name=$1 start=$SECONDS
    shift
    echo "== $name"
    if "$@"; then echo "== $name: ok, $((SECONDS - start)) s"; else failed+=("$name"); echo "== $name: FAILED"; fi
}

step "format" scripts/format.sh --check
step "build" scripts/build.sh || exit 1
[ ${#failed[@]} -eq 0 ] || [[ ! " ${failed[*]} " == *" build "* ]] || { echo "FAILED: ${failed[*]}"; exit 1; }
step "generated code" scripts/check-generated.sh
step "protos" scripts/lint-protos.sh
step "contract" "$(swift build --show-bin-path)/datavault" contract diff proto/baseline.binpb
# As many tests at once as two cores serve in time: all at once they would wait for each other longer than for what they
# test, on a machine that has other work, too.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-4}
step "Swift tests" swift test --skip-build --parallel
step "C++ peers" Tests/Interop/cpp/build.sh .build-interop
export WIRE_BIN=${WIRE_BIN:-$(swift build --show-bin-path)} INTEROP_CPP=$PWD/.build-interop
step "README" .build-py/bin/python -m pytest -q Tests/ReadMe
step "foreign peers" .build-py/bin/python -m pytest -q -n 2 Tests/Interop
step "layout" .build-py/bin/python -m pytest -q Tests/Layout
step "suite" .build-py/bin/python -m pytest -q -n 2 Tests/Suite
step "edge" .build-py/bin/python -m pytest -q -n 2 Tests/Edge
step "end to end" .build-py/bin/python -m pytest -q -n 2 Tests/EndToEnd
step "crawls" .build-py/bin/python -m pytest -q -n 2 Tests/Scrape
step "compose" .build-py/bin/python -m pytest -q -n 2 Tests/Compose
step "telemetry" .build-py/bin/python -m pytest -q -n 2 Tests/Telemetry
step "transcoding and Python" .build-py/bin/python -m pytest -q -n 2 Tests/Transcode
step "extraction and its judges" .build-py/bin/python -m pytest -q -n 2 Tests/Extraction
step "expressions and Python" .build-py/bin/python -m pytest -q -n 2 Tests/Expressions
step "contract calls" .build-py/bin/python -m pytest -q Tests/Contract
[ ! -d Tests/Attacks ] || step "attacks" .build-py/bin/python -m pytest -q Tests/Attacks

if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}"
    exit 1
fi
echo "all tests passed in $SECONDS s"
