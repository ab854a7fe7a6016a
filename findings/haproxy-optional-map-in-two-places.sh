#!/usr/bin/env bash
# HAProxy 3.0.11 (Debian 13): a map with an optional file (`opt@`) that the configuration names in two places is two maps. A
# change over the runtime API reaches the first map alone, and HAProxy answers as if all went well. The second map keeps what the
# file had at the start. So one request finds a key in one place and misses it in the other. A map without `opt@` is one map,
# however often the configuration names it.
#
# Section 2.7 of the configuration manual says otherwise: `opt@` does not belong to the map's name, and all uses of a file share
# one map.
# Needs Debian with apt, mmdebstrap and root. Asks only 127.0.0.1.
set -euo pipefail
version=3.0.11-1+deb13u5
folder=$(mktemp -d)
haproxy=
stop() {
  if [ -z "$haproxy" ]; then return; fi
  kill "$haproxy" 2>/dev/null || true
  wait "$haproxy" 2>/dev/null || true
  haproxy=
}
finish() {
  stop
  rm -rf --one-file-system "$folder"
}
trap finish EXIT
cd "$folder"
mirrors=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages')
main=$(grep -m 1 '/debian/$' <<<"$mirrors")
security=$(grep -m 1 '/debian-security/$' <<<"$mirrors")
# HAProxy and its libraries, unpacked only.
mmdebstrap --quiet --mode=root --variant=extract "--include=haproxy=$version" trixie root \
  "deb $main trixie main" "deb $security trixie-security main" >mmdebstrap.log 2>&1 || { cat mmdebstrap.log; exit 1; }
for name in bin lib lib64 sbin; do [ -e "root/$name" ] || ln -s "usr/$name" "root/$name"; done
web=22597
api=22598

# What HAProxy answers on the port, which is the first argument, to the second.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf '%b' "$2" >&3
  cat <&3
  exec 3>&-
}

# Names the map in two places as the argument does, adds a key over the runtime API, and looks the key up in both.
run() {
  echo 'office 1' >root/tmp/desks
  cat >root/tmp/config <<CONFIG
global
  stats socket ipv4@127.0.0.1:$api level admin
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:$web
  http-request set-var(txn.first) str(home),map($1,missing)
  http-request set-var(txn.second) str(home),map($1,missing)
  http-request return status 200 content-type text/plain lf-string "%[var(txn.first)] %[var(txn.second)]"
CONFIG
  chroot root /usr/sbin/haproxy -db -f /tmp/config >haproxy.log 2>&1 &
  haproxy=$!
  for _ in $(seq 50); do (: >/dev/tcp/127.0.0.1/$web) 2>/dev/null && break; sleep 0.1; done
  answer=$(ask "$api" 'add map /tmp/desks home 7\n' | tr -d '\n')
  maps=$(ask "$api" 'show map\n' | grep -c '(/tmp/desks)')
  values=$(ask "$web" 'GET / HTTP/1.0\r\n\r\n' | tail -n 1)
  stop
  echo "$1 in two places: maps $maps, answer to the change '$answer', values found $values, log lines $(wc -l <haproxy.log)"
}

found=$(
  run /tmp/desks
  run opt@/tmp/desks
)
echo "haproxy $version:"
echo "$found"
wanted="/tmp/desks in two places: maps 1, answer to the change '', values found 7 7, log lines 0
opt@/tmp/desks in two places: maps 2, answer to the change '', values found 7 missing, log lines 0"
[ "$found" = "$wanted" ] || { echo "this has changed"; exit 1; }
