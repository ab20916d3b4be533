# shellcheck shell=bash
# The release build, made only when a source is newer, and the tests.
: "${project:?}" "${binaries:?}"

programs=(fetch transform load)

# A removed or renamed file changes its folder's time, so no list of files is needed. The stamp bears the time at which
# the build began: a file edited meanwhile is newer.
built() { # STAMP PROGRAM...
  local stamp=$1 program
  for program in "${@:2}"; do [[ -x $binaries/$program ]] || return 1; done
  [[ -e $project/Package.swift ]] || return 0 # an installation
  [[ -e $project/.build/$stamp ]] && (
    cd "$project" || exit
    [[ -z $(find Package.swift Sources -name pipeline -prune -o -newer ".build/$stamp" -print -quit) ]]
  )
}

# Asked for once, for good.
[[ ! -e $project/.build/with-console ]] || export WITH_CONSOLE=yes

build() { build_if_newer pipeline.stamp "${programs[@]}"; }

# The proof is built when it is asked for, and the stages with it: most runs never need it.
build_selftest() { build_if_newer selftest.stamp "${programs[@]}" selftest; }

# The console brings packages of its own, which nobody else has to fetch and compile. Who has built it once keeps them: the
# set of packages would otherwise change with every command.
build_console() {
  export WITH_CONSOLE=yes
  build_if_newer console.stamp "${programs[@]}" console
  # An existing file is not touched: the project may be read-only by now.
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
    fail 74 "unable to write in '$project/.build'" "check its owner and its mode"
  flock -n 7 || { say 'another pipeline.sh is building: waiting for it' && flock 7; }
}

need_swift() {
  local wanted found hint='https://www.swift.org/install says how to get it'
  PATH=$PATH:${HOME-}/.local/share/swiftly/bin # where it installs itself, whatever shell starts this
  command -v swift >/dev/null || fail 78 "Swift is missing" "$hint"
  read -r _ _ wanted <"$project/Package.swift"
  found=$(swift --version 2>/dev/null) || found=''
  [[ $found =~ Swift\ version\ ([0-9.]+) ]] || fail 78 "Swift does not work: 'swift --version' fails" "$hint"
  found=${BASH_REMATCH[1]}
  printf '%s\n' "$wanted" "$found" | sort -VC || fail 78 "Swift $found is too old: $wanted is needed" "$hint"
}

build_programs() { # STAMP PROGRAM...
  local program stamp=$1 names=${*:2:$#-2}
  say "building ${names// /, } and ${!#}: the first time this takes minutes"
  begin_build "$stamp"
  for program in "${@:2}"; do
    swift_quietly build -c release --product "$program" ||
      fail 70 "unable to build $program" "the messages are above"
  done
  mv -- "$project/.build/$stamp.new" "$project/.build/$stamp"
}

begin_build() { # STAMP...
  local stamp home=$project/.build/pipeline.stamp.home
  # Swift's build products name the folder that they were made in: in a folder that was moved they are of no use.
  [[ ! -e $home || $(<"$home") == "$project" ]] || rm -rf -- "$project/.build"/{*-linux-*,debug,release}
  printf '%s\n' "$project" >"$home"
  for stamp; do : >"$project/.build/$stamp.new"; done
  swift_quietly package resolve ||
    fail 75 "unable to fetch the Swift packages" "check the network and the proxy settings"
}

# Prints the output only if the command fails. A signal is not a build failure, but it ends the run.
swift_quietly() { # SUBCOMMAND ARGUMENT...
  local log=$project/.build/pipeline.log code=0
  attend with_progress building "$log" swift "$1" --package-path "$project" "${@:2}" || code=$?
  end_progress "${process_group:?}"
  ((${caught:?} == 0)) || fail $((128 + caught)) "stopped by SIG$(kill -l "$caught")"
  ((code == 0)) || { cat -- "$log" >&2 && return "$code"; }
}

# Tests run the very programs that ship: release, without testable imports.
build_everything() { # ARGUMENT OF swift build...
  local stamp stamps=(pipeline.stamp console.stamp selftest.stamp benchmarks.stamp)
  export WITH_CONSOLE=yes
  lock_build
  begin_build "${stamps[@]}"
  swift_quietly build -c release "$@" || fail 70 "unable to build the programs and the tests" "the messages are above"
  for stamp in "${stamps[@]}"; do mv -- "$project/.build/$stamp.new" "$project/.build/$stamp"; done
  : >"$project/.build/with-console"
  exec 7>&-
}

# With arguments, the Swift tests that they select. Without, everything: all suites at once, since they mostly wait; those in
# shell and Python begin while the Swift tests are compiled.
run_tests() { # [ARGUMENT OF swift test...]
  local name code=0 failed=()
  cd "$project" || exit
  # The tests bring databases of their own: none of the caller's may be touched.
  unset DATABASE_URL SOURCE_URL SPOOL_DIR JOBS CHUNK_SIZE RUN_ID KEEP RETAIN_DAYS "${!MAX_@}"
  unset "${!LOG_@}" "${!CLOUDWATCH_@}" "${!AWS_@}" "${!TF_VAR_@}"
  need_swift
  need_build_packages
  say 'building the programs and the tests: the first time this takes minutes'
  if (($#)); then
    build_everything --build-tests
    attend swift test --skip-build -c release --disable-testable-imports "$@" || code=$?
    exit "$code"
  fi
  shellcheck -x -a pipeline.sh .ci/run Tests/shell/*.sh Tests/shell/*/*.sh Sources/pipeline/*.sh Benchmarks/run Benchmarks/rivals/*.sh
  build_everything
  rm -rf -- "$suite_logs" && mkdir -p -- "$suite_logs"
  trap 'kill -- "${suites[@]/#/-}" 2>/dev/null || :' EXIT
  start_suite shell run_shell_suites
  start_suite python Tests/shell/python.sh
  build_everything --build-tests
  for name in "${!swift_suites[@]}"; do start_suite "$name" run_swift_suite "$name"; done
  for name in "${!suites[@]}"; do
    wait "${suites[$name]}" || code=$? failed+=("$name")
    cat -- "$suite_logs/$name.log"
  done
  trap - EXIT
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

start_suite() { # NAME COMMAND...
  set -m # a process group, to be killed with all in it; and without it bash would start it with SIGINT ignored
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

# Parts of about the same length, by the beginnings of their tests' names; what is in no part is in the last one. With more
# of them at once, two cores would be too few for the time-outs of tests.
declare -A swift_suites=([swift-commands]='CommandTests' [swift-load]='LoadStageTests' [swift-others]='')

# As 'swift test' starts them, but for its lock on the build. One test after the other, so that a test's seconds are its own.
run_swift_suite() { # NAME
  local part which=(--filter "^${swift_suites[$1]}")
  if [[ -z ${swift_suites[$1]} ]]; then
    which=()
    for part in "${swift_suites[@]}"; do [[ -z $part ]] || which+=(--skip "^$part"); done
  fi
  .build/release/business-registryPackageTests.xctest --testing-library swift-testing --no-parallel \
    --xunit-output "$suite_logs/$1-swift-testing.xml" "${which[@]}"
}
