#!/usr/bin/env bash
# Tests how pipeline.sh runs the stages: arguments, markers, records and exit codes.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

# Only Swift declares the options and their values: Tests/CommandTests/ChainTests.
test_every_stage_of_a_run_gets_all_arguments_unchanged() {
  # shellcheck disable=SC2016 # must not be expanded
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

test_only_fetch_reads_stdin() {
  export DATABASE_URL=postgresql:///x STUB_fetch='head -n 1' STUB_transform=cat STUB_load=cat
  equal output a "$(printf 'a\nb\n' | "$tree/pipeline.sh" --source - 2>/dev/null)"
}

test_a_rollback_is_a_load_and_transforms_a_named_snapshot_first() {
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

test_gc_does_not_create_a_database() {
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

test_a_single_stage_gets_its_arguments_unchanged() {
  pipeline transform --shard 1/3 --unknown=x y
  equal calls 'transform --shard 1/3 --unknown=x y' "$(<"$calls")"
}

test_help_and_version_write_nothing() {
  rm -rf "$tree/.build"
  for arguments in --help --version 'run --help' 'dry-run --json --version' 'psql --help'; do
    # shellcheck disable=SC2086 # several words
    pipeline $arguments
    equal "exit code of $arguments" 0 "$code"
    [[ -n $out && -z $err ]]
  done
  "$tree/pipeline.sh" --version >/dev/full 2>/dev/null || code=$?
  equal 'exit code' 74 "$code"
  [[ ! -e $tree/spool && ! -e $tree/.postgres ]]
  fresh_copy
  pipeline load --help
  equal calls 'load --help' "$(<"$calls")"
  [[ ! -e $tree/spool && ! -e $tree/.postgres ]]
}

test_wrong_usage_exits_with_64_before_anything_is_done() {
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

test_arguments_that_the_first_stage_rejects_end_the_run() {
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

test_the_database_url_is_passed_in_the_environment() {
  # shellcheck disable=SC2016 # for the stage to expand
  export STUB_load='echo "$DATABASE_URL"' STUB_psql='echo "$DATABASE_URL"'
  for url in 'postgresql://u@h:5/d' 'postgresql://u@[::1]:5/d' 'postgresql://[::1]/d' \
    'postgresql://u:@h/d?passfile=/x'; do
    DATABASE_URL=postgresql:///other pipeline load --database-url "$url" --json
    equal 'DATABASE_URL' "$url" "$out"
  done
  # A stage validates the option itself. The arguments of psql are passed to psql.
  pipeline findings --database-url postgresql:///x
  equal arguments 'transform findings --database-url postgresql:///x' "$(tail -n 1 "$calls")"
  mkdir -p "$scratch/bin"
  printf '#!/bin/sh\nprintf "[%%s]" "$@"\n' >"$scratch/bin/psql" && chmod +x "$scratch/bin/psql"
  POSTGRES_BIN=$scratch/bin pipeline psql -X --database-url postgresql:///x -c 'a b'
  equal psql '[postgresql:///x][-X][-c][a b]' "$out"
}

test_a_failing_stage_ends_the_run_with_its_code() {
  # A stage that has logged the end of the run removes its marker.
  # shellcheck disable=SC2016 # for the stage to expand
  STUB_transform='rm "$RUN_MARKER"; exit 65' pipeline dry-run
  equal 'exit code' 65 "$code"
  # shellcheck disable=SC2016
  DATABASE_URL=postgresql:///x STUB_fetch='rm "$RUN_MARKER"; exit 75' pipeline
  equal 'exit code' 75 "$code"
  equal calls 'fetch transform fetch' "$(cut -d ' ' -f 1 "$calls" | xargs)"
  equal markers '' "$(ls -A "$tree/spool/.runs")"
}

test_an_unusable_spool_exits_with_74() {
  touch file
  pipeline fetch --spool nowhere/spool && refused 74 "unable to create '$PWD/nowhere/spool': No such file or directory"
  pipeline dry-run --spool=file && refused 74 "unable to create '$PWD/file': File exists"
  SPOOL_DIR=file/spool pipeline fetch && refused 74 'Not a directory'
  ln -s not-mounted "$scratch/link"
  SPOOL_DIR=$scratch/link pipeline fetch && refused 74 'whose target does not exist'
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

# In any locale, lines are short enough that no collector splits them, and their time is in a format that Go parses.
test_log_lines_are_short_and_have_an_rfc3339_time() {
  local line
  LC_ALL=C LOG_FORMAT=json RUN_ORIGIN=$(printf '統%.0s' {1..9000}) pipeline status
  equal 'exit code' 64 "$code"
  line=$err
  ((${#line} < 16384)) || equal 'length' 'less than 16384' "${#line}"
  jq -e '(.message | endswith("…")) and (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z$"))' >/dev/null <<<"$line"
}

run_all
