# shellcheck shell=bash
# The console: built and started, with a role for its pages where the database is the private one.
: "${project:?}" "${binaries:?}"

open_console() { # ARGUMENT...
  if [[ -e $project/Package.swift ]]; then build_console; fi
  [[ -x $binaries/console ]] || fail 78 "'$binaries/console' is missing" "this installation has no console"
  [[ -n ${asks-} ]] || need_database
  [[ -z ${private:-} ]] || console_role
  export PIPELINE=${self:?}
  exec "$binaries/console" "$@"
}

# Its pages read as a role that may change nothing. The private PostgreSQL has no roles of docs/roles.sql, whose owner would
# be another: this one is enough. Tables that later versions bring are covered, too.
console_role() {
  local problem
  need_psql
  problem=$(as_server "${psql:?}" -X -q -v ON_ERROR_STOP=1 -h "${data:?}" -p "${port:?}" -U postgres registry 2>&1 <<'SQL'
SET client_min_messages = warning;
SELECT 'CREATE ROLE registry_console NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'registry_console') \gexec
GRANT registry_console TO registry;
GRANT USAGE ON SCHEMA public TO registry_console;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO registry_console;
ALTER DEFAULT PRIVILEGES FOR ROLE registry IN SCHEMA public GRANT SELECT ON TABLES TO registry_console;
SQL
  ) || fail 69 "unable to make the console's role: $(grep -m 1 -i error <<<"$problem")"
}
