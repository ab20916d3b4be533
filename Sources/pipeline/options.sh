# shellcheck shell=bash
# The few options that concern the script itself. Every other one is declared in Sources/Core/CommandKit/Options, and passed on.
: "${command:?}"

# Sets asks to --help or --version, spool, DATABASE_URL, and arguments: what is passed on.
# shellcheck disable=SC2034 # for pipeline.sh
read_options() {
  local name value
  asks='' arguments=()
  while (($#)); do
    name=${1%%=*} value=${2-}
    [[ $1 != *=* ]] || value=${1#*=}
    case $name in
      --spool)
        [[ -n $value ]] || fail 64 "'--spool' needs a value" "--spool DIR"
        spool=$value
        ;;
      --database-url)
        refuse_password "$value"
        [[ -n $value ]] || fail 64 "'--database-url' needs a value" "--database-url postgresql://USER@HOST/DATABASE"
        export DATABASE_URL=$value
        # These take it from the environment alone. What is typed goes before what is set, also for the console's own login.
        if [[ $command =~ ^(psql|console|schedule|selftest)$ ]]; then
          unset CONSOLE_DATABASE_URL
          [[ $1 == *=* ]] || shift
          shift
          continue
        fi
        ;;
      # For psql and 'swift test' these have meanings of their own, unless they come first.
      --help | -h | --version) [[ $command =~ ^(psql|test|compose)$ && ${#arguments[@]} -gt 0 ]] || asks=$1 ;;
    esac
    arguments+=("$1")
    shift
  done
}

# Whether an argument is like a pattern, whole: the value of another option may say anything.
has_argument() { # PATTERN ARGUMENT...
  local word
  # shellcheck disable=SC2053 # it is a pattern
  for word in "${@:2}"; do [[ $word != $1 ]] || return 0; done
  return 1
}
