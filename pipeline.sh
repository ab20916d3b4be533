#!/usr/bin/env bash
# Loads the business tax registration into PostgreSQL: installs what is missing, then runs the three stages in order.
# This script only parses options, dispatches commands, and forwards signals and exit codes. The executables do the work;
# the scripts in Sources/pipeline do the set-up.
[ -n "${BASH_VERSION-}" ] || exec bash -- "$0" "$@" # for 'sh pipeline.sh', if sh is not bash
set -euo pipefail
set +o posix +o noclobber # POSIXLY_CORRECT and SHELLOPTS can turn them on
# If one of these is closed, the next opened file would take its place.
[[ -e /dev/fd/0 ]] || exec </dev/null
[[ -e /dev/fd/1 ]] || exec >/dev/null
[[ -e /dev/fd/2 ]] || exec 2>/dev/null

umask u=rwx # the inherited umask may deny the owner access to new folders
trap '' XFSZ # a write beyond the limit on file size (ulimit -f) then fails with an error; the stages ignore the signal, too

command=${1:-run}
[[ $command != -* ]] || command=run
unset RUN_MARKER RUN_COMMAND

# Sets a variable to a random UUID. This needs no file, which the limit on open files may prevent.
make_id() { # VARIABLE
  printf -v "$1" '%08x-%04x-4%03x-8%03x-%08x%04x' "$SRANDOM" $((SRANDOM & 0xffff)) $((SRANDOM & 0xfff)) \
    $((SRANDOM & 0xfff)) "$SRANDOM" $((SRANDOM & 0xffff))
}
make_id RUN_ID

is_run() { [[ $command =~ ^(run|dry-run|fetch|transform|load|rollback|replay|withdraw)$ ]]; }

# A stage removes the marker after it has logged the end of the run. Then the script must not log it again.
ends_run() { is_run && [[ -z ${RUN_MARKER-} || -e $RUN_MARKER ]]; }

logs_as() { # text or json
  local formats=${LOG_FORMAT-}
  formats=,${formats,,},
  [[ $formats == *,$1,* ]] || [[ $1 == text && $formats != *,json,* ]]
}

# Ends the run with a report that needs neither a process nor a file.
report_limit() { # MESSAGE HINT
  local now=$EPOCHREALTIME event_id message=$1 hint=$2 time fields=''
  trap '' PIPE
  exec >&2 || : # a redirection of a single command needs one more file
  ! logs_as text || printf 'pipeline.sh: %s\nHINT: %s\n' "$message" "$hint" || :
  if logs_as json; then
    make_id event_id
    TZ=UTC printf -v time '%(%Y-%m-%dT%H:%M:%S)T.%s' "${now%[.,]*}" "${now: -6:3}"
    ! ends_run || [[ $command == dry-run ]] || fields=',"event":"etl_failed","exit_code":75,"temporary":true,"status":"failed"'
    printf '{"timestamp":"%s+0000","time":"%sZ","level":"ERROR","name":"pipeline.sh","message":"%s","path":"console","event_id":"%s","run_id":"%s"%s,"error":"%s","hints":["%s"]}\n' \
      "$time" "$time" "$message" "$event_id" "$RUN_ID" "$fields" "$message" "$hint" || :
  fi
  exit 75
}
# If bash cannot start a process, it tries again for 15 s, then exits with 254.
trap '(($? != 254)) || report_limit "unable to start a process: the limit on processes is reached, or memory is short" \
  "end other processes, or raise the limit (ulimit -u), then run the same command again"' EXIT
{ : 9</dev/null; } 2>/dev/null || # the highest number that the script uses
  report_limit 'fewer than ten files may be open at once' 'raise the limit (ulimit -n 1024), then run the same command again'
( ( ( (:) && :) && :) && :) # as many processes as the functions below need at once

