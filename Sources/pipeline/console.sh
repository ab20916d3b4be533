# shellcheck shell=bash
# Builds and starts the console. In the private PostgreSQL, it also creates a role for the console's pages.
: "${project:?}" "${binaries:?}"

open_console() { # ARGUMENT...
  if [[ -e $project/Package.swift ]]; then build_console; fi
  [[ -x $binaries/console ]] || fail 78 "'$binaries/console' is missing" "this installation does not include the console: run it in a clone of the project"
  [[ -n ${asks-} ]] || need_database
  [[ -z ${private:-} ]] || console_role
  export PIPELINE=${self:?}
  exec "$binaries/console" "$@"
}

# Creates the read-only role for the console's pages. docs/roles.sql cannot be used, because in the private PostgreSQL
# another role owns the tables. The role can also read tables that later versions add.
console_role() {
  local problem
  need_psql
  problem=$(as_server "${psql:?}" -X -q -v ON_ERROR_STOP=1 -h "${data:?}" -p "${port:?}" -U postgres registry 2>&1 \
    <"$project/Sources/pipeline/console-role.sql") || fail 69 "unable to create the console's role: $(grep -m 1 -i error <<<"$problem")" \
    "restart the private PostgreSQL: ${me:?} down, then run the same command again"
}
