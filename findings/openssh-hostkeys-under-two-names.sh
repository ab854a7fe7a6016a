#!/usr/bin/env bash
# OpenSSH 9.2p1 (Debian 12): a client with `UpdateHostKeys yes` learns a server's further host keys after a login, but none at
# all if the key that it knows stands in known_hosts under a second name as well, as it does for a server with two ports.
# It ends with 0 and says nothing of that below `-v`.
#
# Wanted by most who rotate a host key: that the next key is learned, whatever other names the current one has.
# Needs Debian 12, apt, root (for sshd's privilege separation) and nothing else. Asks only 127.0.0.1.
set -euo pipefail
version=1:9.2p1-2+deb12u10
folder=$(mktemp -d)
sshd=
finish() {
  if [ -n "$sshd" ]; then kill "$sshd" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT
cd "$folder"
chmod 755 .
apt-get -o APT::Sandbox::User=root download -qq "openssh-client=$version" "openssh-server=$version" >/dev/null
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
mkdir -p /run/sshd
port=22599
for key in now next user; do unpacked/usr/bin/ssh-keygen -q -t ed25519 -N '' -C '' -f "$key"; done
cat >config <<CONFIG
Port $port
ListenAddress 127.0.0.1
HostKey $folder/now
HostKey $folder/next
AuthorizedKeysFile $folder/user.pub
StrictModes no
UsePAM no
PidFile none
CONFIG
"$folder/unpacked/usr/sbin/sshd" -D -e -f "$folder/config" 2>sshd.log &
sshd=$!
for _ in $(seq 50); do grep -q 'Server listening' sshd.log && break; sleep 0.1; done

# Logs in with a known_hosts of the given lines, and says how many keys it has afterwards.
login() {
  printf '%s\n' "$@" >known
  unpacked/usr/bin/ssh -F none -p "$port" -i user -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile="$folder/known" \
    -o GlobalKnownHostsFile=none -o UpdateHostKeys=yes -o StrictHostKeyChecking=yes "$(id -un)@127.0.0.1" sleep 1
  grep -c "$(cut -d ' ' -f 2 next.pub)" known || true
}

one=$(login "[127.0.0.1]:$port $(cat now.pub)")
two=$(login "[127.0.0.1]:$port $(cat now.pub)" "[127.0.0.1]:22600 $(cat now.pub)")
echo "openssh $version: the next host key is learned $one time(s) with one name, $two time(s) with a second name"
[ "$one" = 1 ] && [ "$two" = 0 ] || { echo "this has changed"; exit 1; }
