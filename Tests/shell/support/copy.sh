# shellcheck shell=bash
# A scratch copy of the scripts, whose three executables only tell how they were called, and a runner of test functions.
# What pipeline.sh does needs no real stage, so these tests take seconds.
set -euo pipefail

source_tree=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../../.." && pwd)
scratch=$(mktemp -d)
chmod 755 "$scratch" # a server that root starts runs as another user, and has to get in
tree="$scratch/a copy, 副本"
trap 'cd / && { "$tree/pipeline.sh" down; rm -rf -- "$scratch"; } >/dev/null 2>&1' EXIT
unset WITH_CONSOLE DATABASE_URL SOURCE_URL SPOOL_DIR JOBS CHUNK_SIZE MAX_REJECTS KEEP RETAIN_DAYS
unset PIPELINE_NAME RUN_ORIGIN MAX_DECREASE MAX_INCREASE MAX_CHANGE MAX_CITY_LOSS "${!LOG_@}" "${!CLOUDWATCH_@}" "${!AWS_@}" "${!TF_VAR_@}"
export calls=$scratch/calls

# A stage writes its name and arguments, then does what STUB_<name> says. When stopped it takes a moment to end.
make_stages() { # FOLDER
  local stage
  mkdir -p "$1"
  for stage in fetch transform load; do
    cat >"$1/$stage" <<'STAGE'
#!/usr/bin/env bash
me=${0##*/}
stop() { sleep 0.2; echo "$me got $1" >>"$calls"; rm -f -- "${RUN_MARKER-}"; exit $((128 + $(kill -l "$1"))); }
for signal in HUP INT TERM; do trap "stop $signal" "$signal"; done
# A run that ends outside its stages has its end written down: that is no call of a stage.
if [[ ${1-} == log ]]; then words=$* && { echo "$RUN_COMMAND $RUN_ORIGIN ${words##*--exit-code }"; cat; } >>"$calls.log"; exit "${STUB_log-0}"; fi
if [[ ${1-} == psql ]]; then exec "$2" "$DATABASE_URL" "${@:3}"; fi
echo "$me $*" >>"$calls"
action=STUB_$me
eval "${!action-}"
STAGE
    chmod +x "$1/$stage"
  done
}

# Copies the scripts anew, as built a moment ago.
fresh_copy() {
  rm -rf -- "$tree"
  mkdir -p "$tree/Sources"
  cp -a "$source_tree/pipeline.sh" "$source_tree/Package.swift" "$tree/"
  cp -a "$source_tree/Sources/pipeline" "$tree/Sources/"
  make_stages "$tree/.build/release"
  touch "$tree/.build/pipeline.stamp"
  sleep 0.02 # the clock of a file system is not a fine one: what is changed from here on is newer
  : >"$calls"
  rm -f -- "$calls.log"
}

# Runs pipeline.sh; its exit code, stdout and stderr are in $code, $out and $err.
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

# Every function whose name begins with test_, each in a shell of its own with a copy of its own.
run_all() {
  local name code passed=0 failed=0
  for name in $(declare -F | sed -n 's/^declare -f \(test_\)/\1/p'); do
    fresh_copy
    set +e # beside '||' bash would ignore what fails inside
    (trap - EXIT && cd "$scratch" && set -e && "$name")
    code=$?
    set -e
    if ((code == 0)); then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "failed: ${0##*/} $name"; fi
  done
  echo "${0##*/}: $passed passed, $failed failed"
  ((failed == 0))
}
