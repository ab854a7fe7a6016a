#!/usr/bin/env bash
# @pulumi/pulumi 3.259.0: `Config.getNumber` and `requireNumber` read the number that a value starts with, and ignore the rest.
# So a stack's value of "0x1F" is 0, "30m" is 30, "1,500" is 1 and "10.0.0.1" is 10, without an error or a warning. The limits
# `min` and `max` see the cut number. The documentation promises an error for each value that is not a legal number; only a value
# that starts with something else, or is empty, is one.
# Needs Node with npm, and its registry.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-save --ignore-scripts --prefix "$folder" @pulumi/pulumi@3.259.0 >/dev/null
cat >numbers.cjs <<'JS'
const pulumi = require("@pulumi/pulumi");
const texts = ["0x1F", "30m", "1,500", "10.0.0.1", "2222 or 2223", "port 2222", ""];
pulumi.runtime.setAllConfig(Object.fromEntries(texts.map((text, index) => [`stack:value${index}`, text])));
const config = new pulumi.Config("stack");
texts.forEach((text, index) => {
  let number = "an error";
  try {
    number = config.requireNumber(`value${index}`, { min: 0, max: 65535 });
  } catch {}
  console.log(`${JSON.stringify(text)} is ${number}`);
});
JS
found=$(node numbers.cjs)
echo "@pulumi/pulumi 3.259.0:"
echo "$found"
wanted='"0x1F" is 0
"30m" is 30
"1,500" is 1
"10.0.0.1" is 10
"2222 or 2223" is 2222
"port 2222" is an error
"" is an error'
[ "$found" = "$wanted" ] || { echo "this has changed"; exit 1; }
