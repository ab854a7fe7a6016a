#!/usr/bin/env bash
# OpenSSH 9.2p1 (Debian 12): sshd starts an error's line with "error: " or "fatal: " in syslog, and without that word on standard
# error (`-e`), which is the log of a container. For its manual, `-e` only sends the same output elsewhere. So a search for
# "error:" in a container's log finds nothing, and an error looks like any other line.
# Needs Debian 12, apt and root (for a separate /dev, where perl plays syslog). Asks only 127.0.0.1.
set -euo pipefail
version=1:9.2p1-2+deb12u10
folder=$(mktemp -d)
started=()
finish() {
  for process in ${started[@]+"${started[@]}"}; do kill "$process" 2>/dev/null || true; done
  wait
  rm -rf --one-file-system "$folder"
}
trap finish EXIT
cd "$folder"
chmod 755 .
apt-get -o APT::Sandbox::User=root download -qq "openssh-client=$version" "openssh-server=$version" >/dev/null
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
mkdir -p /run/sshd
port=22599
unpacked/usr/bin/ssh-keygen -q -t ed25519 -N '' -C '' -f host

# An sshd that finds the port taken has an error and a fatal error to log.
run=("$folder/unpacked/usr/sbin/sshd" -D -f none -o "ListenAddress=127.0.0.1:$port" -o HostKey="$folder/host" -o PidFile=none)
"${run[@]}" -e 2>first.log &
started+=($!)
for _ in $(seq 50); do grep -q 'Server listening' first.log && break; sleep 0.1; done

"${run[@]}" -e 2>stderr.log || true

# Syslog, for one sshd: its lines without the priority, date and process in front.
cat >syslog.pl <<'PERL'
use IO::Socket::UNIX;
$| = 1;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/dev/log") or die "no /dev/log: $!";
print "ready\n";
alarm 20;
while (defined $socket->recv(my $line, 8192)) {
  $line =~ s/^.*?sshd\[\d+\]: //;
  print "$line\n";
}
PERL
# A mount namespace, which the kernel takes away with its last process, has a /dev in which /dev/log is ours.
cat >with-syslog.sh <<'SH'
set -eu
mkdir dev
mount -t tmpfs none dev
for name in null zero random urandom; do
  touch "dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mount --rbind dev /dev
perl syslog.pl >syslog.log &
perl=$!
for _ in $(seq 50); do if grep -q ready syslog.log; then break; fi; sleep 0.1; done
"$@" || true
for _ in $(seq 50); do if grep -q 'Cannot bind' syslog.log; then break; fi; sleep 0.1; done
{ kill "$perl" && wait "$perl"; } 2>/dev/null || true
SH
unshare --mount --propagation private sh with-syslog.sh "${run[@]}"

syslog=$(grep -v '^ready$' syslog.log)
stderr=$(tr -d '\r' <stderr.log)
echo "openssh $version, to syslog:"
echo "$syslog"
echo "to standard error:"
echo "$stderr"
[ "$syslog" = "error: Bind to port $port on 127.0.0.1 failed: Address already in use.
fatal: Cannot bind any address." ] && [ "$stderr" = "Bind to port $port on 127.0.0.1 failed: Address already in use.
Cannot bind any address." ] || { echo "this has changed"; exit 1; }
