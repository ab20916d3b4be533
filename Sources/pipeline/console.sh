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
  problem=$(as_server "${psql:?}" -X -q -v ON_ERROR_STOP=1 -h "${data:?}" -p "${port:?}" -U postgres registry 2>&1 \
    <"$project/Sources/pipeline/console-role.sql") || fail 69 "unable to make the console's role: $(grep -m 1 -i error <<<"$problem")"
}
