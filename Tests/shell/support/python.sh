# shellcheck shell=bash
# Tests in Python, with what they take from PyPI in the build folder.
: "${source_tree:?}" "${scratch:?}"

# shellcheck source=Tests/shell/support/venv.sh
source "$source_tree/Tests/shell/support/venv.sh"

# Runs Tests/NAME with the packages of its requirements.txt. Without them it is skipped, and says so.
run_python_tests() { # NAME
  local name=$1 venv=$source_tree/.build/$1-venv
  make_venv "$venv" "$source_tree/Tests/$name/requirements.txt" >"$scratch/pip" 2>&1 || {
    echo "$name.sh: skipped, Python's packages are not to be had: $(tail -n 1 "$scratch/pip")"
    return 0
  }
  cd "$source_tree" || return
  SOURCE_TREE=$source_tree BINARIES=$source_tree/.build/release PYTHONDONTWRITEBYTECODE=1 \
    "$venv/bin/python" -m unittest discover -v -s "Tests/$name" -t Tests >"$scratch/out" 2>"$scratch/err" ||
    { cat "$scratch/out" "$scratch/err" && return 1; }
  # What was skipped, and why.
  sed -n "s/^\([a-z_]*\) .* \.\.\. skipped ['\"]\(.*\)['\"]\$/$name.sh: \1 is skipped: \2/p" "$scratch/err"
}
