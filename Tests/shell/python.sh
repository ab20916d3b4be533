#!/usr/bin/env bash
# The suites in Python, several files at once: monitoring against an AWS account on loopback (moto), the console with its
# worker under kills and its pages in a real browser, the samples in packaging/ with their schedulers' own validators.
#
#   Tests/shell/python.sh [ARGUMENT OF PYTEST...]      such as console/test_worker.py or -k rollback
#
# LOAD_SECONDS=60 makes the console's load test as long as that, OUTAGE_SECONDS=120 the outage of CloudWatch.
set -euo pipefail
project=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=Tests/shell/support/venv.sh
source "$project/Tests/shell/support/venv.sh"

venv=$project/.build/python-venv
make_venv "$venv" "$project/Tests/requirements.txt" || {
  echo "python.sh: skipped: the packages of Tests/requirements.txt are not to be had"
  exit 0
}
cd "$project/Tests"
suites=(console monitoring deployment)
((!$#)) || suites=()
# -rs names what is skipped, and why. A file has one database or account for all its tests: it stays in one process.
SOURCE_TREE=$project BINARIES=$project/.build/release PYTHONDONTWRITEBYTECODE=1 \
  "$venv/bin/python" -m pytest -q -rs --durations=10 -p no:cacheprovider --numprocesses=3 --dist=loadfile \
  "${suites[@]}" "$@"
