# shellcheck shell=bash
# Options: what concerns the script itself, and which stage gets what.
: "${command:?}"

# The options each stage knows; '=' marks those with a value. --chunk and --shard are missing on purpose: a part of a
# snapshot cannot be loaded, so they make sense with the transform command alone, which gets its options verbatim.
declare -A knows=(
  [fetch]='--source= --sample --spool= --chunk-size= --limit= --force --json'
  [transform]='--spool= --snapshot= --jobs= --max-rejects= --accept= --force --json'
  [load]='--spool= --snapshot= --jobs= --max-rejects= --accept= --force --json'
)
knows[load]+=' --max-decrease= --max-increase= --max-change= --max-city-loss= --verify --keep= --retain-days='
knows[fetch]+=' --max-bytes= --timeout= --connect-timeout= --stall-timeout='

# What concerns this script as well as a stage. The database is taken out of the arguments: stages read DATABASE_URL.
# shellcheck disable=SC2034 # for pipeline.sh
asks='' arguments=()
# shellcheck disable=SC2034
take_options() {
  while (($#)); do
    case $1 in
      --database-url=*) take_database "${1#*=}" && shift && continue ;;
      --database-url) take_database "${2-}" && shift 2 && continue ;;
      --spool) spool=${2-} && [[ -n $spool ]] || fail 64 "'--spool' needs a value" "--spool DIR" ;;
      --spool=*) spool=${1#*=} && [[ -n $spool ]] || fail 64 "'--spool' needs a value" "--spool DIR" ;;
      # For psql and 'swift test' these have meanings of their own, unless they come first.
      --help | -h | --version) [[ $command =~ ^(psql|test|compose)$ && ${#arguments[@]} -gt 0 ]] || asks=$1 ;;
    esac
    arguments+=("$1")
    shift
  done
}

take_database() { # URI
  refuse_password "$1"
  database_option=yes
  [[ -n $1 ]] || fail 64 "'--database-url' needs a value" "--database-url postgresql://USER@HOST/DATABASE"
  case $command in
    run | dry-run | load | changes | replay | withdraw | rollback | gc | status | psql | selftest) export DATABASE_URL=$1 ;;
    # What is typed goes before what is set, also for the console's own login.
    console | schedule) export DATABASE_URL=$1 && unset CONSOLE_DATABASE_URL ;;
    *) fail 64 "'$command' knows no option '--database-url'" "./pipeline.sh --help lists the options" ;;
  esac
}

