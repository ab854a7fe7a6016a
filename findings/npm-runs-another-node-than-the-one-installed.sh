#!/usr/bin/env bash
# npm 11.19.1 with `ignore-scripts=true`, a common safety setting: a project that depends on the package node 24.21.0 installs
# without that Node, as only the package's preinstall script brings it. npm leaves node_modules/.bin/node out, ends with 0 and
# warns of nothing. `npm ls` ends with 0 too. Then `npm exec --no -- node` runs the Node that the machine has.
# Needs Node 20 or 22 with npm, and its registry.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# Of the machine's settings for npm, only the registry counts.
registry=$(npm config get registry)
export npm_config_userconfig=$folder/user npm_config_globalconfig=$folder/global npm_config_registry=$registry
npm install --silent --no-save --prefix tool npm@11.19.1 >/dev/null
npm() { node "$folder/tool/node_modules/npm/bin/npm-cli.js" "$@"; }
mkdir house
cd house
echo '{ "private": true, "dependencies": { "node": "24.21.0" } }' >package.json
echo 'ignore-scripts=true' >.npmrc
npm install --no-audit --no-fund >../install.log 2>&1 && code=0 || code=$?
warnings=$(grep -ciE 'warn|error' ../install.log || true)
npm ls >/dev/null 2>&1 && listed=0 || listed=$?
linked=no
[ ! -e node_modules/.bin/node ] || linked=yes
ran=$(npm exec --no -- node --version)
machines=$(node --version)
found="install ends with $code, warnings $warnings, npm ls ends with $listed, .bin/node $linked, npm exec runs $ran"
echo "npm 11.19.1 with ignore-scripts, node 24.21.0: $found (the machine's)"
[ "$found" = "install ends with 0, warnings 0, npm ls ends with 0, .bin/node no, npm exec runs $machines" ] ||
  { echo "this has changed"; exit 1; }
