#!/usr/bin/env bash
# Logs, CloudWatch and Terraform: whole runs of the programs against an AWS account on loopback (moto, from PyPI).
# OUTAGE_SECONDS=120 makes the outage of the endpoint as long as that.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

venv=$source_tree/.build/monitoring-venv
packages=('moto[server]==5.*' boto3 'jsonschema==4.*')

# In the build folder, so that it is made once.
make_venv() {
  [[ ! -e $venv/complete ]] || return 0
  rm -rf -- "$venv"
  python3 -m venv "$venv" && "$venv/bin/python" -m pip --quiet --disable-pip-version-check install "${packages[@]}" &&
    : >"$venv/complete"
}

test_the_whole_way() {
  make_venv >"$scratch/pip" 2>&1 || {
    echo "monitoring.sh: skipped, Python's packages are not to be had: $(tail -n 1 "$scratch/pip")"
    return 0
  }
  cd "$source_tree"
  SOURCE_TREE=$source_tree BINARIES=$source_tree/.build/release PYTHONDONTWRITEBYTECODE=1 \
    "$venv/bin/python" -m unittest discover -v -s Tests/monitoring -t Tests 2>"$scratch/err" || { cat "$scratch/err" && return 1; }
  # What was skipped, and why.
  sed -n "s/^\([a-z_]*\) .* \.\.\. skipped ['\"]\(.*\)['\"]\$/monitoring.sh: \1 is skipped: \2/p" "$scratch/err"
}

run_all
