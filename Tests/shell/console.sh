#!/usr/bin/env bash
# The console: its schedules against croniter, its worker under kills, its pages in a real browser with axe, all on loopback.
# LOAD_SECONDS=60 makes the load test as long as that.
# shellcheck source=Tests/shell/support/copy.sh
source "${BASH_SOURCE[0]%/*}/support/copy.sh"

venv=$source_tree/.build/console-venv
packages=('playwright==1.*' 'axe-playwright-python==0.*' 'croniter==7.*' tzdata)

# In the build folder, so that it is made once.
make_venv() {
  [[ ! -e $venv/complete ]] || return 0
  rm -rf -- "$venv"
  python3 -m venv "$venv" && "$venv/bin/python" -m pip --quiet --disable-pip-version-check install "${packages[@]}" &&
    : >"$venv/complete"
}

test_in_a_browser() {
  make_venv >"$scratch/pip" 2>&1 || {
    echo "console.sh: skipped, Python's packages are not to be had: $(tail -n 1 "$scratch/pip")"
    return 0
  }
  cd "$source_tree"
  SOURCE_TREE=$source_tree BINARIES=$source_tree/.build/release PYTHONDONTWRITEBYTECODE=1 \
    "$venv/bin/python" -m unittest discover -v -s Tests/console -t Tests >"$scratch/out" 2>"$scratch/err" ||
    { cat "$scratch/out" "$scratch/err" && return 1; }
  # What was skipped, and why.
  sed -n "s/^\([a-z_]*\) .* \.\.\. skipped ['\"]\(.*\)['\"]\$/console.sh: \1 is skipped: \2/p" "$scratch/err"
}

run_all
