#!/bin/sh
# Installs the given Debian packages, as root. PostgreSQL's would make and start a cluster of its own, and nginx's a server
# on port 80, which nobody here asked for: what is there only meanwhile keeps them from that.
set -eu
folder=/etc/postgresql-common/createcluster.d
setting=$folder/business-registry.conf
policy=/usr/sbin/policy-rc.d made=''
trap 'rm -f "$setting" $made; rmdir "$folder" "${folder%/*}" 2>/dev/null || :' EXIT
trap 'exit 1' HUP INT TERM

case " $* " in
  *' postgresql '*) mkdir -p "$folder" && echo 'create_main_cluster = false' >"$setting" ;;
esac
case " $* " in
  *' nginx'*) [ -e "$policy" ] || { made=$policy && printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"; } ;;
esac

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || : # the lists that are there may do
apt-get install -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
[ -z "$made" ] || systemctl disable --quiet nginx 2>/dev/null || : # nor at the next start of the machine
