#!/usr/bin/env bash
# Checks the package in a Debian without anything: builds it, installs it, loads the sample as the services' user, upgrades,
# removes and purges it. Takes ten minutes and needs root, so it is no part of the tests.
#
#   Tests/package/check.sh [--built] [--twice]
#
# --built takes the packages that are in dist/. --twice builds them a second time and compares the two, byte for byte.
set -euo pipefail

project=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
built='' twice=''
for argument; do
  case $argument in
    --built) built=yes ;;
    --twice) twice=yes ;;
    *) echo "usage: ${0##*/} [--built] [--twice]" >&2 && exit 64 ;;
  esac
done

# shellcheck source=Tests/shell/support/bare_root.sh
source "$project/Tests/shell/support/bare_root.sh"

require_root
missing=()
command -v debootstrap >/dev/null || missing+=(debootstrap)
command -v lintian >/dev/null || missing+=(lintian)
install_packages "${missing[@]}"

scratch=$(mktemp -d /var/tmp/registry-package-XXXXXX)
root=$scratch/root
state=/var/lib/business-registry
trap 'inside business-registry down >/dev/null 2>&1 || :; umount -l "$root/proc" 2>/dev/null || :; rm -rf --one-file-system -- "$scratch"' EXIT

inside() { chroot "$root" "$@"; }
apt() { inside env DEBIAN_FRONTEND=noninteractive apt-get -qq -y "$@" >"$scratch/apt.log" 2>&1 || { tail -n 5 "$scratch/apt.log" >&2 && fail 69 "apt-get $1 fails"; }; }
services() { cat "$root/services" 2>/dev/null && rm -f "$root/services"; } # what was asked of systemctl

build() {
  [[ -n $built ]] || "$project/pipeline.sh" package
  deb=$(echo "$project"/dist/*.deb)
  (cd "$project/dist" && sha256sum --check --quiet SHA256SUMS) || fail 70 "SHA256SUMS is wrong"
  if [[ -n $twice ]]; then
    cp "$project/dist/SHA256SUMS" "$scratch/first"
    rm -rf -- "$project/.build/package"
    "$project/pipeline.sh" package
    equal 'packages of two builds' "$(<"$scratch/first")" "$(<"$project/dist/SHA256SUMS")"
  fi
  equal 'lintian' '' "$(lintian --tag-display-limit 0 "$deb" 2>&1 | grep -v 'running with root privileges' || :)"
  make_venv "$project/.build/package-venv" "$project/Tests/package/requirements.txt"
  equal 'bill of materials' '' "$("$project/.build/package-venv/bin/pyspdxtools" --infile "$project/dist/sbom.spdx.json" 2>&1 | grep -v 'The document is valid' || :)"
}

install_bare() {
  local program
  make_bare_root "$root"
  mount -t proc proc "$root/proc"
  # Stand-ins that write down how they are called (apt looks for no program below /usr/local), as if systemd ran.
  mkdir -p "$root/run/systemd/system"
  # shellcheck disable=SC2016 # for the script to expand
  for program in systemctl deb-systemd-invoke; do
    printf '#!/bin/sh\necho "$*" >>/services\n' >"$root/usr/bin/$program"
    chmod 755 "$root/usr/bin/$program"
  done
  cp "$deb" "$root/first.deb"
  apt update
  apt install --no-install-recommends /first.deb
  equal 'asked of systemd by the installation' '--system daemon-reload' "$(services)"
  equal 'Swift or a compiler beside it' '' "$(inside sh -c 'command -v swift gcc cc clang' || :)"
  # shellcheck disable=SC2016 # for the shell inside to expand
  equal 'libraries that are missing' '' "$(inside sh -c 'for p in /usr/lib/business-registry/bin/*; do [ ! -f "$p" ] || ldd "$p"; done' | grep 'not found' || :)"
  equal 'settings' '600 root' "$(stat -c '%a %U' "$root/etc/business-registry/registry.env")"
  equal 'first line of the help' 'usage: business-registry [COMMAND] [OPTIONS]' "$(inside business-registry --help | head -n 1)"
  [[ $(inside business-registry --version) =~ ^pipeline\.sh\ [0-9.]+\ \([0-9a-f]{12}\)$ ]] || fail 70 "--version names no commit"
}

load_sample() {
  apt install postgresql
  services >/dev/null || :
  inside business-registry --sample >"$scratch/summary" 2>"$scratch/log" || { cat "$scratch/log" >&2 && fail 70 "the sample cannot be loaded"; }
  equal 'businesses in the registry' "$(sed -n 's/^registrations.* //p' "$scratch/summary")" "$(registrations)"
  equal 'owner of the spool' business-registry "$(inside stat -c %U "$state/spool")"
}

registrations() { inside business-registry psql -X -A -t -c "SELECT to_char(count(*), 'FM999,999') FROM tax_registration"; }

# The names of the processes that run inside.
processes() {
  local process
  for process in /proc/[0-9]*; do [[ $(readlink "$process/root") != "$root" ]] || cat "$process/comm"; done
}

# The same package with a higher version. The settings were edited before.
upgrade() {
  local before
  before=$(registrations)
  echo 'LOG_LEVEL=debug' >>"$root/etc/business-registry/registry.env"
  dpkg-deb -R "$deb" "$scratch/next"
  sed -i 's/^Version: .*/&+next/' "$scratch/next/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip -b "$scratch/next" "$root/next.deb" >/dev/null
  apt install --no-install-recommends /next.deb
  equal 'asked of systemd by the upgrade' $'--system daemon-reload\n--system daemon-reload\ntry-restart business-registry.timer business-registry-console.service' "$(services)"
  equal 'registry after the upgrade' "$before" "$(registrations)"
  equal 'edited settings after the upgrade' 'LOG_LEVEL=debug' "$(tail -n 1 "$root/etc/business-registry/registry.env")"
  equal 'load after the upgrade' 0 "$(inside business-registry load >/dev/null 2>&1 && echo 0 || echo $?)"
}

remove_and_purge() {
  local spool
  spool=$(inside ls "$state/spool")
  apt remove business-registry
  services | grep -q '^stop business-registry.timer' || fail 70 "the timer was not stopped"
  equal 'processes after the removal' '' "$(processes)"
  equal 'programs after the removal' '' "$(ls "$root/usr/lib/business-registry" "$root/usr/bin/business-registry" 2>/dev/null || :)"
  equal 'spool after the removal' "$spool" "$(inside ls "$state/spool")"
  apt purge business-registry
  equal 'files after the purge' '' "$(find "$root/etc" "$root/var/lib" "$root/var/log" "$root/usr" -path '*business-registry*' -not -path '*/dpkg/*' -not -path '*/apt/*' 2>/dev/null || :)"
}

build
install_bare
load_sample
upgrade
remove_and_purge
say 'all of it passed'
