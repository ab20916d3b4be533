#!/bin/sh
# Creates the database's roles. The image runs this once, after it has created the data folder. Then the superuser POSTGRES_USER
# can log in only through the socket in the container, and nothing uses it. Running the script again restores the roles.
#
# Logins, both with POSTGRES_PASSWORD: 'registry' acts as the tables' owner, so that it can create and migrate them; 'console'
# reads the tables, and has its own schema (docs/database.md).
set -eu

superuser=${POSTGRES_USER:-postgres}
run_sql() { psql -X -q -v ON_ERROR_STOP=1 -U "$superuser" -d registry "$@"; }

run_sql -f "${ROLES_SQL:-/roles.sql}"
# SQL on stdin and the password from the environment: other users can read arguments.
run_sql <<'SQL'
\getenv password POSTGRES_PASSWORD
SET client_min_messages = warning;
SET log_statement = none;
SET log_min_error_statement = panic;
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET pg_stat_statements.track_utility = off;
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['registry', 'console']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE registry PASSWORD :'password';
ALTER ROLE console PASSWORD :'password';
GRANT registry_owner TO registry;
ALTER ROLE registry IN DATABASE registry SET role TO registry_owner;
GRANT registry_console TO console;
ALTER ROLE console IN DATABASE registry SET search_path = public;
CREATE SCHEMA IF NOT EXISTS console AUTHORIZATION console;
SQL

# In a data folder of an earlier version 'registry' is the superuser itself, and must be able to log in over the network.
hba=$PGDATA/pg_hba.conf
if [ "$superuser" != registry ] && ! grep -q "^host all $superuser all reject\$" "$hba"; then
  sed -i "1i host all $superuser all reject" "$hba"
  run_sql -c 'SELECT pg_reload_conf()' >/dev/null
fi
