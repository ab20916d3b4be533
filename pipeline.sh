#!/usr/bin/env bash
# Brings the business tax registration file into PostgreSQL: sets up what is missing, then chains the three stages.
# It only parses, dispatches and passes signals and exit codes on; the work is done by the executables, the set-up
# by the scripts in Sources/pipeline.
set -euo pipefail
set +o posix # as POSIXLY_CORRECT sets it
# What is opened next would otherwise become stdin, stdout or stderr.
[[ -e /dev/fd/0 ]] || exec </dev/null
[[ -e /dev/fd/1 ]] || exec >/dev/null
[[ -e /dev/fd/2 ]] || exec 2>/dev/null

version=1.0.0
self=$(readlink -f -- "${BASH_SOURCE[0]}")
project=${self%/*}
binaries=$project/.build/release
[[ -e $project/Package.swift ]] || binaries=$project/bin # an installation, such as the image's: programs without their source
command=run
private='' # yes, where the database is the private one
spool=''
read -r RUN_ID </proc/sys/kernel/random/uuid
RUN_STARTED_AT=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
origin=${RUN_ORIGIN:-shell}
RUN_ORIGIN=shell # what is none of the three goes into no record
[[ ! $origin =~ ^(schedule|console)$ ]] || RUN_ORIGIN=$origin
unset RUN_MARKER RUN_COMMAND
export RUN_ID RUN_STARTED_AT RUN_ORIGIN

usage() {
  cat <<'TEXT'
usage: ./pipeline.sh [COMMAND] [OPTIONS]

  run         fetch, transform and load (also without a command)
  fetch | transform | load
              one stage, with that stage's options (./pipeline.sh load --help)
  dry-run     fetch and transform: what would be loaded and rejected; needs no database
              --check: compare with the database, too: what would change, or why the snapshot would be refused
  findings    what was rejected and warned of; --export FILE.csv for a spreadsheet
  changes     what changed, the newest first; --since DATE, --kind K, --column C
  replay FILE | withdraw BAN...
              take corrected records back in, and take corrections off again
  rollback [SNAPSHOT]
              the registry as an earlier snapshot has it
  gc          removes old snapshots but the newest --keep N of each kind, and what can be rebuilt
  status      what the spool and the database hold
  runs        the newest runs, whoever started them, and how they ended; --json
  psql        psql on the registry; arguments are psql's
  down        stops the private PostgreSQL, which is left running after a run, and the containers
  setup       AWS by Terraform, the log writer's key into .env.local, and the containers; --plan shows it only,
              --rotate-key replaces the key
  up          starts the containers
  compose     docker compose with the settings of .env and .env.local: ./pipeline.sh compose run --rm etl
  drill fail | errors | log
              provokes what alarms and log streams are there for: a failed run, six errors, one line
  destroy     removes what setup made at AWS; asks, unless --yes
  cleanup     down, destroy, and the local secrets removed; --volumes: the containers' data as well
  console     the registry and its runs in a browser, on 127.0.0.1:8000; 'console user add NAME' makes an account
  schedule daily | dry-run-per-minute | list | remove NAME
              what the console is to run when: each day at 02:00; a dry run every minute, five times
  selftest    strikes every command with crashes, errors and full disks on this disk and this database, in a scratch
              folder and scratch schemas, and prints what passed; --all, --seed N, --json
  test        every test; arguments are those of 'swift test'

  --source URL-or-path    SOURCE_URL    the published CSV unless given
  --sample                              the sample that ships with the project
  --database-url URI      DATABASE_URL  a private PostgreSQL in .postgres unless given
  --spool DIR             SPOOL_DIR     spool/
  --jobs N                JOBS          number of cores
  --chunk-size N          CHUNK_SIZE    50,000 records
  --limit N                             the first N records only
  --max-rejects N or P%   MAX_REJECTS   1%
  --max-decrease P%       MAX_DECREASE  5%   fewer records than the last snapshot
  --max-increase P%       MAX_INCREASE  10%  more records
  --max-change P%         MAX_CHANGE    20%  businesses changed or vanished
  --max-city-loss P%      MAX_CITY_LOSS 50%  businesses lost by a single city
  --accept REASON                       publish what these bounds refuse, and record why
  --verify                              make right what a hand has edited in the registry
  --keep N                KEEP          7 published snapshots, and 7 others, stay in the spool after a run
  --retain-days N         RETAIN_DAYS   findings 90 days in the database, changes for ever
  --snapshot ID                         transform and load this one, not the newest
  --force                               redo what is finished or unchanged
  --json                                the summary as one JSON document
  --help, --version
TEXT
}

say() { # MESSAGE, and where LOG_FORMAT=json asks for it as one object like the stages' own
  local event_id
  ! logs_as text || echo "pipeline.sh: $*" >&2
  ! logs_as json || { read -r event_id </proc/sys/kernel/random/uuid && log_json INFO "$*"; }
}

fail() { # CODE MESSAGE [HINT...]
  local code=$1 message=${2//[[:cntrl:]]/?} event_id event=()
  shift 2
  read -r event_id </proc/sys/kernel/random/uuid
  if logs_as text; then
    echo "pipeline.sh: $message" >&2
    (($# == 0)) || printf 'HINT: %s\n' "$@" >&2
  fi
  # What a person at a terminal mistypes is shown there, and is no failed run. cron and systemd have no terminal.
  if [[ $code == 64 && -t 2 ]]; then
    command='' && close_marker
  fi
  if ends_run && [[ $command != dry-run ]]; then
    event=(event '"etl_failed"' exit_code "$code" temporary "$(is_temporary "$code")" status '"failed"')
  fi
  ! logs_as json || log_json ERROR "$message" "$@"
  ! ends_run || end_run "$code" "$message" "$@"
  exit "$code"
}

is_run() { [[ $command =~ ^(run|dry-run|fetch|transform|load|rollback|replay|withdraw)$ ]]; }

# A stage that has logged how the run ended has removed the marker: nothing is left to say.
ends_run() { is_run && [[ -z ${RUN_MARKER-} || -e $RUN_MARKER ]]; }

# Whether the next run goes on without a person's help: a temporary failure, or a stop by SIGHUP, SIGINT or SIGTERM.
is_temporary() { [[ $1 =~ ^(75|129|130|143)$ ]] && echo true || echo false; } # CODE

logs_as() { # text or json
  local formats=${LOG_FORMAT-}
  formats=,${formats,,},
  [[ $formats == *,$1,* ]] || [[ $1 == text && $formats != *,json,* ]]
}

# A run that ends outside its stages: into the log file and to CloudWatch, where these are on, and into the run's record.
# A record that cannot be written changes nothing. Without the programs the script writes it itself.
end_run() { # CODE MESSAGE [HINT...]
  local code=$1 folder=${spool:-${SPOOL_DIR:-$project/spool}}
  shift
  export RUN_COMMAND=$command
  # On stdin: everybody on the machine can read arguments.
  printf '%s\n' "$@" | "$binaries/load" log --level error --name pipeline.sh --event-id "$event_id" --exit-code "$code" \
    --spool "$folder" >/dev/null 2>&1 || write_record "$folder" "$code" "$@" 2>/dev/null || :
  [[ -z ${RUN_MARKER-} ]] || close_marker
}

write_record() { # FOLDER CODE MESSAGE [HINT...]
  local folder=$1 code=$2 error
  error=$(object stage '"pipeline.sh"' message "$(json "$3")" hints "$(list "${@:4}")" exit_code "$code")
  [[ -d $folder ]] && umask 077 && mkdir -p -- "$folder/runs" || return
  object run_id "\"$RUN_ID\"" command "\"$command\"" origin "\"$RUN_ORIGIN\"" started_at "\"$RUN_STARTED_AT\"" \
    ended_at "\"$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)\"" exit_code "$code" status '"failed"' \
    stages '{}' findings '{}' error "$error" >"$folder/runs/.$RUN_ID" &&
    mv -n -- "$folder/runs/.$RUN_ID" "$folder/runs/$RUN_ID.json"
}

log_json() { # LEVEL MESSAGE [HINT...]; the fields of an event are in $event
  local level=$1 message now fields=("${event[@]}")
  message=$(json "$2") now=@$(date +%s.%3N)
  [[ $level != ERROR ]] || fields+=(error "$message" hints "$(list "${@:3}")")
  object timestamp "\"$(date -d "$now" +%Y-%m-%dT%H:%M:%S.%3N%z)\"" \
    time "\"$(date -u -d "$now" +%Y-%m-%dT%H:%M:%S.%3NZ)\"" level "\"$level\"" name '"pipeline.sh"' message "$message" \
    path '"console"' event_id "\"$event_id\"" run_id "\"$RUN_ID\"" "${fields[@]}" >&2
}

object() { # NAME JSON...
  local members=''
  for (( ; $# > 1; )); do members+=",\"$1\":$2" && shift 2; done
  printf '{%s}\n' "${members#,}"
}

list() { # TEXT...
  local text items=''
  for text; do items+=",$(json "$text")"; done
  printf '[%s]' "${items#,}"
}

# A line of the log has less than 16 KiB, or collectors split it: a text has a thousand characters at most.
json() { # TEXT
  local LC_ALL=C.UTF-8 text
  text=${1//[[:cntrl:]]/ }
  ((${#text} <= 1000)) || text=${text:0:1000}…
  text=${text//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# Both are read by the stages as well, which refuse the same values; here before anything is set up.
check_log_settings() {
  local name=LOG_FORMAT value=${LOG_FORMAT-} hint='set it to text, json or text,json'
  if [[ ${value,,} =~ ^((text|json)(,(text|json))*)?$ ]]; then
    name=LOG_LEVEL value=${LOG_LEVEL-} hint='set it to debug, info, warning or error'
    [[ ! ${value,,} =~ ^(trace|debug|info|notice|warning|error|critical)?$ ]] || return 0
  fi
  unset LOG_FORMAT LOG_LEVEL
  fail 64 "invalid $name '$value'" "$hint"
}

# A marker whose lock is held says that this run lives, for as long as any of its processes does: they inherit fd 9.
# One whose lock is free tells the next run that this one was killed, so only a run whose end was logged removes it.
open_marker() {
  local folder problem new
  export RUN_COMMAND=$command
  spool=${spool:-$SPOOL_DIR}
  [[ $spool == /* ]] || spool=$PWD/$spool
  # A finished spool may be read-only. A stage that has to write there says so itself.
  [[ ! -d $spool || -w $spool ]] || return 0
  for folder in "$spool" "$spool/.runs"; do
    [[ -d $folder ]] || problem=$(LC_ALL=C mkdir -m 700 -- "$folder" 2>&1) || [[ -d $folder ]] ||
      fail 74 "unable to create '$folder': ${problem##*: }" "--spool DIR or SPOOL_DIR names another folder"
  done
  new=$folder/.$$.$RUN_ID # locked before it has its name: no other run ever sees it unlocked
  lock_marker "$new" "$folder/$RUN_ID" 2>/dev/null || {
    rm -f -- "$new" 2>/dev/null || :
    fail 74 "unable to write in '$folder'" "check its owner, its mode and the free space of the disk"
  }
  export RUN_MARKER=$folder/$RUN_ID
}

lock_marker() { # NEW-FILE MARKER
  local mask
  mask=$(umask)
  umask 077 && exec 9>"$1" && umask "$mask" && flock -w 5 9 &&
    echo "$command $$ $RUN_ORIGIN $RUN_STARTED_AT" >&9 && mv -- "$1" "$2"
}

close_marker() { [[ -z ${RUN_MARKER-} ]] || rm -f -- "$RUN_MARKER"; }

# Runs one stage; the script ends here unless it succeeds. The stage removes the marker once it has logged how the run
# ended. For a stage that crashed or did not start the script logs it.
stage() { # STAGE ARGUMENT...
  local code=0
  attend "$binaries/$1" "${@:2}" || code=$?
  case $code in
    0) return ;;
    # It was asked to stop, and removed the marker; unless that was before it could do so.
    129 | 130 | 143) [[ -z ${RUN_MARKER-} || ! -e $RUN_MARKER ]] || fail "$code" "stopped by SIG$(kill -l $((code - 128)))" ;;
    126 | 127) fail 78 "unable to start '$binaries/$1'" "remove '$project/.build' to have it built anew" ;;
    12[89] | 1[3-9]?) fail "$code" "$1 was killed by signal $((code - 128))" "the same command goes on from there" ;;
  esac
  exit "$code"
}

# The stages share one summary, the run's record: each continues it, and the last one, or the one that fails, prints it.
chain() { # STAGE...
  local name last=${!#} flags
  for name; do
    flags=()
    [[ $name == "$last" ]] || flags+=(--more-follows)
    [[ $command != dry-run ]] || flags+=(--dry-run)
    local -n chosen=${name}_args
    stage "$name" "${flags[@]}" "${chosen[@]}"
  done
  close_marker
}

# shellcheck source=Sources/pipeline/options.sh
source "$project/Sources/pipeline/options.sh"
# shellcheck source=Sources/pipeline/url.sh
source "$project/Sources/pipeline/url.sh"
# shellcheck source=Sources/pipeline/signals.sh
source "$project/Sources/pipeline/signals.sh"
# shellcheck source=Sources/pipeline/packages.sh
source "$project/Sources/pipeline/packages.sh"
# shellcheck source=Sources/pipeline/build.sh
source "$project/Sources/pipeline/build.sh"
# shellcheck source=Sources/pipeline/cluster.sh
source "$project/Sources/pipeline/cluster.sh"
# shellcheck source=Sources/pipeline/console.sh
source "$project/Sources/pipeline/console.sh"
# shellcheck source=Sources/pipeline/settings.sh
source "$project/Sources/pipeline/settings.sh"
# shellcheck source=Sources/pipeline/cloud.sh
source "$project/Sources/pipeline/cloud.sh"

if (($#)); then
  case $1 in
    run | fetch | transform | load | dry-run | runs | findings | changes | replay | withdraw | rollback | gc | status | psql | down | \
      setup | up | compose | drill | destroy | cleanup | console | schedule | selftest | test)
      command=$1 && shift
      ;;
    --help | -h | --version | -*) ;;
    *) command='' && fail 64 "unknown command '$1'" "./pipeline.sh --help lists the commands" ;;
  esac
fi
take_options "$@"
set -- "${arguments[@]}"
case $command:$asks in
  fetch:* | transform:* | load:* | runs:* | findings:* | changes:* | replay:* | withdraw:* | rollback:* | gc:* | status:* | console:* | schedule:* | selftest:*) ;;
  *:--help | *:-h) usage && exit ;;
  *:--version) echo "pipeline.sh $version" && exit ;;
esac
check_log_settings
export SPOOL_DIR=${SPOOL_DIR:-$project/spool}
[[ $RUN_ORIGIN == "$origin" ]] || fail 64 "RUN_ORIGIN '$origin' is unknown" "one of shell, schedule, console"
need_database() {
  [[ -z ${DATABASE_URL-} ]] || return 0
  [[ -e $project/Package.swift ]] || fail 78 "DATABASE_URL is not set" "an installation without its source has no private PostgreSQL"
  cluster_start 9>&- # a server that holds the marker's lock would make the run look alive for ever
}

need_source() {
  [[ -e $project/Package.swift ]] || fail 78 "'$command' needs the project's source" "run it where that is: this is an installation"
}

case $command in
  run)
    route 'fetch transform load' "$@"
    open_marker
    build
    need_database
    asks_for --keep "${load_args[@]}" || load_args+=(--keep "${KEEP:-7}")
    chain fetch transform load
    [[ -z $private || ! -t 2 ]] || ! logs_as text || echo "psql: ./pipeline.sh psql   (or psql '$DATABASE_URL')" >&2
    ;;
  dry-run)
    route_dry_run "$@"
    open_marker
    build
    [[ ${dry_run_stages[-1]} != load ]] || need_database
    chain "${dry_run_stages[@]}"
    ;;
  fetch | transform | load)
    [[ -n $asks ]] || open_marker
    build
    [[ -z $asks ]] || exec "$binaries/$command" "$@"
    [[ $command != load ]] || need_database
    stage "$command" "$@"
    close_marker
    ;;
  rollback)
    if [[ -n $asks ]]; then build && exec "$binaries/load" rollback "$@"; fi
    route_rollback "$@"
    open_marker
    build
    need_database
    # shellcheck disable=SC2154 # set by route_rollback
    chain "${rollback_stages[@]}"
    ;;
  replay | withdraw)
    [[ -n $asks ]] || open_marker
    build
    [[ -z $asks ]] || exec "$binaries/load" "$command" "$@"
    need_database
    stage load "$command" "$@"
    close_marker
    ;;
  changes)
    build
    [[ -n $asks ]] || need_database
    exec "$binaries/load" changes "$@"
    ;;
  gc)
    build
    if [[ -z $asks && -z ${DATABASE_URL-} ]]; then
      if cluster_exists; then cluster_start; else set -- --without-database "$@"; fi
    fi
    exec "$binaries/load" gc "$@"
    ;;
  status)
    build
    if [[ -z ${DATABASE_URL-} ]]; then
      if cluster_running; then use_cluster; else set -- --no-database 'private cluster is stopped' "$@"; fi
    fi
    exec "$binaries/load" status "$@"
    ;;
  runs)
    build
    exec "$binaries/load" runs "$@"
    ;;
  findings)
    build
    exec "$binaries/transform" findings "$@"
    ;;
  psql)
    build
    need_database
    need_psql
    exec "$binaries/load" psql "$psql" "$@"
    ;;
  down)
    (($# == 0)) || fail 64 "'down' takes no arguments" "./pipeline.sh --help lists the commands"
    compose_down || :
    cluster_stop
    ;;
  setup | up | drill | destroy | cleanup) "$command" "$@" ;;
  console) open_console "$@" ;;
  schedule) open_console schedule "$@" ;;
  compose)
    need_docker
    exec_compose "$@"
    ;;
  selftest)
    need_source
    build_selftest
    [[ -n $asks ]] || need_database
    exec "$binaries/selftest" "$@"
    ;;
  test)
    need_source
    build_console
    need_test_tools
    run_tests "$@"
    ;;
esac
