#!/usr/bin/env bash
# Logs, CloudWatch and Terraform: whole runs of the programs against an AWS account on loopback (moto, from PyPI).
# OUTAGE_SECONDS=120 makes the outage of the endpoint as long as that.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"
# shellcheck source=Tests/shell/support/python.sh
source "${BASH_SOURCE[0]%/*}/support/python.sh"

test_the_whole_way() { run_python_tests monitoring; }

run_all
