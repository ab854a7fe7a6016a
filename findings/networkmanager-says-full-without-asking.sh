#!/usr/bin/env bash
# NetworkManager 1.42.4 (Debian 12): without a [connectivity] section, which Debian's package does not bring, it never checks
# whether the internet is there (ConnectivityCheckAvailable is false). Its D-Bus manual gives that case the word `unknown`
# (NMConnectivityState). But it says `full` as soon as there is a default route, here one to a gateway that does not exist. So
# does `nmcli networking connectivity check`, which is to check anew, with exit code 0.
# Needs Debian 12, mmdebstrap and root. Runs in namespaces of its own, with a cable that leads nowhere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
cd "$folder"
chmod 755 .
sources=/etc/apt/sources.list.d/debian.sources
[ -e "$sources" ] || sources=/etc/apt/sources.list
mmdebstrap --mode=root --variant=minbase --include=iproute2,network-manager bookworm root - <"$sources" 2>debian.log ||
  { cat debian.log; exit 1; }
printf '%s\n' '[keyfile]' 'unmanaged-devices=interface-name:nowhere' >root/etc/NetworkManager/conf.d/finding.conf

cat >root/connect.sh <<'CONNECT'
mkdir -p /run/dbus
dbus-daemon --system --fork
ip link add up0 type veth peer name nowhere
ip link set nowhere up
NetworkManager
for _ in $(seq 50); do nmcli general >/dev/null 2>&1 && break; sleep 0.1; done
nmcli connection add type ethernet con-name up0 ifname up0 ipv6.method disabled \
  ipv4.method manual ipv4.addresses 192.0.2.2/24 ipv4.gateway 192.0.2.1 >/dev/null
nmcli connection up up0 >/dev/null
echo "with a route that leads nowhere: $(nmcli networking connectivity check), code $?"
object='org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager'
echo "can check: $(busctl get-property $object ConnectivityCheckAvailable)"
CONNECT
cat >boot.sh <<'BOOT'
mount --bind root root
cd root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for device in null zero random urandom; do touch "dev/$device"; mount --bind "/dev/$device" "dev/$device"; done
exec chroot . sh -eu connect.sh
BOOT
version=$(chroot root dpkg-query --show --showformat='${Version}' network-manager)
found=$(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin unshare --mount --pid --fork --net --kill-child=KILL --propagation private \
  sh -e boot.sh)
echo "network-manager $version:"
echo "$found"
wanted='with a route that leads nowhere: full, code 0
can check: b false'
[ "$version" = 1.42.4-1+deb12u1 ] && [ "$found" = "$wanted" ] || { echo "this has changed"; exit 1; }
