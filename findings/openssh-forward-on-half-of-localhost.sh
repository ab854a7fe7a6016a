#!/usr/bin/env bash
# OpenSSH 9.2p1 (Debian 12): for `ssh -R PORT:...` sshd listens at 127.0.0.1 and at ::1. If another program has the port at
# 127.0.0.1, sshd listens at ::1 alone, and tells the client that the forward is made. The client says nothing and goes on, with
# `ExitOnForwardFailure=yes` too. A connection to 127.0.0.1 then reaches the other program. Only sshd's log tells.
# Needs Debian 12, apt, root (for sshd's privilege separation) and ::1. Asks only 127.0.0.1.
set -euo pipefail
version=1:9.2p1-2+deb12u10
folder=$(mktemp -d)
started=()
finish() {
  for process in ${started[@]+"${started[@]}"}; do kill "$process" 2>/dev/null || true; done
  wait
  rm -rf "$folder"
}
trap finish EXIT
cd "$folder"
chmod 755 .
apt-get -o APT::Sandbox::User=root download -qq "openssh-client=$version" "openssh-server=$version" >/dev/null
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
mkdir -p /run/sshd
port=22599
forward=22600
for key in host user; do unpacked/usr/bin/ssh-keygen -q -t ed25519 -N '' -C '' -f "$key"; done
echo "[127.0.0.1]:$port $(cat host.pub)" >known

# Starts an sshd at that port of 127.0.0.1. Its log is the file PORT.log.
server() {
  "$folder/unpacked/usr/sbin/sshd" -D -e -f none -o ListenAddress="127.0.0.1:$1" -o HostKey="$folder/host" \
    -o AuthorizedKeysFile="$folder/user.pub" -o StrictModes=no -o UsePAM=no -o PidFile=none -o GatewayPorts=no 2>"$1.log" &
  started+=($!)
  for _ in $(seq 50); do grep -q 'Server listening' "$1.log" && break; sleep 0.1; done
}

server "$port"
# The other program, at the forward's port. Any that listens would do.
server "$forward"

# The command sees which sockets listen (state 0A) while the forward is there.
code=0
unpacked/usr/bin/ssh -F none -p "$port" -i user -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile="$folder/known" \
  -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes -o ExitOnForwardFailure=yes -R "$forward:127.0.0.1:9" \
  "$(id -un)@127.0.0.1" "cat /proc/net/tcp /proc/net/tcp6" >sockets 2>client.log || code=$?
hexadecimal=$(printf '%04X' "$forward")
four=$(grep -c " 0100007F:$hexadecimal 00000000:0000 0A " sockets || true)
six=$(grep -c " 00000000000000000000000001000000:$hexadecimal 0*:0000 0A " sockets || true)
line=$(grep -o "bind \[127.0.0.1\]:$forward: Address already in use" "$port.log" || true)
found="the client ends with $code and says '$(cat client.log)'; listening: at 127.0.0.1 $four (the other program), at ::1 $six"
echo "openssh $version: $found"
echo "sshd's log: $line"
[ "$found" = "the client ends with 0 and says ''; listening: at 127.0.0.1 1 (the other program), at ::1 1" ] && [ -n "$line" ] ||
  { echo "this has changed"; exit 1; }
