# shellcheck shell=bash
# The private PostgreSQL, which is used if no database is given. It listens only on a Unix socket in a folder that other
# users cannot enter. It never runs as root, and shares nothing with the clusters that Debian's packages create.
: "${project:?}"

port=5432 # only part of the socket's name

# Runs a command as the server's user, never as root, with messages in English and without the caller's PG* variables.
as_server() (
  cd "$cluster" 2>/dev/null || cd /
  unset "${!PG@}"
  export LC_ALL=C
  umask 077 # new files are private, whatever the caller's umask
  ((EUID != 0)) || exec setpriv --reuid="$server_uid" --regid="$server_gid" --clear-groups -- "$@"
  exec "$@"
)

# Finds a folder for the cluster: in the project if possible. Sets cluster, data and the server's user (server_*).
cluster_locate() {
  local name places server home uid gid
  name=business-registry-$(printf '%s' "$project" | sha256sum)
  name=${name:0:26}
  if ((EUID == 0)); then
    IFS=: read -r server _ uid gid _ home _ < <(getent passwd postgres) || return 1
    places=("$project/.postgres" "$home/$name")
  else
    server=$(id -un) uid=$EUID gid=${GROUPS[0]}
    places=("$project/.postgres" "${XDG_STATE_HOME:-${HOME-}/.local/state}/$name" "/tmp/$name-$EUID")
  fi
  for cluster in "${places[@]}"; do
    data=$cluster/data server_user=$server server_uid=$uid server_gid=$gid
    ! cluster_fits || return 0
  done
  return 1
}

