#!/usr/bin/env bash
# Tests the private PostgreSQL with a real server in a scratch folder.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"
tree="$scratch/a copy 副本" # without a comma, which a socket's path must not contain

server() { head -n 1 "$tree/.postgres/data/postmaster.pid"; }

started() { # runs load, and fails with its stderr
  pipeline load
  equal "exit code, after $err" 0 "$code"
  [[ -d /proc/$(server) ]]
}

query() {
  pipeline psql -X -Atc "$1"
  echo "$out$err"
}

stop() {
  pipeline down
  [[ $err == *'stopped the private PostgreSQL'* ]]
}

test_it_starts_once_stays_and_stops() {
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_load='echo "$DATABASE_URL"' started
  [[ $out == postgresql:///registry\?host=*/a%20copy%20%E5%89%AF%E6%9C%AC/.postgres/data\&port=5432\&user=registry ]]
  local first
  first=$(server)
  pipeline run
  # cron mails stderr, so the hint is only shown on a terminal.
  equal 'stderr' '' "$err"
  [[ $(script --quiet --return --command "'$tree/pipeline.sh' run" /dev/null </dev/null) == *'psql: ./pipeline.sh psql '* ]]
  equal 'server' "$first" "$(server)"
  equal 'mode' 700 "$(stat -c %a "$tree/.postgres")"
  [[ $(stat -c %U "/proc/$first") != root ]]
  equal 'role' registry "$(query 'SELECT current_user')"
  equal 'superuser' f "$(query 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')"
  equal 'listens on' '' "$(query 'SHOW listen_addresses')"
  # Before PostgreSQL 15, and in builds without lz4, there is only pglz.
  equal 'WAL compression' "$(query "SELECT CASE WHEN 'lz4' = ANY (enumvals) THEN 'lz4' WHEN enumvals IS NULL THEN 'on' ELSE 'pglz' END
    FROM pg_settings WHERE name = 'wal_compression'")" "$(query 'SHOW wal_compression')"
  equal 'durable' 'on|on|on' "$(query "SELECT current_setting('fsync'), current_setting('full_page_writes'),
    current_setting('synchronous_commit')")"
  : >"$calls"
  pipeline status
  equal calls 'load status' "$(<"$calls")"
  stop
  pipeline down
  equal 'exit code' 0 "$code"
}

processes() { # of the server
  ps -o pid= -p "$(server)" --ppid "$(server)"
}

# Counts the TCP sockets, IPv4 and IPv6, on which the server's processes listen.
ports() {
  local pid listening
  listening=$(awk '$4 == "0A" { print "socket:[" $10 "]" }' /proc/net/tcp /proc/net/tcp6)
  for pid in $(processes); do
    find "/proc/$pid/fd" -type l -lname 'socket:*' -printf '%l\n' 2>/dev/null
  done | grep -cxF -e "${listening:-none}" || :
}

test_other_users_have_no_access() {
  started
  local owner pid
  owner=$(stat -c %U "$tree/.postgres")
  [[ $owner != root ]]
  equal 'ports it listens on' 0 "$(ports)"
  equal 'the sockets it listens on' 1 "$(find "$tree/.postgres" -type s | wc -l)"
  equal 'owners and modes' "$owner 700|$owner 700|$owner 700" "$(stat -c '%U %a' "$tree/.postgres" "$tree/.postgres/data" \
    "$tree/.postgres/data/.s.PGSQL.5432" | paste -sd '|')"
  equal 'what others may enter or read' '' "$(find "$tree/.postgres/data" -perm /o=rwx ! -type l)"
  (($(processes | wc -l) > 3))
  for pid in $(processes); do equal 'user of a process' "$owner" "$(stat -c %U "/proc/$pid")"; done
  # The rules as the server itself parses them.
  equal 'rules of pg_hba.conf' 'local|{all}|{all}||peer|{map=registry}' "$(server_query "SELECT type, database, user_name, address,
    auth_method, options FROM pg_hba_file_rules WHERE error IS NULL")"
  equal 'mappings of pg_ident.conf' "$(printf 'registry "%s" %s\n' root registry root postgres "$owner" registry "$owner" postgres | sort)" \
    "$(sort "$tree/.postgres/data/pg_ident.conf")"
  equal 'settings' "|0700|$tree/.postgres/data" "$(server_query "SELECT current_setting('listen_addresses'),
    current_setting('unix_socket_permissions'), current_setting('data_directory')")"
  equal 'roles that may log in' 'postgres|t registry|f' "$(server_query "SELECT rolname, rolsuper FROM pg_roles
    WHERE rolcanlogin ORDER BY 1" | paste -sd ' ')"
  equal 'passwords' 0 "$(server_query 'SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL')"
  ((EUID != 0)) || other_users_are_refused
  stop
}

# Another user cannot reach the socket. If the folders' modes are opened, peer authentication still refuses that user.
other_users_are_refused() {
  local socket=$tree/.postgres/data/.s.PGSQL.5432
  equal 'another user' 'Permission denied' "$(stranger)"
  chmod o+x "$tree/.postgres" "$tree/.postgres/data"
  chmod o+rw "$socket"
  equal 'another user who reaches the socket' 'Peer authentication failed' "$(stranger)"
  chmod o-rwx "$tree/.postgres" "$tree/.postgres/data" "$socket"
}

stranger() {
  local role
  for role in registry postgres; do
    setpriv --reuid=65534 --regid=65534 --clear-groups -- \
      psql -X -h "$tree/.postgres/data" -U "$role" -d registry -c 'SELECT 1' 2>&1 || :
  done | grep -oE 'Permission denied|Peer authentication failed|1 row' | sort -u
}

server_query() { # SQL, as the superuser
  pipeline psql -X -Atq -c '\c - postgres' -c "$1"
  echo "$out$err"
}

test_the_callers_libpq_variables_are_ignored() {
  export PGHOSTADDR=192.0.2.1 PGPORT=1 PGOPTIONS='-c no.such=1' PGCHANNELBINDING=require PGDATA=/nonexistent
  started
  equal 'role' registry "$(query 'SELECT current_user')"
  stop
}

test_two_concurrent_commands_share_one_server() {
  "$tree/pipeline.sh" load 2>"$scratch/err1" &
  started
  wait $!
  equal 'clusters created' 1 "$(cat "$scratch/err1" "$scratch/err" | grep -c 'creating a private')"
  stop
}

# A smart shutdown waits for the sessions to end, and one session does not end.
test_a_server_that_keeps_stopping_is_not_awaited_forever() {
  started
  local session
  mkfifo "$scratch/open"
  "$tree/pipeline.sh" psql -X -q <"$scratch/open" >/dev/null 2>&1 &
  session=$!
  exec 5>"$scratch/open"
  echo 'SELECT 1;' >&5
  until [[ $(query "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid()") == 1 ]]; do sleep 0.1; done
  kill -s TERM "$(server)"
  until grep -q stopping "$tree/.postgres/data/postmaster.pid"; do sleep 0.05; done
  pipeline load
  refused 75 'is still stopping'
  stop
  exec 5>&-
  wait "$session" || :
  started
  stop
}

test_it_recovers_from_a_crash_and_from_a_reused_pid() {
  started
  local pid
  pid=$(server)
  kill -KILL "$pid"
  while kill -0 "$pid" 2>/dev/null && [[ $(ps -o stat= -p "$pid") != Z* ]]; do sleep 0.05; done
  started
  cp -p "$tree/.postgres/data/postmaster.pid" "$scratch/"
  stop
  sed "1s/.*/$$/" "$scratch/postmaster.pid" >"$tree/.postgres/data/postmaster.pid"
  chown --reference="$scratch/postmaster.pid" "$tree/.postgres/data/postmaster.pid"
  pipeline status
  [[ $(tail -n 1 "$calls") == *'--no-database'* ]]
  started
  stop
}

# As in a container with the project's folder: it sees the socket, but not the server's processes.
test_a_server_in_another_container_is_used_and_no_second_one_started() {
  local elsewhere=(unshare --pid --ipc --fork --mount-proc) first
  if ! "${elsewhere[@]}" true 2>/dev/null; then
    echo 'skipped: no right to make a PID namespace'
    return
  fi
  started
  first=$(server)
  equal 'what the session writes' 1 "$(query 'CREATE TABLE proof (x int); INSERT INTO proof VALUES (1)' | grep -c 'INSERT 0 1')"
  equal 'what another container reads' 1 "$("${elsewhere[@]}" "$tree/pipeline.sh" psql -X -Atc 'SELECT count(*) FROM proof' 2>&1)"
  code=0
  err=$("${elsewhere[@]}" "$tree/pipeline.sh" down 2>&1) || code=$?
  refused 75 'runs in another container or PID namespace'
  equal server "$first" "$(server)"
  : >"$calls"
  "${elsewhere[@]}" "$tree/pipeline.sh" status
  equal calls 'load status' "$(<"$calls")"
  # If its socket does not answer, no second server is started either.
  kill -STOP "$first"
  mv "$tree/.postgres/data/.s.PGSQL.5432" "$scratch/socket"
  sed -i 's/flock -w 30/flock -w 1/' "$tree/Sources/pipeline/cluster.sh"
  code=0
  err=$("${elsewhere[@]}" "$tree/pipeline.sh" load 2>&1) || code=$?
  refused 75 'processes of another server'
  mv "$scratch/socket" "$tree/.postgres/data/.s.PGSQL.5432"
  kill -CONT "$first"
  stop
}

test_a_killed_creation_is_repeated() {
  set -m # its own process group, to be killed as a whole
  "$tree/pipeline.sh" load 2>/dev/null &
  while [[ ! -e $tree/.postgres/data.new/PG_VERSION ]]; do sleep 0.01; done
  kill -KILL -- -$!
  { wait $! || :; } 2>/dev/null
  [[ ! -e $tree/.postgres/data ]]
  started
  equal 'role' registry "$(query 'SELECT current_user')"
  stop
}

test_with_a_long_path_it_is_created_elsewhere() {
  local short=$tree
  tree="$scratch/$(printf 'long%.0s' {1..30})"
  mv "$short" "$tree"
  export XDG_STATE_HOME=$scratch/state
  pipeline load
  equal 'exit code' 0 "$code"
  [[ $err == *'not in the project'* && ! -e $tree/.postgres ]]
  equal 'role' registry "$(query 'SELECT current_user')"
  stop
  rm -r -- "$(sed -n "s/^pipeline.sh: stopped the private PostgreSQL in '\(.*\)'$/\1/p" <<<"$err")"
}

run_all
