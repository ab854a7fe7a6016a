#!/usr/bin/env bash
# helm-unittest 1.1.2: a chart that writes `a: no` without quotes passes the test that the value is the text "no", and the test
# that it is a string. The test that it is false fails. sigs.k8s.io/yaml v1.6.0, the reader of kubectl and the API server, takes
# the same manifest for false, which a ConfigMap (k8s.io/api v0.36.3) cannot hold. So a chart's tests pass, and its manifest is
# rejected.
# Needs Go and its module proxy. Builds helm-unittest, which takes minutes the first time.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOMODCACHE=$folder/modules GOFLAGS='-mod=mod -trimpath'
mkdir -p chart/templates chart/tests
printf '%s\n' 'apiVersion: v2' 'name: chart' 'version: 1.0.0' >chart/Chart.yaml
cat >chart/templates/map.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata:
  name: map
data:
  a: no
YAML
cat >chart/tests/map_test.yaml <<'YAML'
suite: map
templates: [templates/map.yaml]
tests:
  - it: is the text
    asserts:
      - equal: { path: data.a, value: "no" }
  - it: is a string
    asserts:
      - isType: { path: data.a, type: string }
  - it: is false
    asserts:
      - equal: { path: data.a, value: false }
YAML
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	text, _ := io.ReadAll(os.Stdin)
	read, err := yaml.YAMLToJSON(text)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(read))
	fmt.Println(json.Unmarshal(read, &core.ConfigMap{}))
}
GO
go mod init finding >/dev/null 2>&1
# helm-unittest's own go.mod has this line; without it, its module does not build outside its repository.
go mod edit -replace github.com/vmware-labs/yaml-jsonpath=github.com/helm-unittest/yaml-jsonpath@v0.4.0
go get sigs.k8s.io/yaml@v1.6.0 k8s.io/api@v0.36.3 github.com/helm-unittest/helm-unittest/cmd/helm-unittest@v1.1.2 >/dev/null 2>&1
go build -o helm-unittest github.com/helm-unittest/helm-unittest/cmd/helm-unittest
read=$(go run . <chart/templates/map.yaml | grep -oE '"data":[^}]*}|cannot unmarshal.*')
tests=$(./helm-unittest chart | grep -oE '^[[:space:]]+- is .*|^Tests: .*' | sed 's/^[[:space:]]*- /failed: /' || true)
echo "helm-unittest 1.1.2, of data.a written as no:"
echo "$tests"
echo "sigs.k8s.io/yaml v1.6.0 reads:"
echo "$read"
[ "$tests" = 'failed: is false
Tests:       1 failed, 2 passed, 3 total' ] && [ "$read" = '"data":{"a":false}
cannot unmarshal bool into Go struct field ConfigMap.data of type string' ] || { echo "this has changed"; exit 1; }
