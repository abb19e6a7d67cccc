#!/usr/bin/env bash
# A private PostgreSQL on a free loopback port, for tests. Usage: postgres.sh [-c name=value …]
#
# Prints "ready postgresql://…" and then obeys commands on standard input, each answered by "ok": stop, start,
# crash (ends without a goodbye), pause, resume, database NAME (makes an empty one). When standard input ends, so does
# the server, and its files go: the server cannot outlive who started it.
set -euo pipefail

# Nothing is kept: no waiting for disks, unless the options say so.
options=(-c fsync=off -c max_connections=500 -c shared_buffers=32MB "$@")
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || { echo "postgres.sh: PostgreSQL is missing: make setup" >&2; exit 1; }
folder=$(mktemp -d)
as=()
# initdb refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    chown postgres "$folder"
fi
control() { (cd "$folder" && "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -s "$@" </dev/null >>"$folder/pg_ctl.log" 2>&1); }
signal() {
    local main
    main=$(head -1 "$folder/data/postmaster.pid")
    # shellcheck disable=SC2046 # each id is a word
    kill -"$1" "$main" $(ps -o pid= --ppid "$main")
}
finish() {
    signal CONT 2>/dev/null || true
    control stop -m immediate || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
"${as[@]}" sh -c 'umask 077; printf %s "$1" >"$2"' sh "$password" "$folder/password"
(cd "$folder" && "${as[@]}" "$bin/initdb" -D "$folder/data" -A scram-sha-256 --pwfile="$folder/password" -U postgres \
    -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1) || { cat "$folder/initdb.log" >&2; exit 1; }

start() { control -w -t 60 -l "$folder/log" -o "-c listen_addresses=127.0.0.1 -p $port -k $folder ${options[*]}" start; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
for attempt in 1 2 3 4 5; do
    # Somebody else may take the port in between: then another one.
    port=$(free_port)
    if start; then break; fi
    [ "$attempt" -lt 5 ] || { cat "$folder/log" "$folder/pg_ctl.log" >&2; exit 1; }
done
echo "ready postgresql://postgres:$password@127.0.0.1:$port/postgres"

while read -r command name; do
    case $command in
        start) start ;;
        stop) control stop -m fast ;;
        crash) control stop -m immediate ;;
        pause) signal STOP ;;
        resume) signal CONT ;;
        database) PGPASSWORD=$password "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres "$name" </dev/null ;;
        *) echo "postgres.sh: unknown command $command" >&2; exit 1 ;;
    esac
    echo ok
done
