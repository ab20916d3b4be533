# shellcheck shell=bash
# Upgrades the private PostgreSQL when it starts and a newer version is installed beside its own. All work is done on a copy
# in the folder upgrade/ of the cluster: the cluster itself stays as it is until the new one is complete and checked.
: "${port:?}" "${initdb_options[@]:?}"

# Sets POSTGRES_BIN to the programs with which the cluster then has to be started: the old ones if the upgrade fails.
upgrade_cluster() { # VERSION of the cluster
  local old=$1 old_programs=$POSTGRES_BIN new new_programs problem at_exit
  find_postgres ''
  new=${postgres_version:?} new_programs=$POSTGRES_BIN
  POSTGRES_BIN=$old_programs
  ((new > old)) || return 0
  : "${cluster:?}"
  say "upgrading the private PostgreSQL in '$cluster' from version $old to $new: with a large registry this takes a minute"
  at_exit=$(trap -p EXIT)
  trap 'stop_upgrade; clear_upgrade' EXIT # a signal ends the script
  if problem=$(make_upgrade) && problem=$(replace_cluster); then
    POSTGRES_BIN=$new_programs
    say "upgraded the private PostgreSQL to version $new: all tables have the same number of rows as before"
  else
    problem=${problem%%$'\n'*}
    warn "unable to upgrade the private PostgreSQL in '$cluster' from version $old to $new: ${problem:-a step failed}; it starts with version $old, as before" \
      "correct the cause, for which '$cluster/upgrade.log' has the details: the next start tries again" \
      "to stay with version $old, set POSTGRES_BIN to '$old_programs'"
  fi
  stop_upgrade
  clear_upgrade
  eval "${at_exit:-trap - EXIT}"
}

# Makes upgrade/new. If a step fails, prints the cause.
make_upgrade() {
  local link needed free socket=(-h "$cluster" -p "$port" -U postgres)
  local psql=("$new_programs/psql" -X -A -t -q -v ON_ERROR_STOP=1 "${socket[@]}")
  as_server tee upgrade.log >/dev/null <<<"upgrade from version $old to $new"
  [[ -x $new_programs/pg_upgrade ]] || { echo "'$new_programs' has no pg_upgrade" && return 1; }
  # The copy of a link, for instance of a tablespace, would be the cluster's own file.
  link=$(as_server find data -type l -print -quit)
  [[ -z $link ]] || { echo "'$cluster/$link' is a symbolic link" && return 1; }
  needed=$(($(as_server du -sm data | cut -f 1) + 512))
  free=$(as_server df -m --output=avail . | tail -n 1)
  ((free >= needed)) || { echo "it needs $needed MB of free disk, and ${free// /} MB are free" && return 1; }
  as_server mkdir upgrade &&
    attempt cp -a --reflink=auto ../data old &&
    attempt rm -f old/postmaster.pid "old/.s.PGSQL.$port" "old/.s.PGSQL.$port.lock" &&
    # Starting the copy also recovers one whose server was killed: pg_upgrade refuses it.
    with_server "$old_programs" old prepare_copy &&
    attempt "$new_programs/initdb" -D new -N "${initdb_options[@]}" &&
    configure_new &&
    # With --link, the files of the copy become those of the new cluster: they are not copied a second time. At its end it
    # syncs all files.
    attempt "$new_programs/pg_upgrade" --link -b "$old_programs" -B "$new_programs" -d old -D new -U postgres \
      -s "$cluster" -p "$port" -P $((port + 1)) -j "$(nproc)" &&
    # postgresql.conf with the user's settings, and files that it includes.
    attempt find old -maxdepth 1 -type f ! -name PG_VERSION ! -name 'postmaster.*' ! -name 'backup_*' -exec cp -p -t new {} + &&
    configure_new &&
    with_server "$new_programs" new finish_upgrade &&
    attempt diff -r before after &&
    attempt find new -maxdepth 1 -exec sync {} +
}

# Gives the new cluster the name of the old one. A kill between the renames is undone by clear_upgrade.
replace_cluster() {
  as_server mv -T data "data.old-$old" 2>&1 && as_server mv -T upgrade/new data 2>&1 && { as_server sync . || :; }
}

# Runs a step in upgrade/, with its output in upgrade.log. If it fails, prints the cause.
attempt() { # COMMAND...
  local output more='' code=0
  output=$(close_inherited env -C upgrade "$@" 2>&1) || {
    code=$?
    # pg_upgrade and pg_ctl refer to other files, which are removed with the folder.
    more=$(as_server find upgrade/new upgrade/server.log -type f \( -name '*.txt' -o -name '*.log' \) -exec tail -n 50 {} + 2>/dev/null)
  }
  printf '%s\n' "\$ $*" "$output" "$more" | as_server tee -a upgrade.log >/dev/null
  ((code == 0)) || echo "${1##*/}: $(grep -m 1 -E 'error: |failed check: |fatal$|^[<>] ' <<<"$output"$'\n'"$more" || grep . <<<"$output" | tail -n 1)" | tr -s ' \t' ' '
  return "$code"
}

