# shellcheck shell=bash
# The private PostgreSQL's settings: sized for bulk loading on this machine, as safe as ever.
: "${port:?}"

memory_mb() {
  local kb file limit
  read -r _ kb _ </proc/meminfo
  for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [[ -r $file ]] && read -r limit <"$file" && [[ $limit != max ]] && ((limit / 1024 < kb)) && kb=$((limit / 1024))
  done
  echo $((kb / 1024))
}

between() { echo $(($2 < $1 ? $1 : $2 > $3 ? $3 : $2)); } # LOW VALUE HIGH

cluster_configure() {
  local memory shared='' user
  memory=$(memory_mb)
  # Where a container has little shared memory, parallel queries would run out of it. Else initdb has chosen well.
  (($(df -m --output=size /dev/shm 2>/dev/null | tail -n 1) >= 256)) || shared='dynamic_shared_memory_type = mmap'
  as_server tee data/registry.conf >/dev/null <<CONF
# Written at every start. Your own settings go below its include in postgresql.conf, where the last one counts.
listen_addresses = ''                 # a Unix socket only
port = $port
unix_socket_directories = '.'         # in this folder, which nobody else can enter; survives a move of the project
unix_socket_permissions = 0700
shared_buffers = $(between 128 $((memory / 8)) 1024)MB  # the whole registry nearly fits in 1 GB
maintenance_work_mem = $(between 64 $((memory / 32)) 512)MB  # index builds sort in memory
max_parallel_maintenance_workers = $(between 1 "$(nproc)" 4)
wal_level = minimal                   # no replica: indexes on tables made in the same transaction, and the like, write no WAL
max_wal_senders = 0                   # asked for by wal_level
wal_compression = on
max_wal_size = 4GB                    # a whole load between two checkpoints
min_wal_size = 256MB
checkpoint_timeout = 15min
log_checkpoints = off
$shared
# fsync, full_page_writes and synchronous_commit stay on: what the ledger says is done has to survive a crash.
CONF
  echo 'local all all peer map=registry' | as_server tee data/pg_hba.conf >/dev/null
  # The folder's owner and root, who alone can enter it, may be either role.
  for user in root "${server_user:?}"; do
    printf 'registry "%s" %s\n' "$user" registry "$user" postgres
  done | as_server tee data/pg_ident.conf >/dev/null
}
