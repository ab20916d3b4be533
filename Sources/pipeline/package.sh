# shellcheck shell=bash
# Builds a Debian package and a tarball of the binaries, which run without Swift.
: "${project:?}" "${version:?}"

packaged=(fetch transform load console)

# Links Swift's libraries statically. All dates are the commit's, so packages of the same binaries are identical.
build_packages() {
  local program products=$project/.build/package
  need_swift
  need_build_packages
  need_package_tools
  export WITH_CONSOLE=yes
  lock_build
  for program in "${packaged[@]}"; do
    say "building $program for the package"
    # Without the hashes for incremental builds, in which two builds differ, and without the linker's hash of all sections.
    swift_quietly build -c release --static-swift-stdlib -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen \
      -Xlinker --build-id=none --scratch-path "$products" --product "$program" ||
      fail 70 "unable to build $program" "see the messages above"
  done
  exec 7>&-
  make_packages "$products/release" "$project/dist"
}

need_package_tools() {
  local missing=()
  command -v dpkg-shlibdeps >/dev/null || missing+=(dpkg-dev)
  command -v jq >/dev/null || missing+=(jq)
  command -v strip >/dev/null || missing+=(binutils)
  command -v xz >/dev/null || missing+=(xz-utils)
  install_packages "${missing[@]}"
}

make_packages() { # PROGRAMS OUTPUT
  local stage output=$2 architecture name version=$version
  SOURCE_DATE_EPOCH=$(git -C "$project" log -1 --format=%ct 2>/dev/null) || fail 78 "'package' needs a git clone" "clone the project with git, and run it there"
  export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
  umask 022
  # Between two releases each commit has a version of its own, so that apt installs a later one over an earlier one.
  git -C "$project" tag --points-at HEAD | grep -qxF "v$version" || version+=+git$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)
  architecture=$(dpkg --print-architecture)
  name=business-registry-$version-linux-$(uname -m)
  stage=$(mktemp -d)
  mkdir -p -- "$output"
  rm -f -- "$output"/business-registry[_-]*
  stage_files "$1" "$stage/root"
  stage_bill_of_materials >"$stage/sbom.spdx.json"
  make_tarball "$stage" "$name" "$output"
  make_deb "$stage" "$architecture" "$output"
  install -m 644 -- "$stage/sbom.spdx.json" "$output/sbom.spdx.json"
  rm -rf -- "$stage"
  (cd "$output" && sha256sum -- "$name.tar.xz" "business-registry_${version}_$architecture.deb" sbom.spdx.json >SHA256SUMS)
  say "made $output/business-registry_${version}_$architecture.deb and $name.tar.xz"
}

# Installs all files below ROOT.
stage_files() { # PROGRAMS ROOT
  local home=$2/usr/lib/business-registry document=$2/usr/share/doc/business-registry program page unit
  install -d -- "$home/bin" "$home/Sources" "$2/usr/bin" "$document/docs" "$2/usr/lib/systemd/system" "$2/etc/business-registry" \
    "$2/usr/share/man/man1" "$2/usr/share/bash-completion/completions" "$2/usr/share/zsh/vendor-completions" \
    "$2/usr/share/fish/vendor_completions.d"
  for program in "${packaged[@]}"; do
    install -m 755 -- "$1/$program" "$home/bin/$program"
    strip -- "$home/bin/$program" 2>/dev/null || :
  done
  cp -R -- "$1/business-registry_FetchStage.resources" "$home/bin/"
  install -m 755 -- "$project/pipeline.sh" "$home/pipeline.sh"
  cp -R -- "$project/Sources/pipeline" "$home/Sources/"
  commit_hash >"$home/COMMIT"
  sed 's#^home=.*#home=/usr/lib/business-registry#' "$project/packaging/business-registry" >"$2/usr/bin/business-registry"
  chmod 755 "$2/usr/bin/business-registry"
  for unit in "$project"/packaging/systemd/*.service "$project"/packaging/systemd/*.timer; do
    sed 's#/opt/business-registry/pipeline.sh#/usr/bin/business-registry#' "$unit" >"$2/usr/lib/systemd/system/${unit##*/}"
  done
  # The example's DATABASE_URL names no real database.
  sed 's/^DATABASE_URL=/#&/' "$project/packaging/systemd/registry.env" >"$2/etc/business-registry/registry.env"
  chmod 600 "$2/etc/business-registry/registry.env"
  stage_reference "$2" "$home/pipeline.sh"
  for page in README.md README.zh-TW.md SECURITY.md; do install -m 644 -- "$project/$page" "$document/$page"; done
  cp -R -- "$project/docs/." "$document/docs/"
  gzip -9nc -- "$project/CHANGELOG.md" >"$document/CHANGELOG.md.gz"
  install -m 644 -- "$project/packaging/debian/copyright" "$document/copyright"
  find "$2" -type d -exec chmod 755 {} +
  find "$2" -type f ! -perm -100 ! -perm 600 -exec chmod 644 {} +
  chmod 755 "$home/Sources/pipeline/install.sh"
}

