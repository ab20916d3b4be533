# shellcheck shell=bash
# Database addresses, and the passwords in them. Arguments can be read by everybody on the machine, so a password may
# come in the environment or from libpq's password file only, and is never passed on as an argument.

percent_decode() {
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}

percent_encode() {
  local LC_ALL=C index byte code
  for ((index = 0; index < ${#1}; index++)); do
    byte=${1:index:1}
    case $byte in
      [a-zA-Z0-9/._~-]) printf '%s' "$byte" ;;
      *)
        printf -v code '%d' "'$byte"
        printf '%%%02X' $((code & 255))
        ;;
    esac
  done
}

# Also where libpq would not find one, as with a raw '/' or '@' in the password: it would show up in error messages.
has_password() {
  local text
  text=$(percent_decode "$1")
  [[ ${1%%\?*} =~ ://[^@]*:.+@ || ${text,,} =~ (^|[?&,\;[:space:]\'])((ssl)?password|pwd)[[:space:]]*= ]]
}

refuse_password() { # ADDRESS
  ! has_password "$1" ||
    fail 64 "'--database-url' with a password is refused: everybody on this machine can read arguments" \
      "set DATABASE_URL in the environment, or keep the password in a file of mode 0600 that PGPASSFILE names"
}

# Whether an address without its password is one whose parts are what they seem: a raw '@' or '/' in a password, or the
# ';' and ',' of other drivers' connection strings, leave a piece of it in the host, the user or the database, which psql
# would quote.
is_plain() { # ADDRESS
  local host='(\[[0-9A-Fa-f:.%]*\]|[A-Za-z0-9._%-]*)(:[0-9]*)?'
  local pair='[A-Za-z_]+=[^@&]*'
  local uri="^postgres(ql)?://([^]@:/?#;,= []*@)?$host(,$host)*(/[^]@:/?#;,= []*)?(\\?$pair(&$pair)*)?\$"
  if [[ $1 == *://* ]]; then
    [[ $1 =~ $uri ]]
  else
    [[ $1 == *=* && $1 != *:*@* && $1 != *\;* ]]
  fi
}

# psql takes an address as argument only: the password goes into the environment first.
hide_password() {
  local password='' form='the form is postgresql://USER@HOST:PORT/DATABASE, with special characters percent-encoded'
  [[ $DATABASE_URL != *://* || ! $DATABASE_URL =~ %([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$) ]] ||
    fail 64 "DATABASE_URL is malformed" "$form"
  if [[ $DATABASE_URL =~ ^([a-z]+://[^:@/?]*):([^@/?]*)(@.*)$ ]] ||
    [[ $DATABASE_URL =~ ^([^?]*\?|[^?]*\?.*\&)password=([^\&]*)\&?(.*)$ ]]; then
    DATABASE_URL=${BASH_REMATCH[1]}${BASH_REMATCH[3]} password=${BASH_REMATCH[2]}
    PGPASSWORD=$(percent_decode "$password")
    export PGPASSWORD
  fi
  ! has_password "$DATABASE_URL" ||
    fail 64 "unable to take the password out of DATABASE_URL for psql" "set PGPASSWORD or PGPASSFILE instead"
  is_plain "$DATABASE_URL" || fail 64 "DATABASE_URL is malformed" "$form"
}
