#!/usr/bin/env bash
# How pipeline.sh chains the stages: options, summary, markers, signals and exit codes.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

# Which options there are and what they may say is declared in Swift alone: Tests/CommandTests/ChainTests.
test_every_stage_of_a_run_gets_its_arguments_as_they_are() {
  # shellcheck disable=SC2016 # nobody is to expand it
  local reason='they --check  all "codes"; $(new)'
  local arguments=(--sample --chunk-size=7 --accept "$reason" --unknown=x --spool elsewhere y)
  # shellcheck disable=SC2016 # for the stages to expand
  export STUB_fetch='printf "[%s]" "$@"' STUB_transform='printf "[%s]" "$@"' STUB_load='printf "[%s]" "$@"'
  export DATABASE_URL=postgresql:///x
  pipeline run "${arguments[@]}"
  equal 'exit code' 0 "$code"
  equal stages "$(printf '%s run\n' fetch transform load)" "$(cut -d ' ' -f 1,2 "$calls")"
  local words
  words=$(printf '[%s]' run "${arguments[@]}")
  equal arguments "$words$words$words" "$out"
  : >"$calls"
  pipeline
  equal calls "$(printf '%s run\n' fetch transform load)" "$(sed 's/ *$//' "$calls")"
  : >"$calls"
  pipeline dry-run --json --accept "$reason"
  equal stages "$(printf '%s dry-run --json\n' fetch transform)" "$(cut -d ' ' -f 1-3 "$calls")"
  : >"$calls"
  pipeline dry-run --json --check
  equal calls "$(printf '%s dry-run --json --check\n' fetch transform load)" "$(<"$calls")"
}

test_a_rollback_is_a_load_and_to_a_named_snapshot_transforms_it_first() {
  export DATABASE_URL=postgresql:///x
  pipeline rollback --spool back --json
  equal 'exit code' 0 "$code"
  equal calls 'load rollback --spool back --json' "$(<"$calls")"
  : >"$calls"
  pipeline rollback 20260901T211500Z-1f0c9a3e --jobs 3
  equal calls 'transform rollback 20260901T211500Z-1f0c9a3e --jobs 3
load rollback 20260901T211500Z-1f0c9a3e --jobs 3' "$(<"$calls")"
  equal markers '' "$(find back/.runs "$tree/spool/.runs" -type f)"
  : >"$calls"
  STUB_transform='exit 66' pipeline rollback 20260901T211500Z-1f0c9a3e
  equal 'exit code' 66 "$code"
  equal calls transform "$(cut -d ' ' -f 1 "$calls")"
  : >"$calls"
  pipeline rollback --help
  equal calls 'load rollback --help' "$(<"$calls")"
}

test_replay_and_withdraw_are_runs_of_load() {
  # shellcheck disable=SC2016 # for the stage to expand
  export STUB_load='cat "$RUN_MARKER"; echo "$DATABASE_URL"'
  pipeline replay 'a sheet.csv' --spool sheets --database-url postgresql:///x
  equal 'exit code' 0 "$code"
  equal marker 'replay N shell N-N-NTN:N:N.NZ postgresql:///x' "$(xargs <<<"$out" | tr -s 0-9 N)"
  pipeline withdraw 04595257 10000009 --json --database-url=postgresql:///x
  equal calls 'load replay a sheet.csv --spool sheets --database-url postgresql:///x
load withdraw 04595257 10000009 --json --database-url=postgresql:///x' "$(<"$calls")"
  equal markers '' "$(find sheets/.runs "$tree/spool/.runs" -type f)"
  # shellcheck disable=SC2016
  DATABASE_URL=postgresql:///x STUB_load='rm "$RUN_MARKER"; exit 65' pipeline replay x.csv
  equal 'exit code' 65 "$code"
  for command in replay withdraw; do
    : >"$calls"
    pipeline $command --help
    equal calls "load $command --help" "$(<"$calls")"
  done
}

