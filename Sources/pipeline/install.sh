#!/bin/sh
# Installs the given Debian packages, as root. The package postgresql would create and start a cluster, and nginx would
# start a server on port 80. Temporary files prevent both.
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
apt-get update -qq || : # the existing lists may be sufficient
apt-get install -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
[ -z "$made" ] || systemctl disable --quiet nginx 2>/dev/null || : # do not start it at the next boot either