configure_new() (
  POSTGRES_BIN=$new_programs
  cluster_configure upgrade/new
)

# Runs a function while a server runs in a folder of upgrade/. Other programs do not find its socket.
with_server() { # PROGRAMS FOLDER FUNCTION ARGUMENT...
  local code=0
  attempt "$1/pg_ctl" -D "$2" -l server.log -w -t 600 \
    -o '-c unix_socket_directories=../.. -c listen_addresses= -c archive_mode=off' start || return
  "${@:3}" || code=$?
  attempt "$1/pg_ctl" -D "$2" -m fast -w -t 600 stop && return "$code"
}

# PostgreSQL 15.20 stores 'pg_attver' in pg_attribute.attoptions. pg_dump of a version that does not know it, such as 18.6,
# dumps it as an option of the column, and the new server refuses that option.
prepare_copy() {
  list_contents before && in_databases prepared <<'SQL'
UPDATE pg_attribute
  SET attoptions = nullif(ARRAY(SELECT o FROM unnest(attoptions) o WHERE o NOT LIKE 'pg\_attver=%'), '{}')
  WHERE attrelid >= 16384 AND attoptions::text LIKE '%pg\_attver=%'
SQL
}

finish_upgrade() {
  as_server test ! -e upgrade/update_extensions.sql || attempt "${psql[@]}" -f update_extensions.sql postgres || return
  attempt "$new_programs/vacuumdb" "${socket[@]}" --all --analyze-only && list_contents after
}

# Lists for each database the last publication, the number of rows of each table, and the state of each sequence.
list_contents() { # FOLDER
  in_databases "$1" <<'SQL'
SELECT current_database();
SELECT 'SELECT publication FROM publication ORDER BY id DESC LIMIT 1' WHERE to_regclass('schema_migration') IS NOT NULL AND to_regclass('publication') IS NOT NULL \gexec
SELECT format(CASE relkind WHEN 'S' THEN 'SELECT %L, last_value, is_called FROM %s' ELSE 'SELECT %L, count(*) FROM ONLY %s' END,
    oid::regclass, oid::regclass)
  FROM pg_class
  WHERE relkind IN ('r', 'm', 'S') AND relispopulated AND relpersistence <> 't'
    AND relnamespace::regnamespace::text <> ALL ('{pg_catalog,information_schema,pg_toast}')
  ORDER BY relnamespace::regnamespace::text, relname \gexec
SQL
}

# Runs the script on stdin in each database. The answers of each go to a file.
in_databases() { # FOLDER
  local script database number=0
  script=$(cat)
  as_server mkdir "upgrade/$1"
  attempt "${psql[@]}" -o databases -c "SELECT datname FROM pg_database WHERE datallowconn ORDER BY datname" postgres || return
  while IFS= read -r database; do
    number=$((number + 1))
    attempt "${psql[@]}" -o "$1/$number" -f - "dbname='${database//[\\\']/\\&}'" <<<"$script" || return
  done < <(as_server cat upgrade/databases)
}

# Ends the processes of an upgrade, which are those that work in its folder. Servers outlive the pg_upgrade that started them.
stop_upgrade() {
  local process folder processes try here
  [[ -e $cluster/upgrade ]] || return 0
  here=$(readlink -f -- "$cluster")
  for ((try = 0; try < 100; try++)); do
    processes=()
    while IFS=$'\t' read -r -d '' process folder; do
      [[ $folder/ != "$here/upgrade/"* ]] || processes+=("${process##*/}")
    done < <(as_server find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' -printf '%h\t%l\0' 2>/dev/null)
    ((${#processes[@]})) || return 0
    # shellcheck disable=SC2016 # for the other shell
    as_server sh -c 'kill -s QUIT "$@"' sh "${processes[@]}" 2>/dev/null || : # servers: an immediate shutdown
    sleep 0.1
  done
}

# Removes an upgrade that did not end. If it was killed between its renames, the old cluster gets its name back.
clear_upgrade() {
  # shellcheck disable=SC2016
  as_server sh -c 'cd "$1" && rm -rf upgrade .s.PGSQL.* &&
    for old in data.old-*; do [ -e data ] || [ ! -e "$old" ] || mv -T "$old" data; done' sh "$cluster"
}

# Removes the old cluster, after the new one has started.
# shellcheck disable=SC2016 # for the other shell
remove_old_cluster() { as_server sh -c 'cd "$1" && rm -rf data.old-*' sh "$cluster"; }
