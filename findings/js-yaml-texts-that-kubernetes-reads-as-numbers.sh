#!/usr/bin/env bash
# js-yaml 5.5.0 writes the texts "0X1F", "0B11" and "0O17" without quotes. sigs.k8s.io/yaml v1.6.0, by which kubectl and the API
# server read manifests, takes them for the numbers 31, 3 and 15. So a label of that text in a manifest that js-yaml wrote is
# refused by the API server, or is another one.
# Needs Node with npm, Go, and their registries.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOMODCACHE=$folder/modules GOFLAGS=-mod=mod
npm install --silent --no-save --prefix "$folder" js-yaml@5.5.0 >/dev/null
cat >dump.mjs <<'JS'
import { dump } from "js-yaml";
process.stdout.write(dump({ a: "0X1F", b: "0B11", c: "0O17" }));
JS
written=$(node dump.mjs)
cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	text, _ := io.ReadAll(os.Stdin)
	json, err := yaml.YAMLToJSON(text)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(json))
}
GO
go mod init finding >/dev/null 2>&1
go get sigs.k8s.io/yaml@v1.6.0 >/dev/null 2>&1
read=$(printf '%s\n' "$written" | go run .)
echo "js-yaml 5.5.0 writes:"
echo "$written"
echo "sigs.k8s.io/yaml v1.6.0 reads: $read"
[ "$read" = '{"a":31,"b":3,"c":15}' ] || { echo "this has changed"; exit 1; }