test_changes_are_listed_without_a_run() {
  DATABASE_URL=postgresql:///x pipeline changes --since 2026-09-02 --kind removed --json
  equal 'exit code' 0 "$code"
  equal calls 'load changes --since 2026-09-02 --kind removed --json' "$(<"$calls")"
  DATABASE_URL=postgresql:///x STUB_load='exit 66' pipeline changes
  equal 'exit code' 66 "$code"
  pipeline changes --help
  equal calls 'load changes --help' "$(tail -1 "$calls")"
  [[ ! -e $tree/spool && ! -e $tree/.postgres ]]
}

test_a_clean_up_starts_no_database_where_there_is_none() {
  pipeline gc --keep 3 --spool here
  equal 'exit code' 0 "$code"
  DATABASE_URL=postgresql:///x pipeline gc --json
  pipeline gc --help
  equal calls 'load gc --without-database --keep 3 --spool here
load gc --json
load gc --help' "$(<"$calls")"
  [[ ! -e $tree/.postgres ]]
}

test_dry_run_stops_before_the_database() {
  pipeline dry-run --source 'a file.csv' --json
  equal 'exit code' 0 "$code"
  [[ ! -e $tree/.postgres ]]
}

test_a_single_stage_gets_its_arguments_as_they_are() {
  pipeline transform --shard 1/3 --unknown=x y
  equal calls 'transform --shard 1/3 --unknown=x y' "$(<"$calls")"
}

test_help_and_version_leave_no_trace() {
  rm -rf "$tree/.build"
  for arguments in --help --version 'run --help' 'dry-run --json --version' 'psql --help'; do
    # shellcheck disable=SC2086 # several words
    pipeline $arguments
    equal "exit code of $arguments" 0 "$code"
    [[ -n $out && -z $err ]]
  done
  fresh_copy
  pipeline load --help
  equal calls 'load --help' "$(<"$calls")"
  [[ ! -e $tree/spool && ! -e $tree/.postgres ]]
}

test_wrong_usage_is_64_before_anything_is_done() {
  pipeline bogus && refused 64 "unknown command 'bogus'"
  pipeline postgresql://u:secret@h/d && refused 64 "unknown command '…'"
  pipeline fetch run && refused 64 "'fetch' takes no argument"
  RUN_ORIGIN=postgresql://u:secret@h/d pipeline status && refused 64 "RUN_ORIGIN '…' is unknown"
  SPOOL_DIR=$scratch/$'\xff' pipeline run && refused 64 "the spool's path is not UTF-8"
  pipeline --database-url && refused 64 "'--database-url' needs a value"
  pipeline --spool '' && refused 64 "'--spool' needs a value"
  pipeline --spool= && refused 64 "'--spool' needs a value"
  pipeline down now && refused 64 "'down' takes no arguments"
  equal calls '' "$(<"$calls")"
  LOG_FORMAT=json RUN_ORIGIN=$'a\xffb' pipeline status
  equal 'a line for programs' "RUN_ORIGIN 'ab' is unknown" "$(jq -r .message <<<"$err")"
}

test_what_the_first_stage_refuses_ends_the_run() {
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_fetch='rm "$RUN_MARKER"; exit 64' DATABASE_URL=postgresql:///x pipeline --bogus
  equal 'exit code' 64 "$code"
  equal calls 'fetch run --bogus' "$(<"$calls")"
}

test_a_password_in_an_argument_is_refused_and_not_repeated() {
  for command in run load changes replay withdraw rollback gc status psql; do
    for url in postgresql://u:secret@h/d postgres://u:sec/ret@h/d 'postgresql:///d?host=/x&password=secret' \
      'postgresql:///d?%70assword=secret' 'postgresql:///d?sslpassword=secret' 'host=h password = secret'; do
      pipeline $command --database-url "$url" && refused 64 password
      pipeline $command "--database-url=$url" && refused 64 password
      [[ $out$err != *sec* ]]
    done
  done
  equal calls '' "$(<"$calls")"
}

