#!/bin/sh
# Fuzzes what reads bytes from outside: scripts/fuzz.sh [seconds a target, 60] [target…]
#
# Builds with coverage and the address sanitizer, and runs each target from its corpus (Tests/Fuzz/Corpus). New inputs
# stay in .build-fuzz/corpus; `FUZZ_KEEP=1` merges those that reach something new into the corpus. What fails lies in
# .build-fuzz/failed, and the script ends with an error; put the input into the corpus together with the fix.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- server client framing metadata json wire csv ndjson segment expression page selector value \
    charset url robots sitemap token leaf checkpoint
build=.build-fuzz

export WIRE_SANITIZER=1
# Assertions stay on: unchecked access asserts its bounds.
WIRE_FUZZ=1 swift build --scratch-path "$build" -c release --sanitize=address -Xswiftc -enable-testing \
    -Xswiftc -assert-config -Xswiftc Debug --product wire-fuzz
fuzzer=$(pwd)/$build/release/wire-fuzz
mkdir -p "$build/failed"

# A process that ends has tasks and loops alive on purpose; leaks show as growth, which -rss_limit_mb bounds.
export ASAN_OPTIONS=detect_leaks=0
# The runtime's own backtraces read the stack in ways that the address sanitizer takes for errors.
export SWIFT_BACKTRACE=enable=no
status=0
for target in "$@"; do
    corpus=Tests/Fuzz/Corpus/$target
    found=$build/corpus/$target
    mkdir -p "$found"
    echo "== $target, $seconds s"
    FUZZ_TARGET=$target nice "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="$build/failed/$target-" "$found" "$corpus" || status=1
    if [ "${FUZZ_KEEP:-}" = 1 ]; then
        FUZZ_TARGET=$target nice "$fuzzer" -merge=1 -max_len=4096 "$corpus" "$found"
    fi
done
exit $status
