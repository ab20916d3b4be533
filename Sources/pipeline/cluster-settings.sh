# shellcheck shell=bash
# Writes the private PostgreSQL's settings: private-postgresql.conf, then those that depend on the machine.
: "${port:?}" "${project:?}"

cluster_configure() { # FOLDER, in the cluster's
  local memory user
  memory=$(memory_mb)
  {
    cat -- "${BASH_SOURCE[0]%/*}/private-postgresql.conf"
    echo "port = $port"
    echo "shared_buffers = $(between 128 $((memory / 8)) 1024)MB  # the whole registry nearly fits in 1 GB"
    echo "maintenance_work_mem = $(between 64 $((memory / 32)) 512)MB  # index builds sort in memory"
    echo "max_parallel_maintenance_workers = $(between 1 "$(nproc)" 4)"
    # pglz, the only method before PostgreSQL 15, takes ten times as long as lz4: half a second for a day of 2,000 changes.
    ! is_setting "$1" wal_compression=lz4 || echo 'wal_compression = lz4'
    # In a container with little shared memory, parallel queries would run out of it. Otherwise initdb's choice is right.
    (($(df -m --output=size /dev/shm 2>/dev/null | tail -n 1) >= 256)) || echo 'dynamic_shared_memory_type = mmap'
  } | as_server tee "$1/registry.conf" >/dev/null
  echo 'local all all peer map=registry' | as_server tee "$1/pg_hba.conf" >/dev/null
  # Only the folder's owner and root can enter it. Both may log in as either role.
  for user in root "${server_user:?}"; do
    printf 'registry "%s" %s\n' "$user" registry "$user" postgres
  done | as_server tee "$1/pg_ident.conf" >/dev/null
}

# Tells whether this version of PostgreSQL accepts a setting.
is_setting() { # FOLDER NAME=VALUE
  as_server "${POSTGRES_BIN:?}/postgres" -C "${2%%=*}" -D "$1" -c config_file=/dev/null -c "$2" >/dev/null 2>&1
}

memory_mb() {
  local kb file limit
  read -r _ kb _ </proc/meminfo
  for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [[ -r $file ]] && read -r limit <"$file" && [[ $limit != max ]] && ((limit / 1024 < kb)) && kb=$((limit / 1024))
  done
  echo $((kb / 1024))
}

between() { echo $(($2 < $1 ? $1 : $2 > $3 ? $3 : $2)); } # LOW VALUE HIGH