test_a_database_travels_in_the_environment() {
  # shellcheck disable=SC2016 # for the stage to expand
  export STUB_load='echo "$DATABASE_URL"' STUB_psql='echo "$DATABASE_URL"'
  for url in 'postgresql://u@h:5/d' 'postgresql://u@[::1]:5/d' 'postgresql://[::1]/d' \
    'postgresql://u:@h/d?passfile=/x'; do
    DATABASE_URL=postgresql:///other pipeline load --database-url "$url" --json
    equal 'DATABASE_URL' "$url" "$out"
  done
  # A stage decides itself whether it knows the option. The arguments of psql are psql's.
  pipeline findings --database-url postgresql:///x
  equal arguments 'transform findings --database-url postgresql:///x' "$(tail -n 1 "$calls")"
  mkdir -p "$scratch/bin"
  printf '#!/bin/sh\nprintf "[%%s]" "$@"\n' >"$scratch/bin/psql" && chmod +x "$scratch/bin/psql"
  POSTGRES_BIN=$scratch/bin pipeline psql -X --database-url postgresql:///x -c 'a b'
  equal psql '[postgresql:///x][-X][-c][a b]' "$out"
}

test_a_failing_stage_ends_the_run_with_its_code() {
  # A stage that logs how the run ended takes its marker away.
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_transform='rm "$RUN_MARKER"; exit 65' pipeline dry-run
  equal 'exit code' 65 "$code"
  # shellcheck disable=SC2016
  DATABASE_URL=postgresql:///x STUB_fetch='rm "$RUN_MARKER"; exit 75' pipeline
  equal 'exit code' 75 "$code"
  equal calls 'fetch transform fetch' "$(cut -d ' ' -f 1 "$calls" | xargs)"
  equal markers '' "$(ls -A "$tree/spool/.runs")"
}

test_the_marker_is_locked_while_a_stage_runs() {
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_fetch='cat "$RUN_MARKER"; [[ $RUN_MARKER == */.runs/$RUN_ID ]] && ! flock -n "$RUN_MARKER" true && echo locked' \
    pipeline fetch --spool here
  equal marker 'fetch N shell N-N-NTN:N:N.NZ locked' "$(xargs <<<"$out" | tr -s 0-9 N)"
  equal markers '' "$(ls -A here/.runs)"
}

test_a_stage_that_crashed_is_logged_at_once() {
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_transform='kill -KILL $$' pipeline dry-run
  refused 137 'transform was killed by signal 9'
  equal markers '' "$(ls -A "$tree/spool/.runs")"
  equal ended 'dry-run shell 137 --spool '"$tree"'/spool
transform was killed by signal 9
the same command goes on from there' "$(<"$calls.log")"
  # One that logged the end and crashed afterwards is not logged a second time.
  rm "$calls.log"
  # shellcheck disable=SC2016
  LOG_FORMAT=json DATABASE_URL=postgresql:///x STUB_load='rm "$RUN_MARKER"; kill -SEGV $$' pipeline load
  equal 'exit code' 139 "$code"
  equal events '' "$(jq -r '.event // empty' <<<"$err")"
  [[ ! -e $calls.log ]]
}

# Alarms count etl_failed: each run that fails outside its stages is one, a dry run is none.
test_a_run_that_ends_outside_its_stages_is_an_event() {
  local fields='[.event, .level, .exit_code, .temporary, .status, .error == .message] | map(tostring) | join(" ")'
  export LOG_FORMAT=json
  RUN_ORIGIN=cron pipeline run
  equal usage 'etl_failed ERROR 64 false failed true' "$(jq -r "$fields" <<<"$err")"
  printf '#!/nonexistent\n' >"$tree/.build/release/fetch"
  pipeline fetch
  equal 'a stage that does not start' 'etl_failed ERROR 78 false failed true' "$(tail -n 1 <<<"$err" | jq -r "$fields")"
  equal markers '' "$(ls -A "$tree/spool/.runs")"
  rm "$tree/Package.swift" && mkdir "$tree/bin" && cp "$tree/.build/release/"* "$tree/bin"
  pipeline load
  equal 'no database' 'etl_failed ERROR 78 false failed true' "$(jq -r "$fields" <<<"$err")"
  make_stages "$tree/bin"
  pipeline dry-run --check
  equal 'dry run' 'null ERROR null null null true' "$(jq -r "$fields" <<<"$err")"
  pipeline status bogus
  equal 'no run' '' "$(jq -r '.event // empty' <<<"$err")"
  rm "$calls.log"
  pipeline bogus
  equal 'unknown command' 'null ERROR null null null true' "$(jq -r "$fields" <<<"$err")"
  [[ ! -e $calls.log ]]
}

