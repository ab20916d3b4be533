# shellcheck shell=bash
# Builds the release binaries when a source is newer, and runs the tests.
: "${project:?}" "${binaries:?}"

programs=(fetch transform load)

# Tells whether the binaries are up to date. Removing or renaming a file changes its folder's time, so no list of files
# is needed. The stamp has the time at which the build began, so a file edited during the build is newer.
built() { # STAMP PROGRAM...
  local stamp=$1 program
  for program in "${@:2}"; do [[ -x $binaries/$program ]] || return 1; done
  [[ -e $project/Package.swift ]] || return 0 # an installation
  [[ -e $project/.build/$stamp ]] && (
    cd "$project" || exit
    [[ -z $(find Package.swift Sources -name pipeline -prune -o -newer ".build/$stamp" -print -quit) ]]
  )
}

# After the first build of the console, every build includes its packages.
[[ ! -e $project/.build/with-console ]] || export WITH_CONSOLE=yes

build() { build_if_newer pipeline.stamp "${programs[@]}"; }

# Builds selftest, and the stages with it, only on request: most runs do not need it.
build_selftest() { build_if_newer selftest.stamp "${programs[@]}" selftest; }

# Builds the console only on request, because it needs further packages. Later builds keep these packages: otherwise the
# set of packages would change with every command.
build_console() {
  export WITH_CONSOLE=yes
  build_if_newer console.stamp "${programs[@]}" console
  # Do not touch an existing file: the project may be read-only.
  [[ ! -e $project/Package.swift || -e $project/.build/with-console ]] || : >"$project/.build/with-console"
}

build_if_newer() { # STAMP PROGRAM...
  ! built "$@" || return 0
  need_swift
  need_build_packages
  lock_build
  built "$@" || build_programs "$@"
  exec 7>&-
}

lock_build() {
  { mkdir -p -- "$project/.build" && exec 7>"$project/.build/pipeline.lock"; } 2>/dev/null ||
    fail 74 "unable to write to '$project/.build'" "check its owner and its mode"
  flock -n 7 || { say 'another pipeline.sh is building: waiting for it' && flock 7; }
}

need_swift() {
  local wanted found hint='see https://www.swift.org/install'
  PATH=$PATH:${HOME-}/.local/share/swiftly/bin # swiftly's default folder, which only the user's profile adds to PATH
  command -v swift >/dev/null || fail 78 "Swift is missing" "$hint"
  read -r _ _ wanted <"$project/Package.swift"
  found=$(swift --version 2>/dev/null) || found=''
  [[ $found =~ Swift\ version\ ([0-9.]+) ]] || fail 78 "Swift does not work: 'swift --version' fails" "$hint"
  found=${BASH_REMATCH[1]}
  printf '%s\n' "$wanted" "$found" | sort -VC || fail 78 "Swift $found is too old: $wanted is needed" "$hint"
}

