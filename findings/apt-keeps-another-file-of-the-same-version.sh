#!/usr/bin/env bash
# apt 2.6.1 (Debian 12): `apt-get install ./FILE.deb` does nothing, with exit code 0, if the installed package has the same
# version and FILE holds something else: "already the newest version". But if the field `Installed-Size` differs too, the same
# command replaces version 1 by version 1 and calls that an upgrade. So whether a rebuilt package of one version arrives depends
# on how its size rounds to KiB. Each build needs a version of its own, or `--reinstall`.
# Needs Debian 12's apt and dpkg, and root. Installs into a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p host/var/lib/dpkg/updates host/var/lib/dpkg/info state/lists/partial cache/archives/partial
touch host/var/lib/dpkg/status
options=(Dir::State::status="$folder/host/var/lib/dpkg/status" Dir::State="$folder/state" Dir::Cache="$folder/cache"
  Dir::Etc=/none Dpkg::Options::="--root=$folder/host" APT::Sandbox::User=root)

# Makes version 1 of a package that holds a text, with that size in KiB, and gives it to apt. Says what apt did.
install() {
  rm -rf content
  mkdir -p content/DEBIAN content/usr/share
  echo "$1" >content/usr/share/finding
  printf '%s\n' 'Package: finding' 'Version: 1' 'Architecture: all' 'Maintainer: a <a@example.org>' 'Description: a' \
    "Installed-Size: $2" >content/DEBIAN/control
  dpkg-deb --build --root-owner-group content finding.deb >/dev/null
  apt-get -q -y "${options[@]/#/-o}" "${@:3}" install ./finding.deb >said 2>&1 && code=0 || code=$?
  echo "$1, $2 KiB${3:+, $3}: $(grep -oE '^[0-9]+ upgraded, [0-9]+ newly installed(, [0-9]+ reinstalled)?' said)," \
    "code $code, installed is $(cat host/usr/share/finding)"
}

version=$(dpkg-query --show --showformat='${Version}' apt)
found=$(
  install first 1
  install second 1
  install third 2
  install fourth 2
  install fourth 2 --reinstall
)
echo "apt $version, version 1 of a package five times:"
echo "$found"
wanted='first, 1 KiB: 0 upgraded, 1 newly installed, code 0, installed is first
second, 1 KiB: 0 upgraded, 0 newly installed, code 0, installed is first
third, 2 KiB: 1 upgraded, 0 newly installed, code 0, installed is third
fourth, 2 KiB: 0 upgraded, 0 newly installed, code 0, installed is third
fourth, 2 KiB, --reinstall: 0 upgraded, 0 newly installed, 1 reinstalled, code 0, installed is fourth'
[ "$version" = 2.6.1 ] && [ "$found" = "$wanted" ] || { echo "this has changed"; exit 1; }
