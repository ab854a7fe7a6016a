#!/usr/bin/env bash
# github.com/robfig/cron/v3 v3.0.1, the parser of Kubernetes' CronJobs: the standard parser takes schedules without an error that
# never run (30 and 31 February), and the forms `1,,2`, `*-5` and `+5`, which no cron's manual has. Asked for the next run of the
# first it gives year 1 (Go's zero time), and a CronJob with it just stays quiet.
# Needs Go and its module proxy.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOMODCACHE=$folder/modules GOFLAGS=-mod=mod
cat >main.go <<'GO'
package main

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"0 0 31 2 *", "1,,2 * * * *", "*-5 * * * *", "+5 * * * *"} {
		schedule, err := cron.ParseStandard(text)
		if err != nil {
			fmt.Printf("%s: refused\n", text)
			continue
		}
		fmt.Printf("%s: next %s\n", text, schedule.Next(now).Format("2006-01-02 15:04"))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/robfig/cron/v3@v3.0.1 >/dev/null 2>&1
found=$(go run .)
echo "robfig/cron v3.0.1:"
echo "$found"
wanted='0 0 31 2 *: next 0001-01-01 00:00
1,,2 * * * *: next 2026-01-01 00:01
*-5 * * * *: next 2026-01-01 00:01
+5 * * * *: next 2026-01-01 00:05'
[ "$found" = "$wanted" ] || { echo "this has changed"; exit 1; }