# A run that ends before, between or outside its stages has a record all the same, and nobody takes it for one that was killed.
test_a_run_that_ends_outside_its_stages_has_a_record() {
  RUN_ORIGIN=schedule pipeline run --database-url '' && refused 64 "'--database-url' needs a value"
  equal ended "run schedule 64 --spool $tree/spool
'--database-url' needs a value
--database-url postgresql://USER@HOST/DATABASE" "$(<"$calls.log")"
  rm "$calls.log"
  # Without programs the script writes it itself.
  mkdir -p "$tree/spool"
  touch -d '+1 hour' "$tree/Package.swift"
  PATH=$scratch/bin:$PATH
  mkdir -p "$scratch/bin" && printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/swift" && chmod +x "$scratch/bin/swift"
  STUB_log=1 pipeline dry-run && refused 78 'Swift does not work'
  equal records 1 "$(find "$tree/spool/runs" -name '*.json' | wc -l)"
  equal record 'dry-run shell failed 78 pipeline.sh 78 2' "$(jq -r \
    '[.command, .origin, .status, .exit_code, .error.stage, .error.exit_code, ([.started_at, .ended_at] | map(select(endswith("Z"))) | length)] | map(tostring) | join(" ")' \
    "$tree/spool/runs"/*.json)"
  equal markers '' "$(ls -A "$tree/spool/.runs")"
  # A value that is unknown goes into no record.
  rm "$tree/spool/runs"/*.json
  for origin in cron 'a"b'; do
    RUN_ORIGIN=$origin STUB_log=1 pipeline fetch && refused 64 "RUN_ORIGIN '$origin' is unknown"
  done
  equal origins 'shell shell' "$(jq -r .origin "$tree/spool/runs"/*.json | xargs)"
}

# cron and systemd have no terminal: there the run has failed, and the operator has to know.
test_what_is_mistyped_at_a_terminal_is_no_failed_run() {
  local typed
  for typed in 'run --database-url' bogus; do
    code=0
    out=$(script --quiet --return --command "'$tree/pipeline.sh' $typed" /dev/null </dev/null) || code=$?
    equal "code of $typed" 64 "$code"
    [[ $out == *HINT* ]]
  done
  [[ ! -e $calls.log ]]
  equal records '' "$(find "$tree/spool" -type f 2>/dev/null)"
}

test_a_stage_that_is_stopped_before_it_can_say_so_has_a_record() {
  STUB_transform='exit 130' pipeline dry-run
  equal 'exit code' 130 "$code"
  equal ended "dry-run shell 130 --spool $tree/spool
stopped by SIGINT" "$(<"$calls.log")"
  equal markers '' "$(ls -A "$tree/spool/.runs")"
}

test_a_shell_of_another_kind_changes_nothing() {
  POSIXLY_CORRECT=1 pipeline dry-run
  equal 'exit code' 0 "$code"
  code=0
  "$tree/pipeline.sh" dry-run <&- >&- 2>&- || code=$?
  equal 'exit code without standard files' 0 "$code"
}

test_a_stop_outside_the_stages_is_temporary() {
  mkdir -p "$scratch/bin"
  touch -d '+1 hour' "$tree/Package.swift"
  # shellcheck disable=SC2016 # for the script to expand
  printf '#!/bin/bash\n[[ $1 != --version ]] || { echo "Swift version 99.0" && exit; }\nkill -TERM $PPID\n' >"$scratch/bin/swift" && chmod +x "$scratch/bin/swift"
  PATH=$scratch/bin:$PATH LOG_FORMAT=json pipeline run
  equal 'exit code' 143 "$code"
  equal event 'etl_failed 143 true' "$(tail -n 1 <<<"$err" |
    jq -r '[.event, .exit_code, .temporary] | map(tostring) | join(" ")')"
}

test_signals_reach_the_stage_once() {
  local signal
  set -m # else a shell starts its background commands with SIGINT ignored
  for signal in HUP INT TERM; do
    : >"$calls"
    STUB_transform='sleep 20 & wait' "$tree/pipeline.sh" dry-run >"$scratch/out" 2>&1 &
    wait_for transform
    sleep 0.1
    kill -s "$signal" $!
    code=0
    wait $! || code=$?
    equal 'exit code' $((128 + $(kill -l "$signal"))) "$code"
    equal calls "transform got $signal" "$(tail -n +3 "$calls")"
    equal output '' "$(<"$scratch/out")"
  done
  # The stub says nothing of how it ended: its markers stay, for the next run to tell.
  equal markers 0 "$(find "$tree/spool/.runs" -type f | wc -l)"
}

# Ctrl-C while the programs are built: the run was stopped, and the next one does not call it killed.
test_a_run_that_is_stopped_while_it_builds_has_a_record() {
  mkdir -p "$scratch/bin"
  touch -d '+1 hour' "$tree/Package.swift"
  cat >"$scratch/bin/swift" <<'SWIFT'
#!/bin/bash
[[ $1 != --version ]] || { echo 'Swift version 99.0' && exit; }
trap 'kill %1; exit 130' INT
sleep 20 &
echo "swift $1" >>"$calls"
wait
SWIFT
  chmod +x "$scratch/bin/swift"
  set -m # else a shell starts its background commands with SIGINT ignored
  PATH=$scratch/bin:$PATH "$tree/pipeline.sh" dry-run >"$scratch/out" 2>&1 &
  wait_for swift
  kill -s INT $!
  code=0
  wait $! || code=$?
  equal 'exit code' 130 "$code"
  equal ended "dry-run shell 130 --spool $tree/spool
stopped by SIGINT" "$(<"$calls.log")"
  equal markers '' "$(ls -A "$tree/spool/.runs")"
}

test_the_lock_outlives_a_killed_script() {
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_fetch='for i in {1..100}; do [[ ! -e $calls.go ]] || exit 0; sleep 0.05; done' "$tree/pipeline.sh" fetch &
  wait_for fetch
  kill -KILL $!
  { wait $! || :; } 2>/dev/null
  flock -n "$tree/spool/.runs"/* true && return 1
  touch "$calls.go"
  flock -w 10 "$tree/spool/.runs"/* true
}

test_a_spool_that_cannot_be_is_74() {
  touch file
  pipeline fetch --spool nowhere/spool && refused 74 "unable to create '$PWD/nowhere/spool': No such file or directory"
  pipeline dry-run --spool=file && refused 74 "unable to create '$PWD/file': File exists"
  SPOOL_DIR=file/spool pipeline fetch && refused 74 'Not a directory'
  equal calls '' "$(<"$calls")"
}

test_status_does_not_start_a_database() {
  pipeline status --json
  equal calls 'load status --no-database private cluster is stopped --json' "$(<"$calls")"
  pipeline down
  equal 'exit code' 0 "$code"
  [[ ! -e $tree/.postgres ]]
}

test_findings_are_listed_by_transform_without_a_run() {
  pipeline findings --code INVALID_BAN --spool here --export 'a file.csv'
  equal 'exit code' 0 "$code"
  equal calls 'transform findings --code INVALID_BAN --spool here --export a file.csv' "$(<"$calls")"
  : >"$calls"
  STUB_transform='exit 66' pipeline findings --new
  equal 'exit code' 66 "$code"
  pipeline findings --help
  equal calls 'transform findings --new
transform findings --help' "$(<"$calls")"
  [[ ! -e here && ! -e $tree/spool && ! -e $tree/.postgres ]]
}

# Whoever reads the log gets lines that no collector splits, with a time that Go reads; in any locale.
test_lines_of_the_log_are_short_and_have_a_time_for_programs() {
  local line
  LC_ALL=C LOG_FORMAT=json RUN_ORIGIN=$(printf '統%.0s' {1..9000}) pipeline status
  equal 'exit code' 64 "$code"
  line=$err
  ((${#line} < 16384)) || equal 'length' 'less than 16384' "${#line}"
  jq -e '(.message | endswith("…")) and (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z$"))' >/dev/null <<<"$line"
}

run_all
