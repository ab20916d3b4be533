# shellcheck shell=bash
# What the checks of the image and of the package share: messages, installing tools, and a Debian without anything.
: "${project:?}"

# shellcheck source=Sources/pipeline/packages.sh
source "$project/Sources/pipeline/packages.sh"
# shellcheck source=Tests/shell/support/venv.sh
source "$project/Tests/shell/support/venv.sh"

say() { echo "${0##*/}: $*" >&2; }
logs_as() { [[ $1 == text ]]; }

fail() { # CODE MESSAGE [HINT...]
  say "$2"
  (($# == 2)) || printf 'HINT: %s\n' "${@:3}" >&2
  exit "$1"
}

require_root() { ((EUID == 0)) || fail 78 "debootstrap and chroot need root" "run it as root, in a machine that is there for it"; }

equal() { # WHAT EXPECTED ACTUAL
  [[ $2 == "$3" ]] || fail 70 "$1: expected '$2', got '$3'"
  say "$1: $3"
}

# Assembles a minimal Debian of this machine's release, with this machine's package sources.
make_bare_root() { # FOLDER
  local release
  release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  say "assembling Debian $release in '$1'"
  debootstrap --variant=minbase "$release" "$1" >"$1.log" 2>&1 || { tail -n 5 "$1.log" >&2 && fail 69 "debootstrap fails"; }
  rm -f "$1/etc/apt/sources.list"
  cp -a /etc/apt/sources.list.d/debian.sources "$1/etc/apt/sources.list.d/" 2>/dev/null || cp -a /etc/apt/sources.list "$1/etc/apt/"
  cp -a /etc/apt/apt.conf.d/*proxy* "$1/etc/apt/apt.conf.d/" 2>/dev/null || :
}
