#!/bin/sh
# Makes what compose.yaml takes as secrets, in compose/secrets: passwords, the addresses of databases and of Redis, an
# authority, a certificate for each role, and root keys. What is there stays; certificates are issued anew.
#
# Usage: compose/make-secrets.sh [FOLDER]. DATAVAULT is the command that makes keys: a built `datavault`.
set -eu
umask 077
cd "$(dirname "$0")"
folder=${1:-secrets}
datavault=${DATAVAULT:-datavault}
roles=${ROLES:-identity scrape pipeline compliance gateway}
# The group of the containers' user, who alone may read the root key.
group=${SECRETS_GROUP:-10001}
mkdir -p "$folder"

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
# Writes standard input to a file unless it is there.
keep() { if [ -s "$folder/$1" ]; then cat >/dev/null; else cat >"$folder/$1.new" && mv "$folder/$1.new" "$folder/$1"; fi; }

for name in postgres-password redis-password s3-secret-key grafana-password; do random | keep "$name"; done
printf 'datavault' | keep s3-access-key
printf 'redis://:%s@redis:6379' "$(cat "$folder/redis-password")" | keep gateway-redis-url

[ -s "$folder/authority/ca.key" ] || $datavault keys ca --out "$folder/authority" --trust-domain "${TRUST_DOMAIN:-datavault.local}"
root_keys="identity-root-key compliance-root-key"
for name in $root_keys; do [ -s "$folder/$name" ] || $datavault keys root --out "$folder/$name"; done
for role in $roles; do
    # The gateway keeps nothing.
    if [ "$role" != gateway ]; then
        random | keep "$role-password"
        random | keep "$role-owner-password"
        printf 'postgresql://%s:%s@postgres:5432/%s' "$role" "$(cat "$folder/$role-password")" "$role" |
            keep "$role-store-url"
        printf 'postgresql://%s_owner:%s@postgres:5432/%s' "$role" "$(cat "$folder/$role-owner-password")" "$role" |
            keep "$role-store-migration-url"
    fi
    $datavault keys issue "$role" --ca "$folder/authority" --out "$folder/issued" --dns "$role" --dns localhost
    cp "$folder/issued/$role.pem" "$folder/issued/$role.key" "$folder/"
done
cp "$folder/authority/ca.pem" "$folder/ca.pem"
# The containers' users are not this one; who may enter the folder is what protects its files.
chmod 0700 "$folder"
find "$folder" -maxdepth 1 -type f ! -name '*-root-key' -exec chmod 0444 {} +
# The program refuses a root key that everybody may read.
for name in $root_keys; do
    if ! chgrp "$group" "$folder/$name" 2>/dev/null; then
        echo "make-secrets: only root gives $name to group $group. Run this as root, or \`docker compose\` with" \
            "SECRETS_GROUP=$(id -g), the group that it has." >&2
    fi
    chmod 0440 "$folder/$name"
done
echo "make-secrets: $folder has what compose.yaml needs. Keep $folder/authority/ca.key where no service runs, and a copy" \
    "of $folder/*-root-key apart from the backups: without them, what they seal is lost."
