#!/usr/bin/env bash
# Measures durable appends to the audit log on both stores, with fsync on, beside the disk's and the stores' own ceilings,
# and proofs of a log of a million entries. All of it on one core; PostgreSQL with its server on the other one. Options go
# to audit-bench: --entries N, --seconds N.
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --static-swift-stdlib --product audit-bench
bench=$(swift build -c release --show-bin-path)/audit-bench
folder=$(mktemp -d -p "${BENCH_FOLDER:-$PWD/.build}")
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"

echo "== SQLite, one core"
taskset -c 0 "$bench" "$folder" "$@" 2>/dev/null
echo "== PostgreSQL, the server on a core of its own"
coproc server { TMPDIR=$folder exec taskset -c 1 scripts/postgres.sh -c fsync=on -c shared_buffers=256MB; }
input=${server[1]} process=$server_PID
read -r word url <&"${server[0]}"
[ "$word" = ready ]
taskset -c 0 "$bench" "$folder" --postgres "$url" "$@" 2>/dev/null
exec {input}>&-
wait "$process" || true
