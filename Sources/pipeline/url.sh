# shellcheck shell=bash
# Database addresses, and the passwords in them. Arguments can be read by everybody on the machine, so a password may
# come in the environment or from libpq's password file only.

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
