# shellcheck shell=bash
# Installs packages from PyPI in a virtual environment, once. pip refuses files whose digest REQUIREMENTS does not list.

make_venv() { # VENV REQUIREMENTS [OPTION OF pip install...]
  local venv=$1 requirements=$2
  ! cmp -s "$requirements" "$venv/complete" || return 0
  rm -rf -- "${venv:?}"
  python3 -m venv "$venv" &&
    "$venv/bin/python" -m pip --quiet --disable-pip-version-check install --require-hashes --requirement "$requirements" "${@:3}" &&
    cp "$requirements" "$venv/complete"
}
