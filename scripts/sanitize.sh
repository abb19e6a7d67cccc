#!/bin/sh
# Runs the tests under the address sanitizer and the thread sanitizer: scripts/sanitize.sh [address|thread…]
#
# TESTS (a regular expression for `swift test --filter`) chooses others than Wire's own.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- address thread
tests=${TESTS:-WireTests|FuzzTests}
# One test at a time: under a sanitizer the tests that measure time would not stand the crowd.
status=0
export WIRE_SANITIZER=1
for sanitizer in "$@"; do
    case $sanitizer in
    address)
        build=.build-asan
        unset WIRE_THREAD_SANITIZER
        # Event loops and tasks of the process live to its end, and so does what they hold.
        export ASAN_OPTIONS=detect_leaks=0
        ;;
    thread)
        build=.build-tsan
        # Locks and continuations that the sanitizer sees, in place of those of libraries without instrumentation.
        export WIRE_THREAD_SANITIZER=1
        # Nothing is suppressed. A report lets the run go on and fail at its end.
        export TSAN_OPTIONS="halt_on_error=0 exitcode=66"
        ;;
    *)
        echo "unknown sanitizer $sanitizer" >&2
        exit 2
        ;;
    esac
    echo "== $sanitizer"
    swift test --sanitize="$sanitizer" --scratch-path "$build" --no-parallel --filter "$tests" || status=1
done
exit $status