# Writes the manual page and the completions, with the script's installed name.
stage_reference() ( # ROOT SCRIPT
  # shellcheck disable=SC2030,SC2034 # for reference.sh
  me=business-registry self=$2 binaries=${2%/*}/bin
  # shellcheck disable=SC2030 # for this subshell
  export PIPELINE_NAME=$me
  manual_page "$me" "$(date -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)" | gzip -9n >"$1/usr/share/man/man1/$me.1.gz"
  completion bash >"$1/usr/share/bash-completion/completions/$me"
  completion zsh >"$1/usr/share/zsh/vendor-completions/_$me"
  completion fish >"$1/usr/share/fish/vendor_completions.d/$me.fish"
)

commit_hash() { git -C "$project" rev-parse --short=12 HEAD; }

# Prints a bill of materials (SPDX 2.3): the Swift packages that are linked into the binaries, with their revisions.
stage_bill_of_materials() {
  jq --arg version "$version" --arg commit "$(commit_hash)" --arg created "$(date -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" '
    (.pins | sort_by(.identity)) as $pins |
    {spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", name: "business-registry-\($version)",
     documentNamespace: "https://business-registry.invalid/spdx/\($version)/\($commit)",
     creationInfo: {created: $created, creators: ["Tool: pipeline.sh package"]},
     packages: ([{SPDXID: "SPDXRef-business-registry", name: "business-registry", versionInfo: $version, downloadLocation: "NOASSERTION",
        filesAnalyzed: false, licenseConcluded: "Apache-2.0", licenseDeclared: "Apache-2.0", copyrightText: "NOASSERTION"}]
      + [$pins[] | {SPDXID: "SPDXRef-\(.identity)", name: .identity, versionInfo: (.state.version // .state.revision),
        downloadLocation: "git+\(.location)@\(.state.revision)", filesAnalyzed: false, licenseConcluded: "NOASSERTION",
        licenseDeclared: "NOASSERTION", copyrightText: "NOASSERTION"}]),
     relationships: ([{spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: "SPDXRef-business-registry"}]
      + [$pins[] | {spdxElementId: "SPDXRef-business-registry", relationshipType: "STATIC_LINK", relatedSpdxElement: "SPDXRef-\(.identity)"}])}
  ' "$project/Package.resolved"
}

make_tarball() { # STAGE NAME OUTPUT
  # The binaries and the script, which runs from any folder.
  local folder=$1/$2
  mkdir -- "$folder"
  cp -R -- "$1/root/usr/lib/business-registry/." "$folder/"
  cp -R -- "$1/root/usr/share/doc/business-registry/." "$folder/"
  install -m 644 -- "$project/LICENSE" "$1/sbom.spdx.json" "$folder/"
  tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C "$1" -cJf "$3/$2.tar.xz" "$2"
}

make_deb() { # STAGE ARCHITECTURE OUTPUT
  local root=$1/root depends script
  install -d -- "$root/DEBIAN" "$1/debian" "$root/usr/share/lintian/overrides"
  install -m 644 -- "$1/sbom.spdx.json" "$root/usr/share/doc/business-registry/sbom.spdx.json"
  gzip -9n -- "$root/usr/share/doc/business-registry/sbom.spdx.json"
  install -m 644 -- "$project/packaging/debian/README.Debian" "$root/usr/share/doc/business-registry/README.Debian"
  install -m 644 -- "$project/packaging/debian/lintian-overrides" "$root/usr/share/lintian/overrides/business-registry"
  printf 'business-registry (%s) unstable; urgency=medium\n\n  * CHANGELOG.md.gz lists what changed.\n\n -- %s  %s\n' "$version" \
    "$(sed -n 's/^Maintainer: //p' "$project/packaging/debian/control")" "$(date -R -d "@$SOURCE_DATE_EPOCH")" |
    gzip -9n >"$root/usr/share/doc/business-registry/changelog.gz"
  cp -- "$project/packaging/debian/control" "$1/debian/control"
  # Each program's path in the folder root/, relative to $1.
  depends=$(cd "$1" && dpkg-shlibdeps -O "${packaged[@]/#/root/usr/lib/business-registry/bin/}" 2>/dev/null | sed -n 's/^shlibs:Depends=//p') ||
    fail 70 "unable to find the libraries that the binaries need" "run dpkg-shlibdeps on the binaries to see why"
  {
    sed -n '/^Package:/,$p' "$project/packaging/debian/control" |
      sed "s/^Architecture:.*/Architecture: $2/; s/\${shlibs:Depends}/$depends/"
  } >"$1/fields"
  {
    sed -n '1,/^Description:/p' "$1/fields" | sed '$d'
    printf 'Version: %s\nSection: database\nPriority: optional\nInstalled-Size: %s\n' "$version" "$(du -sk --apparent-size "$root" | cut -f1)"
    grep '^Maintainer:' "$project/packaging/debian/control"
    sed -n '/^Description:/,$p' "$1/fields"
  } >"$root/DEBIAN/control"
  echo /etc/business-registry/registry.env >"$root/DEBIAN/conffiles"
  for script in postinst prerm postrm; do install -m 755 -- "$project/packaging/debian/$script" "$root/DEBIAN/$script"; done
  (cd "$root" && find usr etc -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Zxz --build "$root" "$3/business-registry_${version}_$2.deb" >/dev/null
}