version=1.0.0
self=$(readlink -f -- "${BASH_SOURCE[0]}")
project=${self%/*}
binaries=$project/.build/release
[[ -e $project/Package.swift ]] || binaries=$project/bin # an installation, such as the image: binaries without sources
# The script's name in hints. An installation calls it through a link with another name, and the runs that its console
# starts inherit that name.
me=${PIPELINE_NAME-}
[[ ${BASH_SOURCE[0]##*/} == pipeline.sh ]] || me=${BASH_SOURCE[0]##*/}
[[ $me =~ ^[A-Za-z0-9._/-]+$ ]] || me=./pipeline.sh
export PIPELINE_NAME=$me
private='' # yes if the database is the private PostgreSQL
# shellcheck disable=SC2034 # for run.sh
spool='' arguments=() psql=''
RUN_STARTED_AT=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
origin=${RUN_ORIGIN:-shell}
RUN_ORIGIN=shell # an unknown origin is not recorded
[[ ! $origin =~ ^(schedule|console)$ ]] || RUN_ORIGIN=$origin
export RUN_ID RUN_STARTED_AT RUN_ORIGIN

# A failed write to stderr does not stop the run.
say() { # MESSAGE; with LOG_FORMAT=json as a JSON object like those of the stages
  ! logs_as text || echo "pipeline.sh: $*" >&2 || :
  ! logs_as json || log_json INFO "$*" || :
}

fail() { # CODE MESSAGE [HINT...]
  local code=$1 message=${2//[[:cntrl:]]/?} event_id fields=''
  trap '' PIPE # if stderr has no reader, the run must still get its record and its exit code
  # A misplaced value may be a database URL with a password.
  [[ $message != *://*@* ]] || message=$(LC_ALL=C sed -E "s#[^ ']*://.*@[^ ']*#…#" <<<"$message")
  shift 2
  make_id event_id
  ! logs_as text || show_failure "$message" "$@" >&2 || :
  # A usage error at a terminal is not recorded as a failed run. cron and systemd have no terminal.
  if [[ $code == 64 && -t 2 ]]; then
    command='' && close_marker
  fi
  if ends_run && [[ $command != dry-run ]]; then
    printf -v fields ',"event":"etl_failed","exit_code":%d,"temporary":%s,"status":"failed"' "$code" "$(is_temporary "$code")"
  fi
  ! logs_as json || log_json ERROR "$message" "$fields,\"error\":$(json "$message"),\"hints\":[$(json "$@")]" || :
  ! ends_run || end_run "$code" "$message" "$@"
  exit "$code"
}

warn() { # MESSAGE [HINT...]
  ! logs_as text || show_failure "$@" >&2 || :
  ! logs_as json || log_json WARNING "$1" ",\"hints\":[$(json "${@:2}")]" || :
}

show_failure() { # MESSAGE [HINT...]
  echo "pipeline.sh: $1"
  (($# == 1)) || printf 'HINT: %s\n' "${@:2}"
}

log_json() { # LEVEL MESSAGE [MEMBERS]
  local now id=${event_id-}
  [[ -n $id ]] || make_id id
  now=@$(date +%s.%3N)
  printf '{"timestamp":"%s","time":"%s","level":"%s","name":"pipeline.sh","message":%s,"path":"console","event_id":"%s","run_id":"%s"%s}\n' \
    "$(date -d "$now" +%Y-%m-%dT%H:%M:%S.%3N%z)" "$(date -u -d "$now" +%Y-%m-%dT%H:%M:%S.%3NZ)" "$1" "$(json "$2")" \
    "$id" "$RUN_ID" "${3-}" >&2
}

# Prints texts as JSON strings, separated by commas. Each is cut to 1,000 characters: collectors split lines of 16 KiB.
json() { # TEXT...
  local LC_ALL=C.UTF-8 text items=''
  for text; do
    text=${text//[[:cntrl:]]/ }
    ! command -v iconv >/dev/null || text=$(valid_utf8 "$text")
    ((${#text} <= 1000)) || text=${text:0:1000}…
    text=${text//\\/\\\\}
    items+=",\"${text//\"/\\\"}\""
  done
  printf '%s' "${items#,}"
}

is_utf8() { ! command -v iconv >/dev/null || [[ $(valid_utf8 "$1") == "$1" ]]; } # TEXT

# Prints a text without invalid UTF-8. It converts through UTF-16, because iconv accepts numbers beyond Unicode in UTF-8.
valid_utf8() { # TEXT
  iconv -c -f UTF-8 -t UTF-16LE <<<"$1" | iconv -f UTF-16LE -t UTF-8 || : # the first iconv fails if it drops bytes
}

for part in options run url signals packages build cluster cluster-settings cluster-upgrade console cloud terraform compose reference package; do
  # shellcheck source=/dev/null # each is checked by itself
  source "$project/Sources/pipeline/$part.sh"
done

if (($#)); then
  case $1 in
    run | fetch | transform | load | dry-run | runs | findings | changes | export | replay | withdraw | rollback | gc | status | psql | down | \
      setup | up | compose | drill | destroy | cleanup | console | schedule | selftest | test | completion | package)
      command=$1 && shift
      ;;
    --help | -h | --version | -*) ;;
    *)
      # Anything but a plain word may be a database URL with a password.
      command='' shown=…
      [[ ! $1 =~ ^[A-Za-z0-9_-]+$ ]] || shown=$1
      fail 64 "unknown command '$shown'" "$me --help lists the commands"
      ;;
  esac
fi
read_options "$@"
set -- "${arguments[@]}"
case $command:$asks in
  fetch:* | transform:* | load:* | runs:* | findings:* | changes:* | export:* | replay:* | withdraw:* | rollback:* | gc:* | status:* | console:* | schedule:* | selftest:*) ;;
  *:--help | *:-h)
    usage=$(<"$project/Sources/pipeline/usage.txt")
    printf '%s\n' "${usage//.\/pipeline.sh/$me}" || exit 74
    exit
    ;;
  *:--version) echo "pipeline.sh $version$(commit)" || exit 74 && exit ;;
esac
export SPOOL_DIR=${SPOOL_DIR:-$project/spool}
[[ $RUN_ORIGIN == "$origin" ]] || fail 64 "RUN_ORIGIN '$origin' is unknown" "set it to shell, schedule or console"
need_database() {
  [[ -z ${DATABASE_URL-} ]] || return 0
  [[ -e $project/Package.swift || -n ${XDG_STATE_HOME-} ]] ||
    fail 78 "DATABASE_URL is not set" "set DATABASE_URL, or run $me with XDG_STATE_HOME set to a folder for a private PostgreSQL"
  [[ ${DATABASE_ORIGIN-} != settings ]] || refuse_misspelt_url
  cluster_start
}

# A misspelt DATABASE_URL in the settings of the services must not select the private PostgreSQL.
refuse_misspelt_url() {
  local name
  for name in $(compgen -e); do
    [[ $name == CONSOLE_DATABASE_URL || ${!name} != postgres?(ql)://* ]] ||
      fail 78 "DATABASE_URL is not set, but $name names a database" "correct the name, or remove $name to use the private PostgreSQL"
  done
}

need_source() {
  [[ -e $project/Package.swift ]] || fail 78 "'$command' needs the project's sources" "run it in a clone of the project: this is an installation"
}

# Runs selftest in namespaces of its own: whatever it starts and mounts ends with it.
cut_power() { # ARGUMENT...
  ((EUID == 0)) || fail 78 "unable to cut the power: only root may mount a loop device" "run the same command as root"
  need_postgres
  export POSTGRES_BIN
  if has_argument '*xfs' "$@" && ! command -v mkfs.xfs >/dev/null; then install_packages xfsprogs; fi
  exec unshare --mount --pid --fork --kill-child --mount-proc "$binaries/selftest" "$@"
}

case $command in
  run)
    open_marker
    build
    need_database
    chain 'fetch transform load' "$@"
    [[ -z $private || ! -t 2 ]] || ! logs_as text || echo "psql: $me psql   (or psql '$DATABASE_URL')" >&2
    ;;
  dry-run)
    open_marker
    build
    if has_argument --check "$@"; then
      need_database
      chain 'fetch transform load' "$@"
    else
      chain 'fetch transform' "$@"
    fi
    ;;
  fetch | transform | load | replay | withdraw)
    program=$command
    # The executables have more subcommands, which only this script uses.
    [[ ! $command =~ ^(fetch|transform|load)$ || ${1--} == -* ]] ||
      fail 64 "'$command' takes no argument" "$me $command --help lists the options"
    if [[ $command =~ ^(replay|withdraw)$ ]]; then program=load && set -- "$command" "$@"; fi
    [[ -n $asks ]] || open_marker
    build
    [[ -z $asks ]] || exec "$binaries/$program" "$@"
    [[ $program != load ]] || need_database
    stage "$program" "$@"
    close_marker
    ;;
  rollback)
    [[ -n $asks ]] || open_marker
    build
    [[ -z $asks ]] || exec "$binaries/load" rollback "$@"
    need_database
    # Transform first if a snapshot is named: gc may have removed its TSV files.
    if has_argument '*[0-9]T[0-9]*Z-*' "$@"; then chain 'transform load' "$@"; else chain load "$@"; fi
    ;;
  changes | export | runs)
    build
    [[ $command == runs || -n $asks ]] || need_database
    exec "$binaries/load" "$command" "$@"
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
    (($# == 0)) || fail 64 "'down' takes no arguments" "$me --help lists the commands"
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
    if [[ -z $asks ]] && has_argument --power "$@"; then cut_power "$@"; fi
    [[ -n $asks ]] || need_database
    exec "$binaries/selftest" "$@"
    ;;
  completion)
    text=$(completion "$@")
    printf '%s\n' "$text" || exit 74
    ;;
  package)
    (($# == 0)) || fail 64 "'package' takes no arguments" "$me --help lists the commands"
    need_source
    build_packages
    ;;
  test)
    need_source
    run_tests "$@"
    ;;
esac
