#!/usr/bin/env bash
# The console: its schedules against croniter, its worker under kills, its pages in a real browser with axe, all on loopback.
# LOAD_SECONDS=60 makes the load test as long as that.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"
# shellcheck source=Tests/shell/support/python.sh
source "${BASH_SOURCE[0]%/*}/support/python.sh"

test_in_a_browser() { run_python_tests console; }

run_all
