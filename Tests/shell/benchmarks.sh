#!/usr/bin/env bash
# Tests that the benchmarks run and report results. With so few rows the figures mean nothing.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

test_a_smoke_run_measures_every_case() {
  "$source_tree/Benchmarks/run" --smoke --work "$scratch/work" --output "$scratch/results" >"$scratch/out" 2>"$scratch/err" || {
    cat "$scratch/err"
    return 1
  }
  local json
  json=$(echo "$scratch"/results/*.json)
  equal cases 'transform load days replace fetch archive scaling' "$(jq -r '[.cases[].name] | join(" ")' "$json")"
  # Each contestant ran, and each run has a duration; the second day has its three stages.
  equal runs true "$(jq '[.cases[].runs[][].wall_s] | length > 15 and all(. > 0)' "$json")"
  equal stages 'fetch load transform' \
    "$(jq -r '.cases[] | select(.name == "days") | .runs["second day"][0].parts_s | keys | join(" ")' "$json")"
  # The psql script creates the same tables as load: otherwise there is a note.
  equal notes '' "$(jq -r '.cases[].notes[]' "$json")"
  equal table "$(cat "$scratch"/results/*.md)" "$(cat "$scratch/out")"
}

test_nothing_is_left_running() {
  equal servers '' "$(pgrep -f "$scratch/work" || :)"
  [[ ! -e $scratch/work/business-registry-benchmarks/.postgres ]]
}

test_an_unknown_option_exits_with_64() {
  local code=0
  "$source_tree/Benchmarks/run" --fast >/dev/null 2>&1 || code=$?
  equal 'exit code' 64 "$code"
}

test_the_arithmetic() {
  cd "$source_tree/Benchmarks"
  PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -q -s tests -t . 2>"$scratch/err" || { cat "$scratch/err" && return 1; }
}

run_all
