#!/usr/bin/env bash
# Tests packaging/: starts the systemd services as systemd does, and creates the logins of the containers. Tests/deployment
# validates the files.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

# Prints the variables that a unit sets for its process.
unit_environment() { # UNIT
  sed -n "s|/var/lib/business-registry|$scratch/state|; s|/var/log/business-registry|$scratch/logs|; s/^Environment=//p" "$1"
}

# Runs a command as systemd does: as another user, without HOME, from a read-only installation that was built before.
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
    echo "deployment.sh: services are skipped: no right to mount"
    return 1
  fi
  install -d -o 65534 -g 65534 -m 700 "$scratch/state" "$scratch/logs"
  chmod 666 "$calls"
}

test_the_service_needs_only_its_own_directories() {
  prepare_service || return 0
  as_service business-registry.service DATABASE_URL=postgresql://nightly@db.example.org/registry -- run
  equal 'stages' 'fetch transform load' "$(cut -d' ' -f1 "$calls" | xargs)"
  [[ -d $scratch/state/spool/.runs ]] || equal 'spool' 'in the state directory' "$(ls -A "$scratch/state")"
}

test_the_private_postgresql_is_in_the_state_directory() {
  prepare_service || return 0
  as_service business-registry-postgres.service -- psql -X -q -c ''
  # shellcheck disable=SC2016 # for the stage to expand
  as_service business-registry.service STUB_load='echo "$DATABASE_URL"' -- run
  [[ $out == postgresql:///registry?host=*/state/business-registry-* ]] || equal 'database' 'the private one' "$out"
  as_service business-registry-postgres.service -- down
  [[ $err == *'stopped the private PostgreSQL'* ]]
}

# The nightly run would load into the private PostgreSQL, and nobody would notice.
test_a_misspelt_database_url_is_refused() {
  local name unit variables=()
  mkdir "$scratch/state"
  for unit in business-registry.service business-registry-console.service; do
    mapfile -t variables < <(unit_environment "$source_tree/packaging/systemd/$unit")
    for name in DATABASE_ULR database_url DB_URL; do
      code=0
      err=$(env "${variables[@]}" "CONSOLE_DATABASE_URL=postgresql://console@db/registry" "$name=postgres://nightly:secret@db/registry" \
        "$tree/pipeline.sh" load 2>&1) || code=$?
      refused 78 "DATABASE_URL is not set, but $name names a database"
      [[ $err != *secret* ]]
    done
  done
  equal calls '' "$(<"$calls")"
  [[ ! -e $tree/.postgres ]]
  equal recorded 6 "$(grep -c '^load shell pipeline.sh 78' "$calls.log")"
  rm -rf -- "$scratch/state" # it belongs to this user
  # With DATABASE_URL, other variables do not matter.
  DATABASE_URL=postgresql:///x DATABASE_ULR=postgresql:///y XDG_STATE_HOME=$scratch pipeline load
  equal 'exit code' 0 "$code"
}

# A build of the console writes a file. A read-only installation that has this file must start without writing it.
test_the_console_starts_from_a_read_only_installation() {
  prepare_service || return 0
  printf '#!/bin/sh\necho "console $*" >>"%s"\n' "$calls" >"$tree/.build/release/console"
  chmod +x "$tree/.build/release/console"
  touch "$tree/.build/console.stamp" "$tree/.build/with-console"
  as_service business-registry-console.service DATABASE_URL=postgresql://nightly@db.example.org/registry -- console
  equal 'calls' 'console ' "$(<"$calls")"
}

# What the packages install as business-registry.
test_the_installed_command_has_the_settings_of_the_services() {
  prepare_service || return 0
  local command=$scratch/business-registry settings=$scratch/registry.env
  sed "s|^home=.*|home='$tree'|; s|^settings=.*|settings=$settings|; s|^state=.*|state=$scratch/state|; s|^user=.*|user=nobody|" \
    "$source_tree/packaging/business-registry" >"$command"
  chmod 755 "$command"
  # shellcheck disable=SC2016 # nothing is expanded in the settings
  printf '%s\n' '# a comment' 'DATABASE_URL=postgresql:///earlier' 'export LOG_FORMAT=json' 'not a setting' \
    '  DATABASE_URL = "postgresql://nightly@db/registry?a=$b&c=d"  ' >"$settings"
  chmod 600 "$settings"
  # shellcheck disable=SC2016 # for the stage to expand
  export STUB_load='echo "$DATABASE_URL $SPOOL_DIR $(id -un) $PIPELINE_NAME"'
  unset LOG_FILE
  # shellcheck disable=SC2016 # nothing is expanded in the settings
  equal 'as root' 'postgresql://nightly@db/registry?a=$b&c=d '"$scratch/state/spool nobody business-registry" "$("$command" load)"
  equal 'a variable that is set' "postgresql:///other $scratch/state/spool nobody business-registry" "$(DATABASE_URL=postgresql:///other "$command" load)"
  # A stop is the script's own to handle.
  # shellcheck disable=SC2016 # for the stage to expand
  export STUB_fetch='kill -TERM $PPID; sleep 1'
  ! "$command" fetch 2>/dev/null || return 1
  grep -q 'fetch got TERM' "$calls" || equal calls 'fetch got TERM' "$(<"$calls")"
  rm -f -- "$settings"
  # shellcheck disable=SC2016 # for the stage to expand
  equal 'without settings' "$scratch/state/spool nobody" "$(STUB_load='echo "$SPOOL_DIR $(id -un)"' DATABASE_URL=postgresql:///x "$command" load)"
  equal 'as another user' "postgresql:///mine $scratch/state/mine nobody business-registry" \
    "$(setpriv --reuid=65534 --regid=65534 --clear-groups -- env DATABASE_URL=postgresql:///mine SPOOL_DIR="$scratch/state/mine" "$command" load)"
}

# A disk that is mounted in a folder of the package belongs to somebody else, and so does a unit with a similar name.
test_a_purge_removes_only_what_belongs_to_the_package() {
  prepare_service || return 0
  local root=$scratch/purged wants file unit
  sed "s# /var/# $root/var/#g; s#/etc/systemd#$root&#g; s#/run/systemd#$root&#g" "$source_tree/packaging/debian/postrm" >"$scratch/postrm"
  wants=$root/etc/systemd/system/timers.target.wants
  mkdir -p "$root/var/lib/business-registry/spool" "$root/var/lib/business-registry/disk" "$root/var/log/business-registry" "$wants"
  touch "$root/var/lib/business-registry/spool/"{a,b} "$root/var/log/business-registry/etl.log"
  for file in "$source_tree"/packaging/systemd/business-registry*; do
    unit=${file##*/}
    mkdir -p "$root/etc/systemd/system/business-registry.service.wants"
    ln -s "/lib/systemd/system/$unit" "$root/etc/systemd/system/business-registry.service.wants/$unit"
  done
  ln -s /etc/systemd/system/business-registry-mirror.timer "$wants/"
  # shellcheck disable=SC2016 # for the shell inside
  purge() { # FOLDER that is a mount point
    unshare --mount -- sh -c 'mount -t tmpfs none "$1" && touch "$1/kept" && sh "$2" purge && ls "$1"' sh "$1" "$scratch/postrm" \
      >"$scratch/out" 2>"$scratch/err" || { cat "$scratch/err" && return 1; }
  }
  purge "$root/var/lib/business-registry/disk"
  equal 'what is left on the other disk' kept "$(<"$scratch/out")"
  equal 'lines' 1 "$(wc -l <"$scratch/err")"
  grep -q "unable to remove all of '$root/var/lib/business-registry': .*/disk'" "$scratch/err" || equal error 'names the disk' "$(<"$scratch/err")"
  equal 'what is left' "$root/var/lib/business-registry/disk" "$(find "$root/var" -mindepth 3)"
  equal 'links' "$wants/business-registry-mirror.timer" "$(find "$root/etc" -name 'business-registry*')"
  # The folder itself is a mount point.
  purge "$root/var/lib/business-registry"
  equal 'what is left on the disk of the state' '' "$(<"$scratch/out")"
  grep -q "unable to remove all of '$root/var/lib/business-registry': .* busy" "$scratch/err" || equal error 'busy' "$(<"$scratch/err")"
  sh "$scratch/postrm" purge
  equal 'what is left' '' "$(find "$root/var" -name '*business-registry*')"
}

# A server like the image's: the superuser is trusted on the socket; the network needs passwords.
as_postgres() { (cd / && setpriv --reuid="$1" --regid="$1" --clear-groups -- env -i PATH="$POSTGRES_BIN:$PATH" "${@:2}"); }

start_server() { # FOLDER PORT
  install -d -o 65534 -g 65534 -m 700 "$1"
  as_postgres 65534 initdb -D "$1/data" -U postgres -E UTF8 --auth-local=trust --auth-host=scram-sha-256 >/dev/null
  as_postgres 65534 pg_ctl -D "$1/data" -w -l "$1/log" -o "-p $2 -k '$1' -c listen_addresses=127.0.0.1" start >/dev/null
  as_postgres 65534 createdb -h "$1" -p "$2" -U postgres registry
}

make_roles() { # FOLDER PORT
  as_postgres 65534 PGHOST="$1" PGPORT="$2" PGDATA="$1/data" POSTGRES_USER=postgres POSTGRES_PASSWORD="it's a secret" \
    ROLES_SQL="$scratch/roles.sql" "$scratch/roles.sh"
}

as_login() { # FOLDER PORT USER ARGUMENT...: over the network, like the containers
  as_postgres 65534 PGPASSWORD="it's a secret" psql -X -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$2" -U "$3" -d registry "${@:4}" 2>&1
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

test_the_roles_of_the_containers() {
  ((EUID == 0)) || { echo 'deployment.sh: the roles are skipped: not root' && return 0; }
  local project=$source_tree
  # shellcheck source=Sources/pipeline/packages.sh
  source "$project/Sources/pipeline/packages.sh"
  find_postgres '' || { echo 'deployment.sh: the roles are skipped: no PostgreSQL' && return 0; }
  local old=$scratch/old new=$scratch/new port other
  port=$(free_port) other=$(free_port)
  cp "$source_tree/docs/roles.sql" "$source_tree/packaging/compose/roles.sh" "$scratch/" # where another user can read them
  # shellcheck disable=SC2064 # expanded now
  trap "for folder in '$old' '$new'; do as_postgres 65534 pg_ctl -D \$folder/data -m immediate stop >/dev/null 2>&1; done" EXIT
  start_server "$old" "$port"
  make_roles "$old" "$port"
  make_roles "$old" "$port" # running it again is safe
  local login
  for login in registry console; do
    equal "$login" f "$(as_login "$old" "$port" "$login" -c 'SELECT rolsuper FROM pg_roles WHERE rolname = session_user')"
    [[ $(as_login "$old" "$port" "$login" -c "COPY (SELECT 1) TO PROGRAM 'id'" || :) == *pg_execute_server_program* ]]
  done
  [[ $(as_login "$old" "$port" postgres -c 'SELECT 1' || :) == *'rejects connection'* ]]
  # The console can read the owner's tables, but not change them.
  as_login "$old" "$port" registry -c 'CREATE TABLE tax_registration (ban text PRIMARY KEY); INSERT INTO tax_registration VALUES (1)' >/dev/null
  equal 'owner' registry_owner "$(as_login "$old" "$port" registry -c "SELECT tableowner FROM pg_tables WHERE tablename = 'tax_registration'")"
  equal 'read' 1 "$(as_login "$old" "$port" console -c 'SET ROLE registry_console' -c 'SELECT ban FROM tax_registration' | tail -n 1)"
  [[ $(as_login "$old" "$port" console -c 'DELETE FROM tax_registration' || :) == *'permission denied'* ]]
  as_login "$old" "$port" console -c 'CREATE TABLE console.account (name text)' >/dev/null
  equal 'passwords in the log' 0 "$(grep -c "it's a secret" "$old/log" || :)"
  # Move to another server by dump and restore, as in docs/containers.md.
  as_postgres 65534 pg_dump -h "$old" -p "$port" -U postgres -Fc registry >"$scratch/registry.dump"
  start_server "$new" "$other"
  make_roles "$new" "$other"
  local restore=()
  # The database and the options of every command in the documentation are the same.
  mapfile -t restore < <(grep -rhoE 'pg_restore .*-d [a-z]+ .*--clean [^<>]*' "$source_tree/docs" | grep -oE -- '-d [a-z]+ --clean( --[a-z-]+)*' | sort -u)
  equal 'kinds of restore' 1 "${#restore[@]}"
  read -ra restore <<<"${restore[0]}"
  restore=(pg_restore -h "$new" -p "$other" -U postgres "${restore[@]}")
  as_postgres 65534 "${restore[@]}" <"$scratch/registry.dump"
  equal 'restored' 'registry_owner|1' "$(as_login "$new" "$other" registry -c "SELECT tableowner, ban
    FROM pg_tables, tax_registration WHERE tablename = 'tax_registration'")"
  equal 'rights' 1 "$(as_login "$new" "$other" console -c 'SET ROLE registry_console' -c 'SELECT ban FROM tax_registration' | tail -n 1)"
  # An older dump takes the place of a database whose newer objects depend on the older ones, and of its settings.
  as_login "$new" "$other" registry -c 'CREATE VIEW business AS SELECT * FROM tax_registration; INSERT INTO tax_registration VALUES (2)' >/dev/null
  local query=(psql -X -A -t -h "$new" -p "$other" -U postgres -d registry -c) user
  # A session of a console: the restore reports it, and changes nothing.
  mkfifo "$scratch/console" && : >"$scratch/connected"
  as_login "$new" "$other" console -q <"$scratch/console" >"$scratch/connected" &
  user=$!
  exec 5>"$scratch/console"
  echo 'SELECT 1;' >&5
  until grep -q 1 "$scratch/connected"; do sleep 0.05; done
  ! as_postgres 65534 "${restore[@]}" <"$scratch/registry.dump" 2>"$scratch/err" || return 1
  grep -q 'is being accessed by other users' "$scratch/err" || equal error 'accessed by other users' "$(<"$scratch/err")"
  equal 'after a refused restore' 2 "$(as_postgres 65534 "${query[@]}" 'SELECT count(*) FROM business')"
  exec 5>&-
  wait "$user"
  as_postgres 65534 "${restore[@]}" <"$scratch/registry.dump"
  equal 'the restored dump' '1|' "$(as_postgres 65534 "${query[@]}" "SELECT count(*), to_regclass('business') FROM tax_registration")"
  equal 'acts as' registry_owner "$(as_login "$new" "$other" registry -c 'SELECT current_user')"
}

run_all