build_programs() { # STAMP PROGRAM...
  local program stamp=$1 names=${*:2:$#-2}
  say "building ${names// /, } and ${!#}: the first build takes minutes"
  begin_build "$stamp"
  for program in "${@:2}"; do
    swift_quietly build -c release --product "$program" ||
      fail 70 "unable to build $program" "see the messages above"
  done
  mv -- "$project/.build/$stamp.new" "$project/.build/$stamp"
}

begin_build() { # STAMP...
  local stamp home=$project/.build/pipeline.stamp.home
  # Build products contain their folder's path, so they cannot be used after the folder was moved.
  [[ ! -e $home || $(<"$home") == "$project" ]] || rm -rf -- "$project/.build"/{*-linux-*,debug,release}
  printf '%s\n' "$project" >"$home"
  for stamp; do : >"$project/.build/$stamp.new"; done
  swift_quietly package resolve ||
    fail 75 "unable to fetch the Swift packages" "check the network and the proxy settings"
}

# Prints the output only if the command fails. A signal ends the run, and is not reported as a build failure.
swift_quietly() { # SUBCOMMAND ARGUMENT...
  local log=$project/.build/pipeline.log code=0
  attend with_progress building "$log" swift "$1" --package-path "$project" "${@:2}" || code=$?
  end_progress "${process_group:?}"
  ((${caught:?} == 0)) || fail $((128 + caught)) "stopped by SIG$(kill -l "$caught")"
  ((code == 0)) || { cat -- "$log" >&2 && return "$code"; }
}

# Tests run the same release binaries as users do, so they have no testable imports.
build_everything() { # ARGUMENT OF swift build...
  local stamp stamps=(pipeline.stamp console.stamp selftest.stamp benchmarks.stamp)
  export WITH_CONSOLE=yes
  lock_build
  begin_build "${stamps[@]}"
  swift_quietly build -c release "$@" || fail 70 "unable to build the binaries and the tests" "see the messages above"
  for stamp in "${stamps[@]}"; do mv -- "$project/.build/$stamp.new" "$project/.build/$stamp"; done
  : >"$project/.build/with-console"
  exec 7>&-
}

# With arguments, runs the Swift tests that they select. Without, runs all suites in parallel, because they mostly wait. The
# shell and Python suites start while the Swift tests are compiled.
run_tests() { # [--postgres VERSION] [ARGUMENT OF swift test...]
  local name code=0 failed=() arguments=() version=''
  # shellcheck source=Tests/shell/support/postgres.sh
  source "$project/Tests/shell/support/postgres.sh"
  while (($#)); do
    case $1 in
      --postgres | --postgres=*)
        [[ $1 == *=* ]] || shift
        version=${1-} && version=${version#--postgres=}
        [[ $version =~ ^1[5678]$ ]] || fail 64 "unable to test with PostgreSQL '$version'" "--postgres 15, 16, 17 or 18"
        ;;
      *) arguments+=("$1") ;;
    esac
    (($# == 0)) || shift
  done
  set -- "${arguments[@]}"
  need_test_tools
  trap end_tests EXIT
  select_postgres "$version"
  cd "$project" || exit
  # The tests start their own databases, and must not touch the caller's.
  unset DATABASE_URL SOURCE_URL SPOOL_DIR JOBS CHUNK_SIZE RUN_ID KEEP RETAIN_DAYS "${!MAX_@}"
  unset "${!LOG_@}" "${!CLOUDWATCH_@}" "${!AWS_@}" "${!TF_VAR_@}"
  need_swift
  need_build_packages
  say 'building the binaries and the tests: the first build takes minutes'
  if (($#)); then
    build_everything --build-tests
    attend swift test --skip-build -c release --disable-testable-imports "$@" || code=$?
    exit "$code"
  fi
  shellcheck -x -a pipeline.sh .ci/run Tests/shell/*.sh Tests/shell/*/*.sh Tests/*/check.sh Sources/pipeline/*.sh Benchmarks/run Benchmarks/rivals/*.sh \
    packaging/business-registry packaging/debian/p* packaging/compose/*.sh
  build_everything
  rm -rf -- "$suite_logs" && mkdir -p -- "$suite_logs"
  start_suite shell run_shell_suites
  start_suite python Tests/shell/python.sh
  build_everything --build-tests
  for name in "${!swift_suites[@]}"; do start_suite "$name" run_swift_suite "$name"; done
  for name in "${!suites[@]}"; do
    wait "${suites[$name]}" || code=$? failed+=("$name")
    cat -- "$suite_logs/$name.log"
  done
  suites=()
  say 'the slowest Swift tests, in seconds:'
  sed -nE 's/.*<testcase classname="([^"]*)" name="([^"]*)" time="([0-9.]+)".*/\3 \1 \2/p' "$suite_logs"/*-swift-testing.xml |
    sort -rn | head -n 10 >&2 || :
  # Last, since a log is read from its end.
  for name in "${failed[@]}"; do
    say "the suite '$name' failed:"
    grep -E '^(✘ |failed: |FAILED |ERROR )' "$suite_logs/$name.log" >&2 || tail -n 20 -- "$suite_logs/$name.log" >&2
  done
  exit "$code"
}

declare -A suites=() # process group of each
suite_logs=$project/.build/tests

end_tests() {
  [[ ${#suites[@]} == 0 ]] || kill -- "${suites[@]/#/-}" 2>/dev/null || :
  remove_postgres
}

start_suite() { # NAME COMMAND...
  set -m # its own process group, to be killed as a whole; without job control, bash would start it with SIGINT ignored
  "${@:2}" >"$suite_logs/$1.log" 2>&1 </dev/null &
  suites[$1]=$!
  set +m
}

run_shell_suites() {
  local script code=0
  for script in Tests/shell/*.sh; do
    [[ $script == */python.sh ]] || "$script" || code=$?
  done
  return "$code"
}

# Parts that take about the same time, by prefix of the tests' names; the last part has all other tests. With more parts at
# once, tests would exceed their time-outs on two cores.
declare -A swift_suites=([swift-commands]='CommandTests' [swift-load]='LoadStageTests' [swift-others]='')

# Runs tests as 'swift test' does, but without its build lock, and one at a time, so that each duration is the test's own.
run_swift_suite() { # NAME
  local part which=(--filter "^${swift_suites[$1]}")
  if [[ -z ${swift_suites[$1]} ]]; then
    which=()
    for part in "${swift_suites[@]}"; do [[ -z $part ]] || which+=(--skip "^$part"); done
  fi
  .build/release/business-registryPackageTests.xctest --testing-library swift-testing --no-parallel \
    --xunit-output "$suite_logs/$1-swift-testing.xml" "${which[@]}"
}