# Sorts the arguments into fetch_args, transform_args and load_args.
route() { # STAGES ARGUMENT...
  local stages=$1 stage name words all=' '
  shift
  for stage in $stages; do
    declare -ga "${stage}_args=()"
    all+="${knows[$stage]} "
  done
  while (($#)); do
    name=${1%%=*} words=("$1")
    [[ $name == --?* ]] || fail 64 "unexpected argument '${1%%://*}'" "./pipeline.sh --help lists commands and options"
    if [[ $all == *" $name= "* ]]; then
      if [[ $1 != *=* ]]; then
        [[ $# -gt 1 && $2 != --* ]] || fail 64 "'$name' needs a value" "./pipeline.sh --help lists the options"
        words+=("$2")
        shift
      fi
      check "$name" "${words[-1]#"$name="}"
    elif [[ $all != *" $name "* || $1 == *=* ]]; then
      fail 64 "'$command' knows no option '$name'" "./pipeline.sh --help lists the options"
    fi
    for stage in $stages; do
      local -n routed=${stage}_args
      [[ " ${knows[$stage]} " != *" $name"[=\ ]* ]] || routed+=("${words[@]}")
    done
    shift
  done
  check JOBS "${JOBS:-1}"
  check MAX_REJECTS "${MAX_REJECTS:-1%}"
  check KEEP "${KEEP:-7}"
  check RETAIN_DAYS "${RETAIN_DAYS:-90}"
  for name in MAX_DECREASE MAX_INCREASE MAX_CHANGE MAX_CITY_LOSS; do check "$name" "${!name:-1}"; done
}

# With --check load follows, which only compares.
# shellcheck disable=SC2034 # for pipeline.sh
route_dry_run() { # OPTION...
  local word words=()
  dry_run_stages=(fetch transform)
  if asks_for --check "$@"; then
    for word; do [[ $word == --check ]] || words+=("$word"); done
    set -- "${words[@]}"
    dry_run_stages+=(load)
    knows[load]='--spool= --snapshot= --max-rejects= --max-decrease= --max-increase= --max-change= --max-city-loss= --accept= --json'
  elif [[ -n ${database_option-} ]]; then
    fail 64 "'dry-run' without --check knows no option '--database-url'" "./pipeline.sh dry-run --check compares with the database"
  fi
  route "${dry_run_stages[*]}" "$@"
}

# Whether an option is among routed arguments. Words are compared whole: the value of another one may say anything.
asks_for() { # OPTION ARGUMENT...
  local name=$1 word
  shift
  for word; do [[ $word != "$name" && $word != "$name="* ]] || return 0; done
  return 1
}

# A rollback to a snapshot that is named goes by way of transform: a clean-up may have taken its TSV files away. It was
# published, or is asked for by a person: no budget is asked again.
# shellcheck disable=SC2034 # for pipeline.sh
route_rollback() { # [SNAPSHOT] OPTION...
  local target=()
  [[ -z ${1-} || $1 == -* ]] || { target=("$1") && shift; }
  knows=([transform]='--spool= --jobs= --json' [load]='--spool= --jobs= --json')
  route 'transform load' "$@"
  rollback_stages=(load)
  if ((${#target[@]})); then
    rollback_stages=(transform load)
    transform_args+=(--snapshot "${target[0]}" --max-rejects 100%)
  fi
  load_args=(rollback "${target[@]}" "${load_args[@]}")
}

# Stages judge their own options; these would otherwise be found wrong only after the whole download.
check() { # NAME VALUE
  case $1 in
    --jobs | JOBS)
      { [[ $2 =~ ^[0-9]{1,9}$ ]] && ((10#$2 >= 1 && 10#$2 <= 256)); } ||
        fail 64 "invalid $1 '$2'" "a number from 1 to 256"
      ;;
    --max-decrease | --max-increase | --max-change | --max-city-loss | \
      MAX_DECREASE | MAX_INCREASE | MAX_CHANGE | MAX_CITY_LOSS)
      [[ $2 =~ ^[0-9]{1,6}(\.[0-9]+)?%?$ ]] || fail 64 "invalid $1 '$2'" "a percentage such as 5%"
      ;;
    --keep | KEEP)
      { [[ $2 =~ ^[0-9]{1,6}$ ]] && ((10#$2 >= 1)); } || fail 64 "invalid $1 '$2'" "a number of snapshots from 1"
      ;;
    --snapshot)
      [[ $2 =~ ^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$ ]] || fail 64 "'$2' is not a snapshot's name" "./pipeline.sh status lists them"
      ;;
    --retain-days | RETAIN_DAYS)
      { [[ $2 =~ ^[0-9]{1,5}$ ]] && ((10#$2 >= 1 && 10#$2 <= 36500)); } || fail 64 "invalid $1 '$2'" "a number of days from 1"
      ;;
    --accept)
      [[ -n ${2//[[:space:]]/} ]] || fail 64 "'--accept' needs a reason" "--accept 'all industry codes were re-issued'"
      ;;
    --max-rejects | MAX_REJECTS)
      [[ $2 =~ ^[0-9]{1,18}$|^([0-9]{1,2}(\.[0-9]+)?|100(\.0+)?)%$ ]] || fail 64 "invalid $1 '$2'" "a count, or a percentage such as 1%"
      ;;
  esac
}
