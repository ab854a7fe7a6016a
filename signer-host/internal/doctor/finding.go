// Package doctor examines a signer host, hop by hop on the way of a signature, and names a cure for what is
// bad. It asks for no signature, changes nothing, and never shows a private key.
package doctor

import (
	"encoding/json"
	"fmt"
	"io"

	"remote-signer-cloud/internal/logf"
)

// State is what is known of a hop.
type State string

// The states of a hop.
const (
	Ok      State = "ok"
	Warning State = "warning" // to mend, but signing goes on
	Bad     State = "bad"
	Unknown State = "unknown" // a person reads: can't tell
)

// Finding is what was found at a hop.
type Finding struct {
	Hop   string `json:"hop"`
	State State  `json:"state"`
	Found string `json:"found"`
	// Cure is what to do if the state is not ok.
	Cure string `json:"cure,omitempty"`
}

// Verdict is the exit code: 0 if all is well but for warnings, 1 if something is bad, 2 if that can't be told.
func Verdict(findings []Finding) int {
	verdict := 0
	for _, each := range findings {
		switch each.State {
		case Bad:
			return 1
		case Unknown:
			verdict = 2
		}
	}
	return verdict
}

// writeLine writes a finding for people: a line, and one for its cure. Some texts are a server's, or of a log.
func writeLine(to io.Writer, f Finding) {
	state := string(f.State)
	if f.State == Unknown {
		state = "can't tell"
	}
	fmt.Fprintf(to, "%-10s  %-11s  %s\n", state, f.Hop, logf.Printable(f.Found))
	if f.Cure != "" {
		fmt.Fprintf(to, "%-10s  %-11s  %s\n", "", "", "cure: "+logf.Printable(f.Cure))
	}
}

// writeJSON writes all findings for programs.
func writeJSON(to io.Writer, findings []Finding) {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(map[string]any{"healthy": Verdict(findings) == 0, "hops": findings})
}
