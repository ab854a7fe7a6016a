#!/usr/bin/env bash
# OpenSSH 9.2p1 (Debian 12), and 10.x by its source (sshconnect.c, ssh_create_socket): `BindInterface` (`ssh -B`) gives the
# socket the address of that interface, and no more. ssh_config(5) says "Use the address of the specified interface on the local
# machine as the source address". On a host with two uplinks, Linux still chooses the route by the destination alone: the packets
# leave by the interface with the better default route, with the other one's address, and only the answers come by the one that was
# named. A provider that drops packets with others' addresses ends that, and if the better uplink dies, so does the "bound"
# connection. A socket that is bound to the device (SO_BINDTODEVICE), here by socat as a ProxyCommand, uses that one in both
# directions, with the same routes and no privilege.
# Needs Debian 12, apt, iproute2 and root (for network namespaces). Its network is its own.
set -euo pipefail
version=1:9.2p1-2+deb12u10
socat=1.7.4.4-2
folder=$(mktemp -d)
home=finding-home-$$
cloud=finding-cloud-$$
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  wait
  for each in "$home" "$cloud"; do ip netns delete "$each" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap finish EXIT
cd "$folder"
chmod 755 .
apt-get -o APT::Sandbox::User=root download -qq "openssh-client=$version" "openssh-server=$version" "socat=$socat" >/dev/null
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
mkdir -p /run/sshd
for key in host user; do unpacked/usr/bin/ssh-keygen -q -t ed25519 -N '' -C '' -f "$key"; done
echo "[198.51.100.7]:2222 $(cat host.pub)" >known

# Two uplinks lead to the same cloud. The first has the better route.
for each in "$home" "$cloud"; do
  ip netns add "$each"
  ip -n "$each" link set lo up
done
ip -n "$cloud" address add 198.51.100.7/32 dev lo
for i in 0 1; do
  ip link add "up$i" netns "$home" type veth peer name "home$i" netns "$cloud"
  ip -n "$home" address add "10.81.$i.2/24" dev "up$i"
  ip -n "$cloud" address add "10.81.$i.1/24" dev "home$i"
  ip -n "$home" link set "up$i" up
  ip -n "$cloud" link set "home$i" up
  ip -n "$home" route add default via "10.81.$i.1" dev "up$i" metric $((100 + 500 * i))
done
ip netns exec "$cloud" "$folder/unpacked/usr/sbin/sshd" -D -e -f none -o ListenAddress=198.51.100.7:2222 \
  -o HostKey="$folder/host" -o AuthorizedKeysFile="$folder/user.pub" -o StrictModes=no -o UsePAM=no -o PidFile=none 2>server.log &
server=$!
for _ in $(seq 50); do grep -q 'Server listening' server.log && break; sleep 0.1; done

# Sent or received bytes of an interface.
bytes() { ip netns exec "$home" awk -v name="$1:" -v column="$2" '$1 == name { print $column }' /proc/net/dev; }
# call OPTION...: logs in, and prints by which interface more than 1000 bytes have left and come.
call() {
  declare -A before
  for each in up0 up1; do before[$each]="$(bytes $each 10) $(bytes $each 2)"; done
  ip netns exec "$home" "$folder/unpacked/usr/bin/ssh" -F none -i user -o IdentitiesOnly=yes -o BatchMode=yes \
    -o UserKnownHostsFile="$folder/known" -o GlobalKnownHostsFile=none "$@" -p 2222 "$(id -un)@198.51.100.7" \
    'echo "from ${SSH_CONNECTION%% *}"' | tr '\n' ','
  for each in up0 up1; do
    read -r sent received <<<"${before[$each]}"
    [ $(($(bytes $each 10) - sent)) -lt 1000 ] || echo -n " out by $each"
    [ $(($(bytes $each 2) - received)) -lt 1000 ] || echo -n " in by $each"
  done
  echo
}
found="BindInterface=up1: $(call -o BindInterface=up1)
SO_BINDTODEVICE=up1: $(call -o ProxyCommand="setpriv --reuid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
  $folder/unpacked/usr/bin/socat - TCP:%h:%p,so-bindtodevice=up1")"
echo "openssh $version, kernel $(uname -r):"
echo "$found"
[ "$found" = "BindInterface=up1: from 10.81.1.2, out by up0 in by up1
SO_BINDTODEVICE=up1: from 10.81.1.2, out by up1 in by up1" ] || { cat server.log; echo "this has changed"; exit 1; }
