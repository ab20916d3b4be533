#!/usr/bin/env bash
# Checks Dockerfile and compose.yaml for real, without a Docker daemon: both are linted, the image is built with buildah, and
# the built image loads the sample into a PostgreSQL outside it. Takes minutes and several GB, so it is no part of the tests.
#
#   Tests/containers/check.sh [--pull] [--keep]
#
# The bases are pulled with --pull. Otherwise they are assembled here, under the names that the Dockerfile uses: Debian's by
# debootstrap, Swift's by adding the toolchain that is installed on this machine.
set -euo pipefail

project=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
pull='' keep=''
for argument; do
  case $argument in
    --pull) pull=yes ;;
    --keep) keep=yes ;;
    *) echo "usage: ${0##*/} [--pull] [--keep]" >&2 && exit 64 ;;
  esac
done

# shellcheck source=Tests/shell/support/bare_root.sh
source "$project/Tests/shell/support/bare_root.sh"
# shellcheck source=Sources/pipeline/url.sh
source "$project/Sources/pipeline/url.sh"

require_root
missing=()
command -v buildah >/dev/null || missing+=(buildah)
command -v docker-compose >/dev/null || missing+=(docker-compose)
[[ -n $pull ]] || command -v debootstrap >/dev/null || missing+=(debootstrap)
command -v python3 >/dev/null || missing+=(python3 python3-venv)
install_packages "${missing[@]}"
need_postgres

