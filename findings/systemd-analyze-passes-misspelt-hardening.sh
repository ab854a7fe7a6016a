#!/usr/bin/env bash
# systemd 252.39 (Debian 12): `systemd-analyze verify` ends with 0 for a unit whose hardening does nothing, since a key or a
# value is misspelt (`ProtectSystm=strict`, `ProtectHome=yess`). Only standard error tells: both are ignored. A program that is
# missing makes it end with 1. The option `--recursive-errors=no`, which sounds like less, makes it end with 1 for the misspelt
# unit too. A misspelt capability passes in silence with the option as well: `CapabilityBoundingSet=~CAP_SYS_ADMN` takes
# nothing away. So a test needs the option, or fails on any word on standard error, and must look at capabilities itself.
# Needs Debian 12 and apt. Starts no unit.
set -euo pipefail
version=252.39-1~deb12u2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get -o APT::Sandbox::User=root download -qq "systemd=$version" "libsystemd-shared=$version" >/dev/null
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
library=$(dirname "$(find "$folder/unpacked" -name libsystemd-shared-252.so)")

# Verifies a unit of these lines, and says how that ended.
verify() {
  printf '%s\n' '[Service]' "${@:2}" >unit.service
  LD_LIBRARY_PATH=$library unpacked/usr/bin/systemd-analyze verify $1 ./unit.service 2>said && code=0 || code=$?
  echo "verify $1: ends with $code: $(sed 's/.*unit.service:[0-9: ]*//' said | tr '\n' ' ')"
}

misspelt=(ExecStart=/bin/true ProtectSystm=strict ProtectHome=yess)
found=$(
  verify '' "${misspelt[@]}"
  verify --recursive-errors=no "${misspelt[@]}"
  verify --recursive-errors=no ExecStart=/bin/true CapabilityBoundingSet=~CAP_SYS_ADMN
  verify '' ExecStart=/bin/none
)
echo "systemd $version:"
echo "$found"
wanted="verify : ends with 0: Unknown key 'ProtectSystm' in section [Service], ignoring. Failed to parse protect home value, ignoring: yess 
verify --recursive-errors=no: ends with 1: Unknown key 'ProtectSystm' in section [Service], ignoring. Failed to parse protect home value, ignoring: yess 
verify --recursive-errors=no: ends with 0: 
verify : ends with 1: Command /bin/none is not executable: No such file or directory "
[ "$found" = "$wanted" ] || { echo "this has changed"; exit 1; }
