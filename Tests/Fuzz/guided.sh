#!/usr/bin/env bash
# Lets libFuzzer look for inputs that go wrong, guided by the code that they reach: guided.sh TARGET [SECONDS]
# What it finds, and the inputs that it keeps, lie in .build-fuzz/TARGET.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/../.."
target=${1:?a target, see 'swift run -c release fuzz --help'}
seconds=${2:-60}
export FUZZ_GUIDED=1 FUZZ_TARGET=$target
build=(swift build -c release --scratch-path .build-fuzz)
"${build[@]}" --sanitize=fuzzer --product fuzz-guided
kept=.build-fuzz/$target
mkdir -p "$kept/corpus" "$kept/found"
if [[ -x .build/release/fuzz ]]; then
  .build/release/fuzz --target "$target" --cases 500 --seed 1 --corpus "$kept/corpus"
fi
exec .build-fuzz/release/fuzz-guided "$kept/corpus" -artifact_prefix="$kept/found/" -max_total_time="$seconds" \
  -max_len=4096 -timeout=30 -rss_limit_mb=1024 -use_value_profile=1
