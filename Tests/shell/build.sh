#!/usr/bin/env bash
# Tests when pipeline.sh builds, with a compiler that only records its arguments.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

mkdir -p "$scratch/bin"
cat >"$scratch/bin/swift" <<'SWIFT'
#!/usr/bin/env bash
echo "swift ${*: -1}${WITH_CONSOLE:+ with the console}" >>"$calls"
case $1 in
  --version) echo "Swift version ${found:-6.9} (swift)" ;;
  test) echo "tests with $POSTGRES_BIN: $*" >>"$calls" ;;
  package) [[ -z ${offline-} ]] ;;
  build)
    sleep "${slow:-0}"
    [[ -z ${steps-} ]] || { echo '[3/9] Compiling a.swift' && until [[ -e $steps ]]; do sleep 0.05; done; }
    [[ -z ${broken-} ]] || { echo 'error: a.swift:1' && exit 1; }
    mkdir -p "$3/.build/release"
    [[ $* == *--build-tests ]] || cp "$stages/${*: -1}" "$3/.build/release/"
    ;;
esac
SWIFT
chmod +x "$scratch/bin/swift"
make_stages "$scratch/stages"
export stages=$scratch/stages PATH=$scratch/bin:$PATH

builds() { grep -c 'swift load' "$calls" || :; }

test_it_builds_once() {
  rm -rf "$tree/.build"
  pipeline status
  equal calls 'swift --version
swift resolve
swift fetch
swift transform
swift load' "$(grep swift "$calls")"
  pipeline status
  equal builds 1 "$(builds)"
}

test_selftest_is_built_on_request() {
  rm -rf "$tree/.build"
  cp "$stages/load" "$stages/selftest"
  pipeline status
  : >"$calls"
  DATABASE_URL=postgresql:///x pipeline selftest --seed 5
  equal calls 'swift fetch
swift transform
swift load
swift selftest
selftest --seed 5' "$(grep -E 'swift [ftls]|selftest' "$calls" | grep -v resolve)"
  : >"$calls"
  DATABASE_URL=postgresql:///x pipeline selftest --all
  equal calls 'selftest --all' "$(<"$calls")"
}

test_the_console_is_built_on_request() {
  rm -rf "$tree/.build"
  cp "$stages/load" "$stages/console"
  pipeline status
  equal 'packages of the console' '' "$(grep 'with the console' "$calls")"
  : >"$calls"
  DATABASE_URL=postgresql:///x pipeline console user add 'a b'
  equal calls 'swift fetch with the console
swift transform with the console
swift load with the console
swift console with the console
console user add a b' "$(grep -E 'swift [ftlc]|^console' "$calls" | grep -v resolve)"
  : >"$calls"
  DATABASE_URL=postgresql:///x pipeline schedule daily
  equal calls 'console schedule daily' "$(<"$calls")"
  # Later builds keep the console's packages.
  : >"$calls"
  touch "$tree/Package.swift"
  pipeline status
  equal calls 'swift load with the console' "$(grep 'swift load' "$calls")"
}

test_options_of_the_console_are_checked() {
  cp "$stages/load" "$tree/.build/release/console"
  touch "$tree/.build/with-console" "$tree/.build/console.stamp"
  pipeline console --help
  equal calls 'console --help' "$(grep console "$calls")"
  pipeline console --database-url postgresql://u:secret@h/d
  refused 64 'password'
  rm -rf "${tree:?}/Package.swift" "${tree:?}/bin"
  pipeline schedule daily
  refused 78 "bin/console' is missing"
}

test_every_change_of_a_source_triggers_a_build() {
  local change
  mkdir "$tree/Sources/kit"
  touch "$tree/Sources/kit/"{a,b,c}.swift
  pipeline status
  for change in 'touch kit/a.swift' 'rm kit/b.swift' 'mv kit/c.swift kit/d.swift' 'mkdir new' 'touch ../Package.swift' \
    'rm ../.build/release/load'; do
    sleep 0.02
    : >"$calls"
    (cd "$tree/Sources" && eval "$change")
    pipeline status
    equal "builds after $change" 1 "$(builds)"
  done
  : >"$calls"
  touch "$tree/Sources/pipeline/url.sh"
  pipeline status
  equal 'builds after a change of a script' 0 "$(builds)"
}

