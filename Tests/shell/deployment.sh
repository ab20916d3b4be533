#!/usr/bin/env bash
# packaging/: units for systemd, samples for Kubernetes, Airflow and log collectors, each checked by its own tool where there
# is one.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"
# shellcheck source=Tests/shell/support/python.sh
source "${BASH_SOURCE[0]%/*}/support/python.sh"

test_the_samples() { run_python_tests deployment 'kubernetes-validate==1.37.*' 'pyyaml==6.*'; }

# Value by value, what a unit sets for its process.
unit_environment() { # UNIT
  sed -n "s|/var/lib/business-registry|$scratch/state|; s|/var/log/business-registry|$scratch/logs|; s/^Environment=//p" "$1"
}

# As systemd starts it: another user, no HOME, an installation that was built before and cannot be written to.
as_service() { # UNIT VARIABLE=VALUE... -- ARGUMENT...
  local variables=() code=0
  mapfile -t variables < <(unit_environment "$source_tree/packaging/systemd/$1")
  shift
  while [[ $1 != -- ]]; do variables+=("$1") && shift; done
  shift
  # shellcheck disable=SC2016 # for the shell inside
  unshare --mount -- sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$2" && shift 2 && exec "$@"' \
    sh "$tree" "$scratch/state" setpriv --reuid=65534 --regid=65534 --clear-groups -- \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin calls="$calls" "${variables[@]}" "$tree/pipeline.sh" "$@" \
    >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
  out=$(<"$scratch/out") err=$(<"$scratch/err")
  equal "exit code, after $err" 0 "$code"
}

prepare_service() {
  if ((EUID != 0)) || ! unshare --mount true 2>/dev/null; then
    echo "deployment.sh: services are not tried: no right to mount"
    return 1
  fi
  install -d -o 65534 -g 65534 -m 700 "$scratch/state" "$scratch/logs"
  chmod 666 "$calls"
}

test_the_service_needs_no_more_than_its_directories() {
  prepare_service || return 0
  as_service business-registry.service DATABASE_URL=postgresql://nightly@db.example.org/registry -- run
  equal 'stages' 'fetch transform load' "$(cut -d' ' -f1 "$calls" | xargs)"
  [[ -d $scratch/state/spool/.runs ]] || equal 'spool' 'in the state directory' "$(ls -A "$scratch/state")"
}

test_the_private_postgresql_lives_in_the_state_directory() {
  prepare_service || return 0
  as_service business-registry-postgres.service -- psql -X -q -c ''
  # shellcheck disable=SC2016 # for the stage to expand
  as_service business-registry.service STUB_load='echo "$DATABASE_URL"' -- run
  [[ $out == postgresql:///registry?host=*/state/business-registry-* ]] || equal 'database' 'the private one' "$out"
  as_service business-registry-postgres.service -- down
  [[ $err == *'stopped the private PostgreSQL'* ]]
}

# Building it leaves a mark; an installation that is read-only afterwards starts all the same.
test_the_console_starts_from_a_read_only_installation() {
  prepare_service || return 0
  printf '#!/bin/sh\necho "console $*" >>"%s"\n' "$calls" >"$tree/.build/release/console"
  chmod +x "$tree/.build/release/console"
  touch "$tree/.build/console.stamp" "$tree/.build/with-console"
  as_service business-registry-console.service DATABASE_URL=postgresql://nightly@db.example.org/registry -- console
  equal 'calls' 'console ' "$(<"$calls")"
}

run_all
