#!/usr/bin/env bash
# promtool 2.42.0 (Debian 12): a test that an alert is quiet passes if no rule has an alert of that name, as after a slip of the
# pen or a renamed alert, while the real one fires. It passes too if the file of the rules is not there: promtool warns and says
# SUCCESS, with exit code 0. So a test of what must not fire proves nothing, unless another one sees the same name fire.
# Needs Debian 12 and apt.
set -euo pipefail
version=2.42.0+ds-5+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get -o APT::Sandbox::User=root download -qq "prometheus=$version" >/dev/null
dpkg-deb -x ./*.deb unpacked
cat >rules.yml <<'YAML'
groups:
  - name: rules
    rules:
      - { alert: TunnelDown, expr: up == 0 }
YAML

# Tests that the alert of this name, from this file of rules, is quiet while `up` is 0.
quiet() {
  cat >test.yml <<YAML
rule_files: [$2]
tests:
  - input_series: [{ series: up, values: 0x5 }]
    alert_rule_test: [{ eval_time: 3m, alertname: $1, exp_alerts: [] }]
YAML
  unpacked/usr/bin/promtool test rules test.yml >said 2>&1 && code=0 || code=$?
  echo "$1 of $2: ends with $code, says $(grep -oE 'SUCCESS|FAILED' said)"
}

found=$(
  quiet TunnelDown rules.yml
  quiet TunelDown rules.yml
  quiet TunnelDown none.yml
)
echo "promtool $version, for an alert that must be quiet:"
echo "$found"
wanted='TunnelDown of rules.yml: ends with 1, says FAILED
TunelDown of rules.yml: ends with 0, says SUCCESS
TunnelDown of none.yml: ends with 0, says SUCCESS'
[ "$found" = "$wanted" ] || { echo "this has changed"; exit 1; }
