#!/usr/bin/env bash
# Measures the queue's durable enqueue-and-finish on both stores, with fsync on, beside the disk's and the stores' own
# ceilings. All of it on one core; PostgreSQL also with its server on the other one. Options go to jobs-bench.
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --static-swift-stdlib --product jobs-bench
bench=$(swift build -c release --show-bin-path)/jobs-bench
folder=$(mktemp -d -p "${BENCH_FOLDER:-$PWD/.build}")
trap 'rm -rf "$folder"' EXIT

echo "== SQLite, one core"
taskset -c 0 "$bench" "$folder" "$@" 2>/dev/null

# postgres CORES: the server on these, with its data beside SQLite's file.
postgres() {
    coproc server { TMPDIR=$folder exec taskset -c "$1" scripts/postgres.sh -c fsync=on -c shared_buffers=256MB; }
    # Bash forgets them when the server has ended.
    local word url input=${server[1]} process=$server_PID
    read -r word url <&"${server[0]}"
    [ "$word" = ready ]
    taskset -c 0 "$bench" "$folder" --postgres "$url" "${@:2}" 2>/dev/null
    exec {input}>&-
    wait "$process" || true
}
chmod 755 "$folder"
echo "== PostgreSQL, client and server on one core"
postgres 0 "$@"
echo "== PostgreSQL, the server on a core of its own"
postgres 1 "$@"
