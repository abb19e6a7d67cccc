#!/bin/sh
# Makes what compose.yaml takes as secrets, in compose/secrets: passwords, the addresses of databases, an authority and a
# certificate for each role. What is there stays; certificates are issued anew.
#
# Usage: compose/make-secrets.sh [FOLDER]. DATAVAULT is the command that makes keys: a built `datavault`.
set -eu
umask 077
cd "$(dirname "$0")"
folder=${1:-secrets}
datavault=${DATAVAULT:-datavault}
roles=${ROLES:-identity scrape pipeline compliance gateway}
mkdir -p "$folder"

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
# Writes standard input to a file unless it is there.
keep() { if [ -s "$folder/$1" ]; then cat >/dev/null; else cat >"$folder/$1.new" && mv "$folder/$1.new" "$folder/$1"; fi; }

for name in postgres-password redis-password s3-secret-key grafana-password; do random | keep "$name"; done
printf 'datavault' | keep s3-access-key

[ -s "$folder/authority/ca.key" ] || $datavault keys ca --out "$folder/authority" --trust-domain "${TRUST_DOMAIN:-datavault.local}"
for role in $roles; do
    random | keep "$role-password"
    random | keep "$role-owner-password"
    printf 'postgresql://%s:%s@postgres:5432/%s' "$role" "$(cat "$folder/$role-password")" "$role" | keep "$role-store-url"
    printf 'postgresql://%s_owner:%s@postgres:5432/%s' "$role" "$(cat "$folder/$role-owner-password")" "$role" |
        keep "$role-store-migration-url"
    $datavault keys issue "$role" --ca "$folder/authority" --out "$folder/issued" --dns "$role" --dns localhost
    cp "$folder/issued/$role.pem" "$folder/issued/$role.key" "$folder/"
done
cp "$folder/authority/ca.pem" "$folder/ca.pem"
# The containers' users are not this one; who may enter the folder is what protects its files.
chmod 0700 "$folder"
find "$folder" -maxdepth 1 -type f -exec chmod 0444 {} +
echo "make-secrets: $folder has what compose.yaml needs. Keep $folder/authority/ca.key where no service runs."
