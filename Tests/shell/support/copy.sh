# shellcheck shell=bash
# Provides a scratch copy of the scripts with stand-ins for the three executables, and a runner of test functions.
# The tests of pipeline.sh need no real stages, so they take seconds.
set -euo pipefail

source_tree=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../../.." && pwd)
scratch=$(mktemp -d)
chmod 755 "$scratch" # a server that root starts runs as another user, who must be able to enter
tree="$scratch/a copy, 副本"
# The last test may have moved the copy: that must not become the exit code.
trap 'cd / && { "$tree/pipeline.sh" down || :; rm -rf -- "$scratch"; } >/dev/null 2>&1' EXIT
unset WITH_CONSOLE DATABASE_URL SOURCE_URL SPOOL_DIR JOBS CHUNK_SIZE MAX_REJECTS KEEP RETAIN_DAYS
unset PIPELINE_NAME RUN_ORIGIN MAX_DECREASE MAX_INCREASE MAX_CHANGE MAX_CITY_LOSS "${!LOG_@}" "${!CLOUDWATCH_@}" "${!AWS_@}" "${!TF_VAR_@}"
export calls=$scratch/calls

# Creates stand-ins for the stages. Each records its name and arguments, then runs STUB_<name>. A stop takes 0.2 s.
make_stages() { # FOLDER
  local stage
  mkdir -p "$1"
  for stage in fetch transform load; do
    cat >"$1/$stage" <<'STAGE'
#!/usr/bin/env bash
me=${0##*/}
stop() { sleep 0.2; echo "$me got $1" >>"$calls"; rm -f -- "${RUN_MARKER-}"; exit $((128 + $(kill -l "$1"))); }
for signal in HUP INT TERM; do trap "stop $signal" "$signal"; done
# 'load log' records the end of a run that ended outside its stages. It is recorded separately.
if [[ ${1-} == log ]]; then words=$* && { echo "$RUN_COMMAND $RUN_ORIGIN ${words#*--stage }" | sed "s/ --event-id [^ ]* --exit-code//"; cat; } >>"$calls.log"; exit "${STUB_log-0}"; fi
if [[ ${1-} == psql ]]; then exec "$2" "$DATABASE_URL" "${@:3}"; fi
echo "$me $*" >>"$calls"
action=STUB_$me
eval "${!action-}"
STAGE
    chmod +x "$1/$stage"
  done
}

# Makes a new copy of the scripts, as if built a moment ago.
fresh_copy() {
  rm -rf -- "$tree"
  mkdir -p "$tree/Sources"
  cp -a "$source_tree/pipeline.sh" "$source_tree/Package.swift" "$tree/"
  cp -a "$source_tree/Sources/pipeline" "$tree/Sources/"
  make_stages "$tree/.build/release"
  touch "$tree/.build/pipeline.stamp"
  sleep 0.02 # file times are coarse: files changed after this must be newer
  : >"$calls"
  rm -f -- "$calls.log"
}

# Runs pipeline.sh. Sets code, out and err to its exit code, stdout and stderr.
# shellcheck disable=SC2034 # for the tests
pipeline() {
  code=0
  "$tree/pipeline.sh" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
  out=$(<"$scratch/out") err=$(<"$scratch/err")
}

equal() { # WHAT EXPECTED ACTUAL
  [[ $2 == "$3" ]] || { printf '  %s: expected\n%s\n  but got\n%s\n' "$1" "$2" "$3" && return 1; }
}

refused() { # CODE TEXT: one error line with the text, then hints
  equal "exit code of: $err" "$1" "$code"
  [[ $err == "pipeline.sh: "*"$2"*$'\nHINT: '* ]] || equal 'error' "pipeline.sh: …$2… and HINT" "$err"
}

wait_for() { # TEXT in the calls
  local tries
  for ((tries = 0; tries < 200; tries++)); do
    ! grep -q -- "$1" "$calls" || return 0
    sleep 0.05
  done
  equal 'calls' "$1" "$(<"$calls")"
}

# Runs every function whose name begins with test_, each in its own subshell with a new copy.
run_all() {
  local name code passed=0 failed=0
  for name in $(declare -F | sed -n 's/^declare -f \(test_\)/\1/p'); do
    fresh_copy
    set +e # with '||', bash would ignore failures inside
    (trap - EXIT && cd "$scratch" && set -e && "$name")
    code=$?
    set -e
    if ((code == 0)); then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "failed: ${0##*/} $name"; fi
  done
  echo "${0##*/}: $passed passed, $failed failed"
  ((failed == 0))
}
