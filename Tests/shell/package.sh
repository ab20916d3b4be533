#!/usr/bin/env bash
# Tests the packages, with stand-ins for the binaries, and the completions from the help text.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

# Builds the copy's packages in a folder. Their dates are the commit's.
make() { # FOLDER
  (
    say() { :; }
    fail() { echo "$2" >&2 && exit "$1"; }
    # shellcheck disable=SC2034 # for package.sh
    project=$tree binaries=$tree/.build/release version=1.0.0 me=./pipeline.sh self=$tree/pipeline.sh
    # shellcheck source=Sources/pipeline/reference.sh
    source "$tree/Sources/pipeline/reference.sh"
    # shellcheck source=Sources/pipeline/package.sh
    source "$tree/Sources/pipeline/package.sh"
    make_packages "$tree/.build/release" "$1"
  )
}

commit_copy() {
  # Here the binaries are scripts, which need no libraries.
  mkdir -p "$scratch/bin"
  printf '#!/bin/sh\necho "shlibs:Depends=libpq5 (>= 15)"\n' >"$scratch/bin/dpkg-shlibdeps" && chmod +x "$scratch/bin/dpkg-shlibdeps"
  export PATH=$scratch/bin:$PATH
  # Their help, as the manual page asks for it.
  local program
  for program in fetch transform load console; do
    export "STUB_$program=[[ \$* != *dump-help ]] || echo '{\"command\":{\"commandName\":\"$program\",\"abstract\":\"Try $program.\"}}'"
  done
  cp -a "$source_tree"/{docs,packaging,LICENSE,CHANGELOG.md,README.md,README.zh-TW.md,SECURITY.md} "$tree"
  mkdir -p "$tree/.build/release/business-registry_FetchStage.resources/Sample"
  cp "$tree/.build/release/load" "$tree/.build/release/console"
  echo '{"pins":[{"identity":"swift-log","location":"https://example.org/swift-log","state":{"revision":"abc","version":"1.6.0"}}]}' \
    >"$tree/Package.resolved"
  git -C "$tree" init -q
  git -C "$tree" add -A
  git -C "$tree" -c user.name=test -c user.email=test@example.org commit -qm test --date 2026-11-01T00:00:00Z
}

test_packages_are_complete_and_reproducible() {
  commit_copy
  make "$scratch/one" 2>"$scratch/err" || { cat "$scratch/err" && return 1; }
  make "$scratch/two"
  equal 'the same twice' "$(cat "$scratch/one/SHA256SUMS")" "$(cat "$scratch/two/SHA256SUMS")"
  (cd "$scratch/one" && sha256sum --check --quiet SHA256SUMS)
  equal components 'business-registry swift-log' "$(jq -r '[.packages[].name] | join(" ")' "$scratch/one/sbom.spdx.json")"

  local root=$scratch/root deb
  deb=$(echo "$scratch"/one/*.deb)
  dpkg-deb -x "$deb" "$root"
  equal conffiles /etc/business-registry/registry.env "$(dpkg-deb --info "$deb" conffiles)"
  equal 'mode of the settings' 600 "$(stat -c %a "$root/etc/business-registry/registry.env")"
  equal settings '' "$(grep '^DATABASE_URL' "$root/etc/business-registry/registry.env")"
  equal units "$(cd "$source_tree/packaging/systemd" && echo *.service *.timer)" "$(cd "$root/usr/lib/systemd/system" && echo *)"
  equal 'paths of the source' '' "$(grep -l /opt/business-registry "$root"/usr/lib/systemd/system/*)"
  [[ $(dpkg-deb --field "$deb" Version) =~ ^1\.0\.0\+git20[0-9]{12}$ ]]
  equal depends 'adduser, ca-certificates, tzdata, zstd, libpq5 (>= 15)' "$(dpkg-deb --field "$deb" Depends)"
  equal owners 'root/root' "$(dpkg-deb -c "$deb" | awk '{ print $2 }' | sort -u)"
  # It runs under its installed name, prints its commit, and uses that name in hints.
  local installed=$root/usr/lib/business-registry/pipeline.sh
  # shellcheck disable=SC2031 # of a subshell elsewhere
  export PIPELINE_NAME=business-registry
  [[ $("$installed" --version) =~ ^pipeline\.sh\ 1\.0\.0\ \([0-9a-f]{12}\)$ ]]
  equal usage 'usage: business-registry [COMMAND] [OPTIONS]' "$("$installed" --help | head -n 1)"
  equal hint 'HINT: business-registry --help lists the commands' "$("$installed" nonsense 2>&1 | tail -n 1)"
  SPOOL_DIR=$scratch/spool DATABASE_URL=postgresql:///x "$installed" load >/dev/null
  equal calls "load " "$(tail -n 1 "$calls")"
  gzip -dc "$root/usr/share/man/man1/business-registry.1.gz" >"$scratch/manual"
  grep -q '^\.B \\-\\-database\\-url \\fIURI\\fR$' "$scratch/manual"
  equal 'commands of the programs' 'Try fetch. Try transform. Try load. Try console.' "$(grep '^Try' "$scratch/manual" | tr '\n' ' ' | sed 's/ $//')"
}

test_a_tarball_runs_from_any_folder() {
  commit_copy
  make "$scratch/three"
  mkdir "$scratch/any"
  tar -C "$scratch/any" -xf "$scratch"/three/*.tar.xz
  (cd "$scratch/any"/* && ./pipeline.sh --version | grep -q '1.0.0 (' && [[ -e LICENSE && -e sbom.spdx.json ]])
}

test_every_command_and_option_is_completed() {
  local COMP_WORDS=(pipeline.sh st) COMP_CWORD=1 COMPREPLY=() name
  pipeline completion bash
  # shellcheck source=/dev/null
  source <(printf '%s\n' "$out")
  _business_registry
  equal command status "${COMPREPLY[*]}"
  COMP_WORDS=(pipeline.sh load --max-c) COMP_CWORD=2
  _business_registry
  equal options '--max-change --max-city-loss' "${COMPREPLY[*]}"
  for name in zsh fish; do
    pipeline completion "$name"
    equal "exit code for $name" 0 "$code"
    [[ $out == *rollback* && $out == *max-city-loss* ]]
  done
  for name in bash zsh fish; do
    code=0
    "$tree/pipeline.sh" completion "$name" >/dev/full 2>/dev/null || code=$?
    equal "exit code for $name on a full disk" 74 "$code"
  done
  pipeline completion tcsh
  refused 64 "'completion' needs a shell: bash, zsh or fish"
}

run_all
