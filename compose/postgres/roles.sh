#!/bin/sh
# Makes a database for each role in ROLES, with two users: ROLE_owner owns the tables and migrates, ROLE works with them
# and cannot change them. Run by the image when its folder is empty; SECRETS (/run/secrets) has the users' passwords.
set -eu
secrets=${SECRETS:-/run/secrets}
for role in $ROLES; do
    psql --quiet --set ON_ERROR_STOP=1 --set role="$role" --set owner="${role}_owner" \
        --set password="$(cat "$secrets/$role-password")" \
        --set owner_password="$(cat "$secrets/$role-owner-password")" \
        --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-postgres}" <<'SQL'
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE DATABASE :"role" OWNER :"owner" ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"role" TO :"role";
\connect :"role"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO :"owner";
GRANT USAGE ON SCHEMA public TO :"role";
SQL
done
