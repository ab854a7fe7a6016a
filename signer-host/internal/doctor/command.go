package doctor

import (
	"context"
	"fmt"
	"io"
)

// Usage is the help of the command.
const Usage = `signer-host doctor [--json]  examine this host, hop by hop, and print what is bad with its cure
`

// Command runs `signer-host doctor` with the words that follow it, and returns its exit code: 0 healthy, 1 not,
// 2 can't tell, or that the words are wrong.
func Command(ctx context.Context, places Places, words []string, out, errors io.Writer) int {
	asJSON := len(words) == 1 && words[0] == "--json"
	if len(words) > 0 && !asJSON {
		fmt.Fprint(errors, Usage)
		return 2
	}
	findings := []Finding{}
	Examine(ctx, places, func(f Finding) {
		findings = append(findings, f)
		if !asJSON {
			writeLine(out, f)
		}
	})
	if asJSON {
		writeJSON(out, findings)
	}
	return Verdict(findings)
}
