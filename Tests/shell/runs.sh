#!/usr/bin/env bash
# Tests a run's marker, record and events for every way in which it can end.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

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
  equal ended 'dry-run shell transform 137 --spool '"$tree"'/spool
transform was killed by signal 9
run the same command again: finished work is kept' "$(<"$calls.log")"
  # A stage that logged the end and then crashed is not logged again.
  rm "$calls.log"
  # shellcheck disable=SC2016
  LOG_FORMAT=json DATABASE_URL=postgresql:///x STUB_load='rm "$RUN_MARKER"; kill -SEGV $$' pipeline load
  equal 'exit code' 139 "$code"
  equal events '' "$(jq -r '.event // empty' <<<"$err")"
  [[ ! -e $calls.log ]]
}

# Alarms count etl_failed: every run that fails outside its stages logs one, a dry run none.
test_a_run_that_ends_outside_its_stages_logs_an_event() {
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

# Without this, a source that is refused every day would fill the disk. The option counts more than the variable, as for load.
test_a_refused_run_cleans_up() {
  local clean="65 load gc --after-run --spool $tree/spool, keeping 3"
  export DATABASE_URL=postgresql:///x KEEP=9
  # shellcheck disable=SC2016 # for the stage to expand
  export STUB_load='if [[ $1 != gc ]]; then exit 65; fi; sed -i "\$s/\$/, keeping $KEEP/" "$calls"; eval "${STUB_gc-}"'
  STUB_transform='exit 65' pipeline run --keep 3
  equal 'refused by transform' "$clean" "$code $(tail -n 1 "$calls")"
  pipeline run --keep=3
  equal 'refused by load' "$clean" "$code $(tail -n 1 "$calls")"
  # Neither an error nor a signal changes the exit code of the run.
  STUB_gc='exit 74' pipeline run --keep 3
  equal 'a clean-up that fails' "$clean" "$code $(tail -n 1 "$calls")"
  # shellcheck disable=SC2016
  STUB_gc='kill -TERM $PPID; sleep 60 & wait' pipeline run --keep 3
  equal 'a clean-up that is stopped' '65 load got TERM' "$code $(tail -n 1 "$calls")"
  : >"$calls"
  STUB_transform='exit 75' pipeline run && equal 'temporary' 75 "$code"
  STUB_transform='exit 65' pipeline dry-run && equal 'dry run' 65 "$code"
  STUB_transform='exit 65' pipeline transform && equal 'transform' 65 "$code"
  STUB_load='exit 65' pipeline load && equal 'load' 65 "$code"
  # The user may go on with the snapshot, which may be an old one.
  STUB_transform='exit 65' pipeline run --snapshot 20260901T211500Z-1f0c9a3e && equal 'named' 65 "$code"
  equal 'no other command cleans up' '' "$(grep ' gc' "$calls" || :)"
}

# A run that ends before, between or outside its stages has a record, and is not reported as killed.
test_a_run_that_ends_outside_its_stages_has_a_record() {
  RUN_ORIGIN=schedule pipeline run --database-url '' && refused 64 "'--database-url' needs a value"
  equal ended "run schedule pipeline.sh 64 --spool $tree/spool
'--database-url' needs a value
--database-url postgresql://USER@HOST/DATABASE" "$(<"$calls.log")"
  rm "$calls.log"
  # Without binaries the script writes the record itself.
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
  # An unknown origin is not recorded.
  rm "$tree/spool/runs"/*.json
  for origin in cron 'a"b'; do
    RUN_ORIGIN=$origin STUB_log=1 pipeline fetch && refused 64 "RUN_ORIGIN '$origin' is unknown"
  done
  equal origins 'shell shell' "$(jq -r .origin "$tree/spool/runs"/*.json | xargs)"
}

# cron and systemd have no terminal: there a usage error is a failed run, and the operator must be notified.
test_a_usage_error_at_a_terminal_is_not_a_failed_run() {
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

test_a_stage_that_is_stopped_before_it_logs_its_end_has_a_record() {
  STUB_transform='exit 130' pipeline dry-run
  equal 'exit code' 130 "$code"
  equal ended "dry-run shell transform 130 --spool $tree/spool
stopped by SIGINT" "$(<"$calls.log")"
  equal markers '' "$(ls -A "$tree/spool/.runs")"
}

test_other_shells_and_closed_standard_files_change_nothing() {
  POSIXLY_CORRECT=1 pipeline dry-run
  equal 'exit code' 0 "$code"
  code=0
  "$tree/pipeline.sh" dry-run <&- >&- 2>&- || code=$?
  equal 'exit code without standard files' 0 "$code"
  code=0
  sh "$tree/pipeline.sh" dry-run || code=$?
  equal 'exit code of sh pipeline.sh' 0 "$code"
}

# The owner of a spool cannot change files that root writes there.
test_root_is_warned_about_another_users_spool() {
  ((EUID == 0)) || return 0
  mkdir theirs && chown nobody theirs
  pipeline dry-run --spool theirs
  equal 'exit code' 0 "$code"
  [[ $err == *"theirs' belongs to 'nobody'"* ]] || { printf '%s\n' "$err" && return 1; }
  pipeline dry-run --spool ours
  [[ $err != *"belongs to"* ]] || { printf '%s\n' "$err" && return 1; }
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
  set -m # without job control, a shell starts background commands with SIGINT ignored
  for signal in HUP INT TERM; do
    # bash cannot trap a signal that was ignored when it started, as under nohup.
    ! (("0x$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status)" >> ($(kill -l "$signal") - 1) & 1)) || continue
    : >"$calls"
    STUB_transform='sleep 20 & wait' "$tree/pipeline.sh" dry-run >"$scratch/out" 2>&1 &
    wait_for transform
    sleep 0.1
    kill -s "$signal" $!
    code=0
    wait $! || code=$?
    equal 'calls, output and exit code' "transform got $signal; ; $((128 + $(kill -l "$signal")))" \
      "$(tail -n +3 "$calls"); $(<"$scratch/out"); $code"
  done
  # The stub removes the marker when it is stopped.
  equal markers 0 "$(find "$tree/spool/.runs" -type f | wc -l)"
}

# A stage that has finished when the signal comes removes no marker, and the next one must not start.
test_a_signal_at_the_end_of_a_stage_ends_the_run() {
  set -m # without job control, a shell starts background commands with SIGINT ignored
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_fetch='trap "exit 0" INT; echo ready >>"$calls"; sleep 20 & wait' "$tree/pipeline.sh" dry-run >"$scratch/out" 2>&1 &
  wait_for ready
  kill -s INT $!
  code=0
  wait $! || code=$?
  equal 'calls and exit code' 'ready; 130' "$(tail -n +2 "$calls"); $code"
  equal ended "dry-run shell pipeline.sh 130 --spool $tree/spool
stopped by SIGINT" "$(<"$calls.log")"
  equal markers '' "$(ls -A "$tree/spool/.runs")"
}

# After Ctrl-C during the build, the run is recorded as stopped, and the next run does not report it as killed.
test_a_run_that_is_stopped_during_the_build_has_a_record() {
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
  set -m # without job control, a shell starts background commands with SIGINT ignored
  PATH=$scratch/bin:$PATH "$tree/pipeline.sh" dry-run >"$scratch/out" 2>&1 &
  wait_for swift
  kill -s INT $!
  code=0
  wait $! || code=$?
  equal 'exit code' 130 "$code"
  equal ended "dry-run shell pipeline.sh 130 --spool $tree/spool
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

# For instance, cron's log is on a full disk: exit code, record and event must still be correct.
test_a_failed_write_to_stderr_changes_no_exit_code_and_no_record() {
  local arguments
  for arguments in '64 load x' '74 load --spool /proc/x' '64 bogus' '0 down' '0 load'; do
    code=0
    # shellcheck disable=SC2086 # several words
    DATABASE_URL=postgresql:///x "$tree/pipeline.sh" ${arguments#* } 2>/dev/full || code=$?
    equal "exit code of $arguments" "${arguments%% *}" "$code"
  done
  # shellcheck disable=SC2016 # for the stage to expand
  code=0 && STUB_fetch='kill -KILL $$' "$tree/pipeline.sh" fetch 2>/dev/full || code=$?
  equal 'exit code' 137 "$code"
  equal 'what was recorded' 'load shell pipeline.sh 64
load shell pipeline.sh 74
fetch shell fetch 137' "$(grep -oE '^[a-z]+ shell [a-z.]+ [0-9]+' "$calls.log")"
}

# The signal arrives at about the time when the stage ends: the exit code is that of either, and never another one.
test_a_signal_while_a_stage_ends_gives_a_documented_exit_code() {
  local round
  for round in {1..60}; do
    # shellcheck disable=SC2016 # for the stage to expand
    STUB_fetch='kill -s TERM "$PPID" & exit 69' pipeline fetch
    [[ $code == 69 || $code == 143 ]] || equal "exit code in round $round" '69 or 143' "$code"
  done
}

# bash itself ends with 254, after it has tried again for 15 s.
test_a_limit_on_processes_is_temporary() {
  local limit user=()
  ((EUID != 0)) || user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 777 "$scratch"
  # With two processes the first one can be started, but none from within.
  for limit in 1 2; do
    (
      ulimit -u "$limit"
      LOG_FORMAT=text,json exec "${user[@]}" "$tree/pipeline.sh" fetch --spool "$scratch/limited"
    ) >"$scratch/limit$limit" 2>&1 &
  done
  for limit in 1 2; do
    code=0
    wait -n || code=$?
    equal 'exit code' 75 "$code"
  done
  for limit in 1 2; do
    equal 'event' 'etl_failed 75 true failed' "$(grep '^{' "$scratch/limit$limit" |
      jq -r 'select(.message == .error and (.time | endswith("Z"))) | [.event, .exit_code, .temporary, .status] | map(tostring) | join(" ")')"
    equal 'text' 1 "$(grep -c '^pipeline.sh: unable to start a process: ' "$scratch/limit$limit")"
  done
  equal calls '' "$(<"$calls")"
}

# The stages then end with 74, too. Here they could not even write to the file of calls.
test_a_limit_on_file_size_ends_the_run_with_74() {
  code=0
  err=$(ulimit -f 0 && "$tree/pipeline.sh" fetch --spool "$scratch/small" 2>&1 >/dev/null) || code=$?
  refused 74 "unable to write to '$scratch/small/.runs': File too large"
  equal calls '' "$(<"$calls")"
  # A stage gets the limit and an ignored signal.
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_fetch='(ulimit -f 0; echo x >"$calls.big") || echo "failed with $?"' pipeline fetch --spool "$scratch/small"
  equal 'a write of a stage' 'failed with 1' "$out"
}

# The programs refuse such a path, and must still report the end of the run.
test_a_spool_whose_path_is_not_utf8_is_logged() {
  cp "$source_tree/.build/release/load" "$tree/.build/release/load"
  mkdir "$scratch/"$'\xff'
  LOG_FILE=$scratch/logs/etl.log SPOOL_DIR=$scratch/$'\xff' pipeline run
  refused 64 "the spool's path is not UTF-8"
  LOG_FILE=$scratch/logs/etl.log pipeline run --spool "$scratch/"$'\xff'
  refused 64 "the spool's path is not UTF-8"
  equal events "$(printf "the spool's path is not UTF-8 etl_failed 64\n%.0s" 1 2)" \
    "$(cat "$scratch/logs/"* | jq -r '[.message, .event, .exit_code] | map(tostring) | join(" ")')"
  equal records 2 "$(find "$scratch/"$'\xff/runs' -name '*.json' | wc -l)"
}

test_a_limit_on_open_files_is_named() {
  local limit
  for limit in 6 9 10; do
    code=0
    err=$(ulimit -n "$limit" && "$tree/pipeline.sh" fetch 2>&1) || code=$?
    if ((limit < 10)); then
      refused 75 'fewer than ten files may be open at once'
      out=$(ulimit -n "$limit" && LOG_FORMAT=json "$tree/pipeline.sh" fetch 2>&1) || :
      equal "event with a limit of $limit" 'etl_failed 75 true' "$(jq -r '[.event, .exit_code, .temporary] | map(tostring) | join(" ")' <<<"$out")"
    else
      refused 75 "unable to write to '$tree/spool/.runs': too many open files"
    fi
  done
  [[ ! -e $tree/spool/.runs ]] || equal 'markers' '' "$(find "$tree/spool/.runs" -type f)"
}

run_all
