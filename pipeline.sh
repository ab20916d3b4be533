#!/usr/bin/env bash
# Brings the business tax registration file into PostgreSQL: sets up what is missing, then chains the three stages.
# It only parses, dispatches and passes signals and exit codes on; the work is done by the executables, the set-up
# by the scripts in Sources/pipeline.
[ -n "${BASH_VERSION-}" ] || exec bash -- "$0" "$@" # sh pipeline.sh, where sh is another shell
set -euo pipefail
set +o posix # as POSIXLY_CORRECT sets it
# What is opened next would otherwise become stdin, stdout or stderr.
[[ -e /dev/fd/0 ]] || exec </dev/null
[[ -e /dev/fd/1 ]] || exec >/dev/null
[[ -e /dev/fd/2 ]] || exec 2>/dev/null

umask u=rwx # one that denies the owner too would lock us out of our own folders

version=1.0.0
self=$(readlink -f -- "${BASH_SOURCE[0]}")
project=${self%/*}
binaries=$project/.build/release
[[ -e $project/Package.swift ]] || binaries=$project/bin # an installation, such as the image's: programs without their source
# How hints name this script: an installation has a link of its own name, and passes it on to the runs that its console
# starts.
me=${PIPELINE_NAME-}
[[ ${BASH_SOURCE[0]##*/} == pipeline.sh ]] || me=${BASH_SOURCE[0]##*/}
[[ $me =~ ^[A-Za-z0-9._/-]+$ ]] || me=./pipeline.sh
export PIPELINE_NAME=$me
command=run
private='' # yes, where the database is the private one
spool='' arguments=() psql=''
read -r RUN_ID </proc/sys/kernel/random/uuid
RUN_STARTED_AT=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
origin=${RUN_ORIGIN:-shell}
RUN_ORIGIN=shell # what is none of the three goes into no record
[[ ! $origin =~ ^(schedule|console)$ ]] || RUN_ORIGIN=$origin
unset RUN_MARKER RUN_COMMAND
export RUN_ID RUN_STARTED_AT RUN_ORIGIN

# What cannot be written to stderr is no reason to stop.
say() { # MESSAGE, and where LOG_FORMAT=json asks for it as one object like the stages' own
  ! logs_as text || echo "pipeline.sh: $*" >&2 || :
  ! logs_as json || log_json INFO "$*" || :
}

fail() { # CODE MESSAGE [HINT...]
  local code=$1 message=${2//[[:cntrl:]]/?} event_id fields=''
  trap '' PIPE # without a reader of stderr, the record and the exit code still say how it ended
  # A value that was given in another's place may be an address with a password.
  [[ $message != *://*@* ]] || message=$(LC_ALL=C sed -E "s#[^ ']*://.*@[^ ']*#…#" <<<"$message")
  shift 2
  read -r event_id </proc/sys/kernel/random/uuid
  ! logs_as text || show_failure "$message" "$@" >&2 || :
  # What a person at a terminal mistypes is shown there, and is no failed run. cron and systemd have no terminal.
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

show_failure() { # MESSAGE [HINT...]
  echo "pipeline.sh: $1"
  (($# == 1)) || printf 'HINT: %s\n' "${@:2}"
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
  [[ -d $1 ]] && umask 077 && mkdir -p -- "$1/runs" || return
  {
    printf '{"run_id":"%s","command":"%s","origin":"%s",' "$RUN_ID" "$command" "$RUN_ORIGIN"
    printf '"started_at":"%s","ended_at":"%s",' "$RUN_STARTED_AT" "$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)"
    printf '"exit_code":%d,"status":"failed","stages":{},"findings":{},' "$2"
    printf '"error":{"stage":"pipeline.sh","message":%s,"hints":[%s],"exit_code":%d}}\n' "$(json "$3")" "$(json "${@:4}")" "$2"
  } >"$1/runs/.$RUN_ID" && mv -n -- "$1/runs/.$RUN_ID" "$1/runs/$RUN_ID.json"
}

log_json() { # LEVEL MESSAGE [MEMBERS]
  local now
  now=@$(date +%s.%3N)
  printf '{"timestamp":"%s","time":"%s","level":"%s","name":"pipeline.sh","message":%s,"path":"console","event_id":"%s","run_id":"%s"%s}\n' \
    "$(date -d "$now" +%Y-%m-%dT%H:%M:%S.%3N%z)" "$(date -u -d "$now" +%Y-%m-%dT%H:%M:%S.%3NZ)" "$1" "$(json "$2")" \
    "${event_id:-$(</proc/sys/kernel/random/uuid)}" "$RUN_ID" "${3-}" >&2
}

# A line of the log has less than 16 KiB, or collectors split it: a text has a thousand characters at most.
json() { # TEXT...: strings, with commas between them
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

# By way of UTF-16, which has no more than Unicode: iconv takes other numbers as UTF-8.
valid_utf8() { # TEXT, without the bytes that are no text
  iconv -c -f UTF-8 -t UTF-16LE <<<"$1" | iconv -f UTF-16LE -t UTF-8 || : # the first fails where it leaves bytes out
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
  # The programs would read it as another path.
  ! command -v iconv >/dev/null || [[ $(valid_utf8 "$spool") == "$spool" ]] || fail 64 "the spool's path is not UTF-8" "rename the folder"
  for folder in "$spool" "$spool/.runs"; do
    [[ -e $folder || ! -L $folder ]] || fail 74 "'$folder' is a link, and what it names is not there" "is its disk mounted?"
    [[ -d $folder ]] || problem=$(LC_ALL=C mkdir -m 700 -- "$folder" 2>&1) || [[ -d $folder ]] ||
      fail 74 "unable to create '$folder': ${problem##*: }" "--spool DIR or SPOOL_DIR names another folder"
  done
  ((EUID != 0)) || [[ $(stat -c %u -- "$spool") == 0 ]] || warn_of_owner
  new=$folder/.$$.$RUN_ID # locked before it has its name: no other run ever sees it unlocked
  lock_marker "$new" "$folder/$RUN_ID" 2>/dev/null || {
    rm -f -- "$new" 2>/dev/null || :
    fail 74 "unable to write in '$folder'" "check its owner, its mode and the free space of the disk"
  }
  export RUN_MARKER=$folder/$RUN_ID
}

warn_of_owner() {
  local owner
  owner=$(stat -c %U -- "$spool")
  say "the spool '$spool' belongs to '$owner', which cannot change what root leaves there: run this as '$owner', or chown the spool to it afterwards"
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
    126 | 127) fail 78 "unable to start '$binaries/$1'" "the message above says why" \
      "where it names a file that is missing or no program, remove '$project/.build' to have it built anew" ;;
    12[89] | 1[3-9]?) fail "$code" "$1 was killed by signal $((code - 128))" "the same command goes on from there" ;;
  esac
  exit "$code"
}

# The stages share one summary, the run's record: each continues it, and the last one, or the one that fails, prints it.
# All get the same arguments: each parses the whole command's, so the first one refuses what is wrong.
chain() { # STAGES ARGUMENT...
  local name
  for name in $1; do stage "$name" "$command" "${@:2}"; done
  close_marker
}

for part in options url signals packages build cluster cluster-settings console cloud reference package; do
  # shellcheck source=/dev/null # each is checked by itself
  source "$project/Sources/pipeline/$part.sh"
done

if (($#)); then
  case $1 in
    run | fetch | transform | load | dry-run | runs | findings | changes | replay | withdraw | rollback | gc | status | psql | down | \
      setup | up | compose | drill | destroy | cleanup | console | schedule | selftest | test | completion | package)
      command=$1 && shift
      ;;
    --help | -h | --version | -*) ;;
    *)
      # Anything else but a word may be an address with a password.
      command='' shown=…
      [[ ! $1 =~ ^[A-Za-z0-9_-]+$ ]] || shown=$1
      fail 64 "unknown command '$shown'" "$me --help lists the commands"
      ;;
  esac
fi
read_options "$@"
set -- "${arguments[@]}"
case $command:$asks in
  fetch:* | transform:* | load:* | runs:* | findings:* | changes:* | replay:* | withdraw:* | rollback:* | gc:* | status:* | console:* | schedule:* | selftest:*) ;;
  *:--help | *:-h)
    usage=$(<"$project/Sources/pipeline/usage.txt")
    printf '%s\n' "${usage//.\/pipeline.sh/$me}" || exit 74
    exit
    ;;
  *:--version) echo "pipeline.sh $version$(commit)" || exit 74 && exit ;;
esac
export SPOOL_DIR=${SPOOL_DIR:-$project/spool}
[[ $RUN_ORIGIN == "$origin" ]] || fail 64 "RUN_ORIGIN '$origin' is unknown" "one of shell, schedule, console"
need_database() {
  [[ -z ${DATABASE_URL-} ]] || return 0
  [[ -e $project/Package.swift || -n ${XDG_STATE_HOME-} ]] ||
    fail 78 "DATABASE_URL is not set" "name a database, or in XDG_STATE_HOME a folder for a private PostgreSQL"
  cluster_start 9>&- # a server that holds the marker's lock would make the run look alive for ever
}

need_source() {
  [[ -e $project/Package.swift ]] || fail 78 "'$command' needs the project's source" "run it where that is: this is an installation"
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
    # The programs have subcommands for chains and for commands of other names.
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
    # To a snapshot that is named by way of transform: a clean-up may have taken its TSV files away.
    if has_argument '*[0-9]T[0-9]*Z-*' "$@"; then chain 'transform load' "$@"; else chain load "$@"; fi
    ;;
  changes | runs)
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
    [[ -n $asks ]] || need_database
    exec "$binaries/selftest" "$@"
    ;;
  completion) completion "$@" ;;
  package)
    (($# == 0)) || fail 64 "'package' takes no arguments" "$me --help lists the commands"
    need_source
    build_packages
    ;;
  test)
    need_source
    need_test_tools
    run_tests "$@"
    ;;
esac
