#!/usr/bin/env bash
# Tests the upgrade of the private PostgreSQL with two real versions: the one that the other tests use, and 18 from PyPI.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"
# shellcheck source=Tests/shell/support/postgres.sh
source "${BASH_SOURCE[0]%/*}/support/postgres.sh"
tree="$scratch/a copy 副本" # without a comma, which a socket's path must not contain
project=$source_tree
# shellcheck source=Sources/pipeline/packages.sh
source "$source_tree/Sources/pipeline/packages.sh"

# Provides the new version with the possibility to replace its programs.
new_programs() {
  mkdir -p "$scratch/new"
  ln -sfn "$new"/* "$scratch/new/"
  export POSTGRES_BIN=$scratch/new
}

# Replaces a program of the new version.
hook() { # PROGRAM SCRIPT
  rm "$scratch/new/$1"
  printf '#!/bin/bash\nreal=%q\n%s\n' "$new/$1" "$2" >"$scratch/new/$1"
  chmod 755 "$scratch/new/$1"
}

query() { # SQL
  pipeline psql -X -Atc "$1"
  echo "$out$err"
}

as_superuser() { # SQL
  pipeline psql -X -Atq -c '\c - postgres' -c "$1"
  echo "$out$err"
}

stop() {
  pipeline down
  [[ $err == *'stopped the private PostgreSQL'* ]]
}

version() { query "SELECT current_setting('server_version_num')::int / 10000"; }

contents() { query 'SELECT count(*), sum(number), max(name) FROM sample' && query "SELECT last_value FROM sample_number_seq"; }

# Makes a cluster of the old version once, and copies it for each test.
old_cluster() {
  export POSTGRES_BIN=$old
  if [[ ! -e $scratch/cluster ]]; then
    pipeline load
    equal 'exit code' 0 "$code"
    query "CREATE TABLE sample (number serial PRIMARY KEY, name text DEFAULT '商行' NOT NULL);
      INSERT INTO sample (name) SELECT '商行' || n FROM generate_series(1, 5000) n;
      CREATE TABLE publication (id int, snapshot text); INSERT INTO publication VALUES (7, 'yesterday')" >/dev/null
    echo "work_mem = '7MB'" >>"$tree/.postgres/data/postgresql.conf"
    stop
    cp -a "$tree/.postgres" "$scratch/cluster"
  fi
  rm -rf "$tree/.postgres"
  cp -a "$scratch/cluster" "$tree/.postgres"
  new_programs
}

upgraded() {
  equal 'exit code' 0 "$code"
  equal version "$("$new/postgres" --version | sed -E 's/.*\) ([0-9]+).*/\1/')" "$(version)"
  equal contents "5000|12502500|商行999"$'\n'5000 "$(contents)"
  equal 'left in the folder' 'data server.lock server.log upgrade.log' "$(find "$tree/.postgres" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"
}

not_upgraded() { # CAUSE
  equal 'exit code' 0 "$code"
  [[ $err == *"unable to upgrade the private PostgreSQL in '$tree/.postgres' from version "*"$1"*"it starts with version "*'HINT: '* ]] ||
    equal 'error' "$1" "$err"
  equal contents "5000|12502500|商行999"$'\n'5000 "$(contents)"
  equal version "$("$old/postgres" --version | sed -E 's/.*\) ([0-9]+).*/\1/')" "$(version)"
  [[ ! -e $tree/.postgres/upgrade ]]
  stop
}

test_a_newer_version_upgrades_the_cluster() {
  old_cluster
  pipeline load
  [[ $err == *'upgrading the private PostgreSQL'*'upgraded the private PostgreSQL'* ]] || equal error 'upgraded' "$err"
  upgraded
  equal 'own setting' 7MB "$(query 'SHOW work_mem')"
  equal 'settings' 'on|UTF8|C|C.UTF-8|C' "$(query "SELECT current_setting('data_checksums'), pg_encoding_to_char(encoding),
    datcollate, datctype, (SELECT datcollate FROM pg_database WHERE datname = 'template1') FROM pg_database WHERE datname = 'registry'")"
  equal 'roles that may log in' 'postgres|t registry|f' "$(as_superuser "SELECT rolname, rolsuper FROM pg_roles
    WHERE rolcanlogin ORDER BY 1" | xargs)"
  equal 'columns with statistics' 2 "$(query "SELECT count(*) FROM pg_stats WHERE tablename = 'sample'")"
  equal 'owner and mode' "$(stat -c '%U %a' "$scratch/cluster/data")" "$(stat -c '%U %a' "$tree/.postgres/data")"
  stop
  pipeline load
  equal 'second start' '' "$err"
  stop
}

