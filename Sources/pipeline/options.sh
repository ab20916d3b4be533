# shellcheck shell=bash
# Parses the options that the script needs itself. Sources/Core/CommandKit/Options declares all others; they are passed on.
: "${command:?}"

# Sets asks (--help or --version), spool, DATABASE_URL, and arguments (those to pass on).
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
      # For the clean-up after a refused run; the executables read the options themselves.
      --keep) export KEEP=$value ;;
      --retain-days) export RETAIN_DAYS=$value ;;
      --database-url)
        refuse_password "$value"
        [[ -n $value ]] || fail 64 "'--database-url' needs a value" "--database-url postgresql://USER@HOST/DATABASE"
        export DATABASE_URL=$value
        # These read the URL only from the environment. The option also overrides the console's own login.
        if [[ $command =~ ^(psql|console|schedule|selftest)$ ]]; then
          unset CONSOLE_DATABASE_URL
          [[ $1 == *=* ]] || shift
          shift
          continue
        fi
        ;;
      # After the first argument, these belong to psql, 'swift test' or 'docker compose'.
      --help | -h | --version) [[ $command =~ ^(psql|test|compose)$ && ${#arguments[@]} -gt 0 ]] || asks=$1 ;;
    esac
    arguments+=("$1")
    shift
  done
}

# Tells whether an argument matches a pattern as a whole: the value of an option may contain the name of another.
has_argument() { # PATTERN ARGUMENT...
  local word
  # shellcheck disable=SC2053 # it is a pattern
  for word in "${@:2}"; do [[ $word != $1 ]] || return 0; done
  return 1
}