scratch=$(mktemp -d /var/tmp/registry-containers-XXXXXX)
chmod 755 "$scratch"
# Storage and everything in it are this check's own.
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
store=(--root "$scratch/storage" --runroot "$scratch/run")
bud() { buildah "${store[@]}" "$@"; }
server_data=$scratch/postgres/data
as_postgres() { (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"); }

clean_up() {
  [[ ! -e $server_data/postmaster.pid ]] || as_postgres "$POSTGRES_BIN/pg_ctl" -D "$server_data" -m immediate stop >/dev/null || :
  [[ -z $keep ]] || { say "kept: $scratch" && return; }
  bud rm --all >/dev/null 2>&1 || :
  rm -rf -- "$scratch"
}
trap clean_up EXIT

lint() {
  local venv=$project/.build/containers-venv
  make_venv "$venv" "$project/Tests/containers/requirements.txt"
  "$venv/bin/hadolint" "$project/Dockerfile"
  say 'hadolint: no finding'
  cp "$project/compose.yaml" "$project/.env.example" "$scratch/"
  # Without a password there is no configuration.
  ! (cd "$scratch" && env -u POSTGRES_PASSWORD docker-compose -f compose.yaml --env-file .env.example config >/dev/null 2>"$scratch/err") ||
    fail 70 'compose.yaml is accepted without POSTGRES_PASSWORD'
  (cd "$scratch" && POSTGRES_PASSWORD=secret docker-compose -f compose.yaml --env-file .env.example config) >"$scratch/config.yaml"
  # Compose 1 writes '127.0.0.1:5432:5432', Compose 2 'host_ip' and 'published'.
  (($(grep -cE '^ +(- )?(published: |"?[0-9.:]*:[0-9]+:[0-9]+)' "$scratch/config.yaml") == $(grep -cE 'host_ip: 127\.0\.0\.1|127\.0\.0\.1:[0-9]' "$scratch/config.yaml"))) ||
    fail 70 'a port is published beyond loopback'
  say 'docker-compose config: accepted with a password, refused without one'
}

# An image of a folder, under a name.
image_of() { # NAME FOLDER [CONFIG...]
  local container
  container=$(bud from scratch)
  bud add --quiet "$container" "$2" / >/dev/null
  (($# == 2)) || bud config "${@:3}" "$container"
  bud commit --quiet "$container" "$1" >/dev/null
  bud rm "$container" >/dev/null
}

default_of() { sed -n "s/^ARG $1=//p" "$project/Dockerfile"; }

assemble_bases() {
  local runtime swift toolchain mirror
  runtime=$(default_of RUNTIME_IMAGE) swift=$(default_of SWIFT_IMAGE)
  make_bare_root "$scratch/debian"
  image_of "docker.io/library/$runtime" "$scratch/debian"

  say "assembling $swift from the toolchain of this machine"
  chroot "$scratch/debian" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends ca-certificates git libc6-dev libstdc++-12-dev libgcc-12-dev binutils libxml2 libncurses6 libsqlite3-0 \
    zlib1g-dev libedit2 libcurl4 libpython3.11 pkg-config' >"$scratch/apt.log" 2>&1 ||
    { tail -n 5 "$scratch/apt.log" >&2 && fail 69 "apt-get fails in the base"; }
  toolchain=$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v swift)")")")
  mkdir -p "$scratch/debian$toolchain"
  cp -a "$toolchain/." "$scratch/debian$toolchain/"
  # Where git reads its packages from a folder of this machine, it does so in the image.
  mirror=$(git config --get-regexp '^url\..*\.insteadof$' https://github.com/ 2>/dev/null | sed -n 's/^url\.\(\/.*\)\.insteadof .*/\1/p' | head -n 1) || :
  if [[ -n $mirror ]]; then
    mkdir -p "$scratch/debian$mirror"
    cp -a "$mirror/." "$scratch/debian$mirror/"
    printf '[url "%s"]\n\tinsteadOf = https://github.com/\n[safe]\n\tdirectory = *\n' "$mirror" >"$scratch/debian/etc/gitconfig"
  fi
  image_of "docker.io/library/$swift" "$scratch/debian" --env "PATH=$toolchain/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  rm -rf -- "$scratch/debian"
}

build_image() {
  local policy=(--pull=never)
  [[ -z $pull ]] || policy=(--pull)
  say 'building the image' # in Docker's format: the other one knows no health check
  bud build "${policy[@]}" --format docker --network host --tag business-registry "$project" >"$scratch/build.log" 2>&1 ||
    { tail -n 30 "$scratch/build.log" >&2 && fail 70 "the image cannot be built"; }
}

# A PostgreSQL outside the image, that asks for a password.
start_server() {
  mkdir -p "$scratch/postgres"
  chown postgres: "$scratch/postgres"
  echo sample-password >"$scratch/postgres/password"
  chown postgres: "$scratch/postgres/password"
  as_postgres "$POSTGRES_BIN/initdb" -D "$server_data" -U registry --pwfile="$scratch/postgres/password" -A scram-sha-256 \
    -E UTF8 --locale=C.UTF-8 >/dev/null
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  as_postgres "$POSTGRES_BIN/pg_ctl" -D "$server_data" -l "$scratch/postgres/log" -w \
    -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=''" start >/dev/null
}

sql() { PGPASSWORD=sample-password "$POSTGRES_BIN/psql" -XAtq -h 127.0.0.1 -p "$port" -U registry -d "$1" -c "$2"; }

try_image() {
  local container health
  container=$(bud from --pull=never localhost/business-registry)
  inside() { bud run --env PGPASSWORD=sample-password --env "DATABASE_URL=postgresql://registry@127.0.0.1:$port/registry" "$container" -- "$@"; }
  equal 'user' 10001 "$(inside id -u)"
  equal 'compilers' '' "$(inside bash -c 'command -v swift swiftc clang gcc cc ld || :')"
  # shellcheck disable=SC2016 # for the image's shell to expand
  equal 'Swift libraries that the programs ask for' '' "$(inside bash -c 'for p in fetch transform load console; do ldd /opt/registry/bin/$p; done | grep -i -E "swift|Foundation|not found" || :')"
  equal 'first line of --help' 'usage: ./pipeline.sh [COMMAND] [OPTIONS]' "$(inside /opt/registry/pipeline.sh --help | head -n 1)"
  sql postgres 'create database registry'
  health=$(bud inspect --format '{{.Docker.Config.Healthcheck.Test}}' "$container")
  equal 'health check' '[CMD /opt/registry/pipeline.sh status --check]' "$health"
  inside /opt/registry/pipeline.sh status --check || fail 70 'the health check fails with a database that is up'
  inside /opt/registry/pipeline.sh run --sample --json >"$scratch/summary.json" 2>"$scratch/log" || { cat "$scratch/log" >&2 && fail 70 'the sample cannot be loaded'; }
  equal 'registrations loaded by the image' "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["totals"]["processed"])' "$scratch/summary.json")" \
    "$(sql registry 'select count(*) from tax_registration')"
  equal 'events in the log file' "$(wc -l <"$scratch/log")" "$(inside bash -c 'cat /var/log/registry/etl.log-*' | wc -l)"
  equal 'account' "account 'ann' made: operator" \
    "$(inside bash -c 'echo "a long password" | /opt/registry/pipeline.sh console user add ann' 2>/dev/null)"
  # The console answers as compose's health check asks it, and ends when it is told to.
  # shellcheck disable=SC2016 # for the image's shell to expand
  equal 'health of the console' '{"status":"ok"}' "$(inside bash -c '
    /opt/registry/pipeline.sh console >/tmp/address 2>/tmp/log & console=$!
    for _ in {1..100}; do [[ ! -s /tmp/address ]] || break; sleep 0.1; done
    exec 3<>/dev/tcp/127.0.0.1/8000 && printf "GET /healthz HTTP/1.0\r\n\r\n" >&3 && tail -n 1 <&3
    kill "$console" && wait "$console" || cat /tmp/log')"
  equal 'exit code without DATABASE_URL' 78 "$(bud run "$container" -- /opt/registry/pipeline.sh run --sample >/dev/null 2>&1 || echo $?)"
  as_postgres "$POSTGRES_BIN/pg_ctl" -D "$server_data" -m fast stop >/dev/null
  ! inside /opt/registry/pipeline.sh status --check 2>/dev/null || fail 70 'the health check passes without a database'
  say 'the health check passes with the database, and fails without it'
  say "size: $(bud images --format '{{.Size}}' localhost/business-registry)"
}

lint
[[ -n $pull ]] || assemble_bases
build_image
start_server
try_image
say 'all of it passed'
