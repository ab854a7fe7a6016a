#!/usr/bin/env bash
# systemd 252.39 and OpenSSH 9.2p1 (Debian 12): a unit with `DynamicUser=yes` and `RestrictAddressFamilies=AF_INET AF_INET6`,
# which is all that an ssh client dials with, cannot run ssh: "No user exists for uid 61184", code 255. The name of a dynamic
# user comes from systemd through a unix socket, in libnss-systemd inside of ssh. Neither manual says so, and ssh does not
# mention a socket. With AF_UNIX among the families it runs.
# Needs Debian 12, mmdebstrap, root and a mounted cgroup2. Boots systemd in namespaces, without a network.
set -euo pipefail
folder=$(mktemp -d)
group=$(awk '$(NF-2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo)/finding-$$
booted=
finish() {
  if [ -n "$booted" ]; then { kill -KILL "$booted" && wait "$booted"; } 2>/dev/null || true; fi
  for _ in $(seq 50); do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ -d "$group" ] || break
    sleep 0.1
  done
  rm -rf --one-file-system "$folder"
}
trap finish EXIT
cd "$folder"
chmod 755 .
sources=/etc/apt/sources.list.d/debian.sources
[ -e "$sources" ] || sources=/etc/apt/sources.list
mmdebstrap --mode=root --variant=minbase --include=libnss-systemd,openssh-client,systemd-sysv bookworm root - <"$sources" \
  2>debian.log || { cat debian.log; exit 1; }

# Each unit runs ssh, which prints its settings and dials nobody. The last one says that all have ended.
unit() {
  printf '%s\n' '[Service]' Type=oneshot DynamicUser=yes "RestrictAddressFamilies=$2" "ExecStart=-/usr/bin/ssh -TG example" \
    StandardOutput=null "StandardError=file:/run/$1.said" "ExecStopPost=+/bin/sh -c 'echo code \$EXIT_STATUS >/run/$1.code'" \
    >"root/etc/systemd/system/$1.service"
}
unit without 'AF_INET AF_INET6'
unit with 'AF_INET AF_INET6 AF_UNIX'
printf '%s\n' '[Unit]' 'Wants=without.service with.service' 'After=without.service with.service' >root/etc/systemd/system/finding.target

cat >boot.sh <<'BOOT'
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t tmpfs tmpfs sys
mkdir -p sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --bind "$2" run
mount -t tmpfs tmpfs dev
for device in null zero full random urandom; do touch "dev/$device"; mount --bind "/dev/$device" "dev/$device"; done
exec chroot . env -i container=finding /usr/lib/systemd/systemd --unit=finding.target --show-status=false
BOOT
mkdir "$group" run
sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" unshare --mount --pid --fork --uts --ipc --net --cgroup \
  --kill-child=KILL --propagation private sh -e boot.sh "$folder/root" "$folder/run" >boot.log 2>&1 &
booted=$!
for _ in $(seq 300); do [ -e run/with.code ] && [ -e run/without.code ] && break; sleep 0.1; done

installed() { chroot root dpkg-query --show --showformat='${Version}' "$1"; }
versions="systemd $(installed systemd), openssh $(installed openssh-client)"
found=$(for each in without with; do
  echo "$each AF_UNIX: $(cat "run/$each.code"), $(tr -d '\r' <"run/$each.said" | sed -E 's/uid [0-9]+/uid N/' | grep . || echo 'no word')"
done)
echo "$versions:"
echo "$found"
[ "$found" = "without AF_UNIX: code 255, No user exists for uid N
with AF_UNIX: code 0, no word" ] || { cat boot.log; echo "this has changed"; exit 1; }
