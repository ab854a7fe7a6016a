#!/usr/bin/env bash
# OpenSSH 9.2p1 (Debian 12): ssh sends its greeting as soon as it is connected, ssh-keyscan only after it has read the server's. By
# RFC 4253, 4.2, each side sends its own. A server that answers nobody who has not greeted, to spare itself a process for each
# scanner, lets ssh in and never shows ssh-keyscan a key.
# Needs perl and apt. Asks only 127.0.0.1.
set -euo pipefail
version=1:9.2p1-2+deb12u10
port=22598
folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get -o APT::Sandbox::User=root download -qq "openssh-client=$version" >/dev/null
dpkg-deb -x openssh-client_*.deb unpacked

# Prints what a client sends within 3 s to a port that takes its call and sends nothing.
heard() {
  rm -f ready
  perl -MIO::Socket::INET -e '
    my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1:'$port'", Listen => 1, ReuseAddr => 1) or die "no port: $!";
    open my $ready, ">", "ready";
    $SIG{ALRM} = sub { print "nothing\n"; exit };
    alarm 10;
    my $client = $server->accept;
    alarm 3;
    print scalar <$client>;' >heard &
  for _ in $(seq 50); do [ ! -e ready ] || break; sleep 0.1; done
  timeout 5 "unpacked/usr/bin/$1" "${@:2}" >/dev/null 2>&1 || true
  wait
  tr -d '\r' <heard
}

ssh=$(heard ssh -F none -o BatchMode=yes -p "$port" 127.0.0.1)
keyscan=$(heard ssh-keyscan -T 5 -p "$port" 127.0.0.1)
echo "ssh sends: $ssh"
echo "ssh-keyscan sends: $keyscan"
[[ $ssh == SSH-2.0-OpenSSH_9.2p1* && $keyscan == nothing ]]
