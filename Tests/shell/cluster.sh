#!/usr/bin/env bash
# The private PostgreSQL: a real one, in a scratch folder.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"
tree="$scratch/a copy 副本" # without the comma, which a socket's path cannot have

server() { head -n 1 "$tree/.postgres/data/postmaster.pid"; }

started() { # runs load and says what is wrong
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
  [[ $err == 'psql: ./pipeline.sh psql '* ]]
  equal 'server' "$first" "$(server)"
  equal 'mode' 700 "$(stat -c %a "$tree/.postgres")"
  [[ $(stat -c %U "/proc/$first") != root ]]
  equal 'role' registry "$(query 'SELECT current_user')"
  equal 'superuser' f "$(query 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')"
  equal 'listens on' '' "$(query 'SHOW listen_addresses')"
  equal 'durable' 'on|on|on' "$(query "SELECT current_setting('fsync'), current_setting('full_page_writes'),
    current_setting('synchronous_commit')")"
  : >"$calls"
  pipeline status
  equal calls 'load status' "$(<"$calls")"
  stop
  pipeline down
  equal 'exit code' 0 "$code"
}

test_variables_of_libpq_do_not_lead_it_astray() {
  export PGHOSTADDR=192.0.2.1 PGPORT=1 PGOPTIONS='-c no.such=1' PGCHANNELBINDING=require PGDATA=/nonexistent
  started
  equal 'role' registry "$(query 'SELECT current_user')"
  stop
}

test_two_at_once_share_one() {
  "$tree/pipeline.sh" load 2>"$scratch/err1" &
  started
  wait $!
  equal 'makings' 1 "$(cat "$scratch/err1" "$scratch/err" | grep -c 'making a private')"
  stop
}

test_it_recovers_from_a_crash_and_a_pid_that_is_somebody_elses() {
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

test_a_killed_making_is_made_anew() {
  set -m # a process group of its own, to be killed whole
  "$tree/pipeline.sh" load 2>/dev/null &
  while [[ ! -e $tree/.postgres/data.new/PG_VERSION ]]; do sleep 0.01; done
  kill -KILL -- -$!
  { wait $! || :; } 2>/dev/null
  [[ ! -e $tree/.postgres/data ]]
  started
  equal 'role' registry "$(query 'SELECT current_user')"
  stop
}

test_a_long_path_sends_it_elsewhere() {
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

test_psql_keeps_a_password_out_of_its_arguments() {
  mkdir bin
  # shellcheck disable=SC2016 # for the script to expand
  printf '#!/bin/sh\necho "$1 $PGPASSWORD"\n' >bin/psql
  chmod +x bin/psql
  export PATH=$PWD/bin:$PATH
  unset POSTGRES_BIN # would come first
  DATABASE_URL='postgresql://u:s%20e@h:1/d?sslmode=disable' pipeline psql
  equal 'address and password' 'postgresql://u@h:1/d?sslmode=disable s e' "$out"
  DATABASE_URL='postgresql:///d?host=/x&password=a%26b&user=c' pipeline psql
  equal 'address and password' 'postgresql:///d?host=/x&user=c a&b' "$out"
  DATABASE_URL='postgresql://u:a/b@h/d' pipeline psql
  refused 64 'unable to take the password out'
}

run_all
