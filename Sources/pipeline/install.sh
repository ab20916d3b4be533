#!/bin/sh
# Installs the given Debian packages, as root. PostgreSQL's would make and start a cluster of its own, which nobody here
# asked for: a setting that is there only meanwhile keeps it from that.
set -eu
folder=/etc/postgresql-common/createcluster.d
setting=$folder/business-registry.conf
trap 'rm -f "$setting"; rmdir "$folder" "${folder%/*}" 2>/dev/null || :' EXIT
trap 'exit 1' HUP INT TERM

case " $* " in
  *' postgresql '*) mkdir -p "$folder" && echo 'create_main_cluster = false' >"$setting" ;;
esac

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || : # the lists that are there may do
apt-get install -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
