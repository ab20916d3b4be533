# shellcheck shell=bash
# Database URLs. Every user of the machine can read arguments, so a password is accepted only from the environment and
# from libpq's password file.

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

# Also finds passwords that libpq would not, such as one with a raw '/' or '@': error messages would show them.
has_password() {
  local text
  text=$(percent_decode "$1")
  [[ ${1%%\?*} =~ ://[^@]*:.+@ || ${text,,} =~ (^|[?&,\;[:space:]\'])((ssl)?password|pwd)[[:space:]]*= ]]
}

refuse_password() { # ADDRESS
  ! has_password "$1" ||
    fail 64 "'--database-url' must not contain a password: every user of this machine can read arguments" \
      "set DATABASE_URL in the environment, or keep the password in a file of mode 0600 that PGPASSFILE names"
}