test_a_failed_build_is_retried() {
  touch "$tree/Package.swift"
  broken=yes pipeline status
  equal 'exit code' 70 "$code"
  [[ $err == *'error: a.swift:1'*'unable to build fetch'* ]]
  pipeline status
  equal 'exit code' 0 "$code"
  equal builds 1 "$(builds)"
}

test_two_concurrent_commands_build_once() {
  touch "$tree/Package.swift"
  slow=0.2 "$tree/pipeline.sh" status 2>"$scratch/err1" &
  wait_for 'swift fetch'
  pipeline status
  wait $!
  equal builds 1 "$(builds)"
  equal 'what the second said' 'pipeline.sh: another pipeline.sh is building: waiting for it' "$err"
}

test_a_terminal_shows_the_progress_of_a_build() {
  local tries
  touch "$tree/Package.swift" "$scratch/screen"
  steps=$scratch/go script -qec "'$tree/pipeline.sh' status" "$scratch/screen" >/dev/null </dev/null &
  for ((tries = 0; tries < 200; tries++)); do
    ! grep -q 'building: step 3 of 9, ' "$scratch/screen" || break
    sleep 0.05
  done
  touch "$scratch/go"
  wait $!
  grep -q 'building: step 3 of 9, ' "$scratch/screen"
  equal builds 1 "$(builds)"
}

test_a_missing_or_old_compiler_exits_with_78() {
  touch "$tree/Package.swift"
  found=5.10 pipeline status
  refused 78 'Swift 5.10 is too old'
  mv "$scratch/bin/swift" "$scratch/swift"
  HOME=/nonexistent PATH=/usr/bin:/bin pipeline status
  mv "$scratch/swift" "$scratch/bin/swift"
  refused 78 'Swift is missing'
}

test_unreachable_packages_exit_with_75() {
  touch "$tree/Package.swift"
  offline=yes pipeline status
  equal 'exit code' 75 "$code"
}

test_the_tests_run_with_the_chosen_postgres() {
  local project=$source_tree version
  # shellcheck source=Sources/pipeline/packages.sh
  source "$source_tree/Sources/pipeline/packages.sh"
  find_postgres '' || { echo 'skipped: no PostgreSQL' && return 0; }
  version=${postgres_version:?}
  mkdir -p "$tree/Tests/shell"
  cp -a "$source_tree/Tests/shell/support" "$tree/Tests/shell/"
  sed -i 's/^  need_test_tools$//' "$tree/Sources/pipeline/build.sh" # it installs packages
  pipeline test --postgres 14 --filter A
  refused 64 "unable to test with PostgreSQL '14'"
  pipeline test --filter A --postgres
  refused 64 "unable to test with PostgreSQL ''"
  pipeline test --filter A "--postgres=$version" --skip B
  equal 'tests' "tests with $POSTGRES_BIN: test --skip-build -c release --disable-testable-imports --filter A --skip B" "$(grep '^tests' "$calls")"
  # A folder that the caller names wins over a newer version elsewhere.
  ln -s "$POSTGRES_BIN" "$scratch/programs"
  POSTGRES_BIN=$scratch/programs pipeline test --filter A
  equal 'tests' "tests with $scratch/programs: test --skip-build -c release --disable-testable-imports --filter A" "$(grep '^tests' "$calls" | tail -n 1)"
}

test_packages_from_pypi_are_pinned_by_digest() {
  cd "$source_tree"
  equal 'installs without digests' '' \
    "$(grep -rInE --exclude-dir=.work '[-]m pip .*install' Benchmarks Sources Tests pipeline.sh Dockerfile | grep -v -e --require-hashes || :)"
}

run_all
