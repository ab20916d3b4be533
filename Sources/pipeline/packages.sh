# shellcheck shell=bash
# Installs missing system packages. It detects them by their files, which takes almost no time.
: "${project:?}"
# shellcheck source=Sources/pipeline/progress.sh
source "${BASH_SOURCE[0]%/*}/progress.sh"

chosen_postgres=${POSTGRES_BIN:+$(realpath -sm -- "$POSTGRES_BIN")} # the caller's choice

has_header() {
  local folder
  for folder in /usr/include /usr/include/*-linux-gnu /usr/include/postgresql /usr/local/include; do
    [[ ! -e $folder/$1 ]] || return 0
  done
  return 1
}

need_build_packages() {
  local missing=()
  has_header libpq-fe.h || missing+=(libpq-dev)
  has_header curl/curl.h || missing+=(libcurl4-openssl-dev)
  has_header sqlite3.h || missing+=(libsqlite3-dev)
  has_header zstd.h || missing+=(libzstd-dev)
  has_header zlib.h || missing+=(zlib1g-dev)
  has_header openssl/evp.h || missing+=(libssl-dev)
  command -v git >/dev/null || missing+=(git) # Swift fetches packages with it
  [[ -e /etc/ssl/certs/ca-certificates.crt || -d /etc/pki ]] || missing+=(ca-certificates)
  install_packages "${missing[@]}"
}

need_test_tools() {
  local missing=() tool
  for tool in curl jq openssl shellcheck zstd; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  command -v xz >/dev/null || missing+=(xz-utils)
  # For systemd-analyze, which validates units; systemd need not run.
  command -v systemd-analyze >/dev/null || missing+=(systemd)
  # Debian's package python3 lacks ensurepip and venv.
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
  find_postgres '' || missing+=(postgresql)
  # Debian installs it in /usr/sbin, which is not on a user's PATH.
  command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer ]] || missing+=(pgbouncer)
  # The console is tested in a real browser.
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
  install_packages "${missing[@]}"
  need_postgres
}

need_postgres() {
  find_postgres '' || install_packages postgresql
  find_postgres '' || fail 78 "PostgreSQL 13 or newer is missing" "install it, or set DATABASE_URL to a database"
  [[ -z $chosen_postgres || $POSTGRES_BIN == "$chosen_postgres" ]] ||
    fail 78 "unable to use '$chosen_postgres', which POSTGRES_BIN names: it has no initdb and postgres of version 13 or newer" \
    "set POSTGRES_BIN to the folder of PostgreSQL's programs, or unset it"
  ((EUID != 0)) || getent passwd postgres >/dev/null ||
    fail 78 "there is no user 'postgres', and PostgreSQL does not run as root" "create it: useradd --system --create-home postgres"
}

need_psql() {
  psql=${POSTGRES_BIN-}/psql
  [[ ! -x $psql ]] || return 0
  command -v psql >/dev/null || find_postgres '' || install_packages postgresql-client
  psql=$(command -v psql) || psql=$POSTGRES_BIN/psql
}

# Sets POSTGRES_BIN to the folder of PostgreSQL's programs, and postgres_version to their major version: the caller's choice if
# there is one, otherwise the newest from 13 on. With a version, it finds that one, wherever it is.
find_postgres() { # VERSION or ''
  local folder found newest=12
  # Debian does not put them on PATH.
  for folder in "$chosen_postgres" /usr/lib/postgresql/*/bin "$(dirname -- "$(readlink -f -- "$(command -v initdb)")")"; do
    [[ -x $folder/initdb && -x $folder/postgres && $("$folder/postgres" --version) =~ \)\ ([0-9]+) ]] || continue
    found=${BASH_REMATCH[1]}
    if [[ $found == "${1:-$found}" ]] && ((found > newest)); then
      newest=$found
      POSTGRES_BIN=$folder
      [[ $folder != "$chosen_postgres" ]] || break
    fi
  done
  # shellcheck disable=SC2034 # for cluster-upgrade.sh
  postgres_version=$newest
  ((newest > 12))
}

install_packages() { # PACKAGE...
  local log code=0 reporter as_root=() hint="run as root: apt-get install $*"
  (($#)) || return 0
  say "installing missing system packages: $*"
  command -v apt-get >/dev/null || fail 78 "unable to install $*: apt-get is missing" "install them with your system's package manager; their names may differ"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail 78 "unable to install $*: you are not root, and sudo is missing" "$hint"
    if [[ -t 0 ]]; then as_root=(sudo); else as_root=(sudo -n); fi # without a terminal, sudo must not ask for a password
  fi
  # Ask for the password before the progress line starts.
  [[ ${as_root[*]} != sudo ]] || sudo -v || fail 78 "unable to install $*" "$hint"
  set -m # its own process group, for end_progress
  report_progress installing /dev/null $$ >/dev/null &
  reporter=$!
  set +m
  log=$("${as_root[@]}" sh "$project/Sources/pipeline/install.sh" "$@" </dev/null 2>&1) || code=$?
  end_progress "$reporter"
  ((code == 0)) || { printf '%s\n' "$log" >&2 && fail 78 "unable to install $*" "$hint"; }
}
