#!/usr/bin/env bash
# Runs the Python suites, several files in parallel: monitoring against an AWS account on loopback (moto), the console with
# kills of its worker and with a real browser, and the samples in packaging/ with their schedulers' own validators.
#
#   Tests/shell/python.sh [ARGUMENT OF PYTEST...]      such as console/test_worker.py or -k rollback
#
# LOAD_SECONDS=60 sets the duration of the console's load test, OUTAGE_SECONDS=120 that of the CloudWatch outage.
set -euo pipefail
project=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=Tests/shell/support/venv.sh
source "$project/Tests/shell/support/venv.sh"

venv=$project/.build/python-venv
make_venv "$venv" "$project/Tests/requirements.txt" || {
  echo "python.sh: skipped: unable to install the packages of Tests/requirements.txt"
  exit 0
}
cd "$project/Tests"
suites=(console monitoring deployment)
((!$#)) || suites=()
# -rs reports skipped tests with the reason. All tests of a file share one database or account, so they run in one process.
SOURCE_TREE=$project BINARIES=$project/.build/release PYTHONDONTWRITEBYTECODE=1 \
  "$venv/bin/python" -m pytest -q -rs --durations=10 -p no:cacheprovider --numprocesses=3 --dist=loadfile \
  "${suites[@]}" "$@"