# A table with a column of this type cannot be upgraded, so pg_upgrade itself fails.
test_after_a_failed_upgrade_the_old_version_runs() {
  old_cluster
  mkdir "$scratch/full"
  printf '#!/bin/sh\necho 1\n' >"$scratch/full/df" && chmod 755 "$scratch/full" "$scratch/full/df"
  PATH=$scratch/full:$PATH pipeline load
  not_upgraded 'MB of free disk, and 1 MB are free'
  ln -s "$scratch" "$tree/.postgres/data/elsewhere"
  pipeline load
  not_upgraded "data/elsewhere' is a symbolic link"
  rm "$tree/.postgres/data/elsewhere"
  # shellcheck disable=SC2016 # for the hook to expand
  hook vacuumdb '[[ $* != *--analyze-only ]] || "${real%/*}/psql" -q "${@:1:6}" -d registry -c "DELETE FROM sample WHERE number = 1"; exec "$real" "$@"'
  pipeline load
  not_upgraded 'diff: < sample|5000'
  POSTGRES_BIN=$old pipeline load
  equal error '' "$err"
  as_superuser 'CREATE TABLE refused (x regproc)' >/dev/null
  stop
  pipeline load
  not_upgraded 'Checking for reg* data types in user tables'
  grep -q 'refused.x' "$tree/.postgres/upgrade.log"
}

test_a_missing_version_is_named() {
  old_cluster
  echo 12 >"$tree/.postgres/data/PG_VERSION"
  pipeline load
  refused 78 'needs PostgreSQL 12, which is not installed'
}

# Starts a command that upgrades, and kills it and its children when it has reached the step: the step then waits for ever.
kill_at_step() {
  set -m # its own process group
  "$tree/pipeline.sh" load >"$scratch/killed" 2>&1 &
  set +m
  until [[ -e $scratch/reached/step ]]; do
    kill -0 $! || { cat "$scratch/killed" && return 1; }
    sleep 0.02
  done
  kill -KILL -- -$!
  { wait $! || :; } 2>/dev/null
  rm "$scratch/reached/step"
}

# Has mv wait for ever before or after a rename.
hook_mv() { # before|after FOLDER
  # shellcheck disable=SC2016 # for the hook to expand
  printf '#!/bin/bash\n[[ "%s $2" == "before %s" ]] || /bin/mv "$@" || exit\n[[ "$2" != "%s" ]] || { %s; }\n' "$1" "$2" "$2" "$reached" >"$scratch/hooks/mv"
  chmod 755 "$scratch/hooks/mv"
}

test_a_killed_upgrade_is_repeated() {
  old_cluster
  mkdir -m 1777 "$scratch/reached"
  mkdir -m 755 "$scratch/hooks"
  local reached
  printf -v reached 'touch %q; sleep infinity' "$scratch/reached/step"
  # While pg_upgrade's servers run, which outlive it.
  # shellcheck disable=SC2016 # for the hook to expand
  hook pg_upgrade '"$real" "$@" & until [[ -e new/postmaster.pid ]]; do sleep 0.01; done; '"$reached"
  kill_at_step
  equal 'servers that outlive it' 1 "$(servers)"
  ln -sf "$new/pg_upgrade" "$scratch/new/pg_upgrade"
  export PATH=$scratch/hooks:$PATH
  hook_mv after data
  kill_at_step
  equal 'servers of the first upgrade' 0 "$(servers)"
  [[ ! -e $tree/.postgres/data ]]
  hook_mv after upgrade/new
  kill_at_step
  [[ -n $(compgen -G "$tree/.postgres/data.old-*") ]]
  rm "$scratch/hooks/mv"
  pipeline load
  [[ $err != *upgrad* ]]
  upgraded
  stop
}

servers() { pgrep -fc "^$new/postgres -D new" || :; }

trap 'cd / && { "$tree/pipeline.sh" down || :; rm -rf -- "$scratch"; remove_postgres; } >/dev/null 2>&1' EXIT
if choose_servers; then run_all; else echo 'cluster-upgrade.sh: skipped: unable to install a second PostgreSQL from PyPI'; fi