# libpq accepts socket paths of up to 107 bytes, and takes a comma as the end of a host.
cluster_fits() {
  local LC_ALL=C socket=$data/.s.PGSQL.$port parent=${cluster%/*} owner
  ((${#socket} <= 107)) && [[ $socket != *,* && ! -L $cluster ]] || return 1
  if [[ -e $cluster ]]; then
    read -r owner server_gid < <(stat -c '%u %g' -- "$cluster")
    # Root runs an existing cluster in the project as its owner. A folder of any other user is not used.
    ((owner == server_uid)) || [[ $EUID == 0 && $owner != 0 && $cluster == "$project/.postgres" ]] || return 1
    server_uid=$owner server_user=$(stat -c %U -- "$cluster")
  else
    mkdir -p -- "$parent" 2>/dev/null && [[ -w $parent ]] || return 1
  fi
  as_server test -x "$parent"
}

cluster_alive() { cluster_here || cluster_elsewhere; }

# The pid alone proves nothing: after a reboot, or in a container, another process may have it.
cluster_here() {
  local pid
  read -r pid 2>/dev/null <"$data/postmaster.pid" && as_server test "/proc/$pid/cwd" -ef "$data"
}

# Tells whether a server runs whose processes are not visible here, for instance in another container: it holds the lock.
cluster_elsewhere() {
  [[ -e $cluster/server.lock ]] && ! flock -n -s "$cluster/server.lock" true && find_postgres '' &&
    as_server "$POSTGRES_BIN/pg_isready" -q -h "$data" -p "$port"
}

cluster_state() { # starting, ready, stopping
  local lines=()
  mapfile -t lines 2>/dev/null <"$data/postmaster.pid" || :
  printf '%s' "${lines[7]-}" | tr -d ' '
}

cluster_exists() {
  # shellcheck disable=SC2016 # for the other shell
  cluster_locate && as_server sh -c 'for data; do [ ! -e "$data/PG_VERSION" ] || exit 0; done; exit 1' sh "$data" "$data".old-*
}

cluster_running() {
  cluster_locate && cluster_ready
}

cluster_ready() { [[ $(cluster_state) == ready ]] && cluster_alive; }

# Waits until the server is ready or has ended: 10 minutes, because it may recover from a crash, but only 10 seconds while it
# stops, because it waits for its sessions to end.
cluster_wait() {
  local try tries=6000 state=''
  for ((try = 0; try < tries; try++)); do
    cluster_alive && ! cluster_ready || return 0
    state=$(cluster_state)
    [[ $state != stopping ]] || tries=100
    ((try != 20)) || say "the private PostgreSQL is $state: waiting for it"
    sleep 0.1
  done
  fail 75 "the private PostgreSQL in '$cluster' is still $state" \
    "stop it, which ends its sessions: ${me-./pipeline.sh} down; then run the same command again"
}

# shellcheck disable=SC2034 # 'private' is for pipeline.sh
use_cluster() {
  private=yes
  export DATABASE_ORIGIN=private # hints need not name it
  unset "${!PG@}" # PGHOSTADDR, PGSERVICE and others would select another server
  export DATABASE_URL
  DATABASE_URL="postgresql:///registry?host=$(percent_encode "$data")&port=$port&user=registry"
}

# Starts the server if it is not running. The folder itself is the lock, so that only one pipeline.sh does this. Child
# processes inherit the lock, except the server, which keeps running.
cluster_start() {
  local owner=()
  if ! cluster_running; then
    need_postgres
    cluster_locate ||
      fail 78 "unable to create a private PostgreSQL: neither '$project/.postgres' nor '$cluster' can be used (no permission, or a path that is too long or has a comma)" \
      "set DATABASE_URL to a database"
    if ((EUID == 0)); then owner=(-o "$server_uid" -g "$server_gid"); fi
    [[ -d $cluster ]] || install -d -m 700 "${owner[@]}" -- "$cluster" ||
      fail 74 "unable to create '$cluster'" "check the owner and the free space of its parent folder"
    exec 8<"$cluster"
    flock 8
    cluster_wait
    cluster_alive || cluster_launch
    exec 8<&-
  fi
  use_cluster
}

cluster_launch() {
  local version='' server_lock
  # Every process of a server holds this lock, wherever it runs. After a crash, its processes may end a little later.
  as_server touch server.lock
  exec {server_lock}<"$cluster/server.lock"
  stop_upgrade # of a killed command
  flock -w 30 "$server_lock" || fail 75 "processes of another server still use the private PostgreSQL's folder '$cluster'" \
    "wait a minute and run the same command again; if it fails again, stop the container that uses this folder"
  clear_upgrade
  [[ -e $data/PG_VERSION ]] && read -r version <"$data/PG_VERSION"
  find_postgres "$version" || fail 78 "the data in '$cluster' needs PostgreSQL $version, which is not installed" \
    "install postgresql-$version: if a newer version is installed beside it, the same command then upgrades the data" \
    "or move the folder away and load again: history, corrections and accounts are then lost"
  if [[ -n $version ]]; then upgrade_cluster "$version"; else cluster_create; fi
  cluster_configure data
  # If another process now has the pid of a crashed server, PostgreSQL would take it for the server and refuse to start.
  as_server rm -f data/postmaster.pid "data/.s.PGSQL.$port.lock"
  close_inherited "$POSTGRES_BIN/pg_ctl" -D data -l server.log -w -t 600 start >/dev/null 2>&1 || {
    tail -n 5 -- "$cluster/server.log" >&2 || :
    fail 69 "unable to start the private PostgreSQL in '$cluster'" "correct the cause, which the lines above from '$cluster/server.log' name, then run the same command again"
  }
  exec {server_lock}<&-
  remove_old_cluster
}

# The server outlives this script. It must not inherit a pipe, whose reader would wait for it, or any lock but its own.
close_inherited() (
  for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    ((fd <= 2 || fd == server_lock)) || exec {fd}>&-
  done
  as_server "$@"
)

# Names sort by bytes, like the tables. The ctype C.UTF-8 tells Chinese letters from punctuation.
initdb_options=(-U postgres -E UTF8 --locale=C --lc-ctype=C.UTF-8 --data-checksums --auth=peer)

# Creates the cluster in data.new, with roles and database, and renames it: so an existing cluster is always complete.
cluster_create() {
  local problem
  say "creating a private PostgreSQL in '$cluster'"
  [[ $cluster == "$project/.postgres" ]] ||
    say "not in the project: user '$server_user' cannot use a folder there, or its path is too long for a socket or has a comma"
  as_server rm -rf data.new
  problem=$(as_server "$POSTGRES_BIN/initdb" -D data.new "${initdb_options[@]}" 2>&1 &&
    as_server "$POSTGRES_BIN/postgres" --single -D data.new -c exit_on_error=on postgres 2>&1 <<<"
CREATE ROLE registry LOGIN
CREATE DATABASE registry OWNER registry" &&
    as_server sh -c "echo \"include 'registry.conf'\" >>data.new/postgresql.conf && mv data.new data && sync ." 2>&1) ||
    fail 74 "unable to create a private PostgreSQL in '$cluster': $(grep -m 1 -iE 'error|fatal' <<<"$problem")" \
      "check the free space of the disk, or set DATABASE_URL to a database"
}

cluster_stop() {
  # If the server is stopping, do not wait for the lock: a command that waits for the server may hold it.
  if ! { cluster_locate && [[ -e $data/PG_VERSION ]] && exec 8<"$cluster" &&
    { [[ $(cluster_state) == stopping ]] || flock 8; } && stop_upgrade && cluster_alive; }; then
    say 'no private PostgreSQL is running'
    return
  fi
  cluster_here || fail 75 "unable to stop the private PostgreSQL in '$cluster': it runs in another container or PID namespace" \
    "stop it there"
  find_postgres "$(<"$data/PG_VERSION")" || POSTGRES_BIN=''
  as_server "${POSTGRES_BIN:+$POSTGRES_BIN/}pg_ctl" -D data -m fast -w -t 600 stop >/dev/null ||
    fail 75 "unable to stop the private PostgreSQL in '$cluster'" "see its log '$cluster/server.log'"
  say "stopped the private PostgreSQL in '$cluster'"
}
