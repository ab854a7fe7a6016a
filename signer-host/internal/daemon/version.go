package daemon

import (
	"context"
	"os/exec"
	"regexp"
	"time"
)

// version is what octez-signer --version prints of itself, such as `Octez 25.1 (build: 04d849eb)`.
var version = regexp.MustCompile(`\b(\d+\.\d+[0-9A-Za-z.~+-]*)`)

// OctezVersion returns the version of the octez-signer that is installed, such as 25.1. It is empty if
// that can't be known: the HTTP interface does not tell it.
func OctezVersion(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, err := exec.CommandContext(ctx, "octez-signer", "--version").Output()
	if err != nil {
		return ""
	}
	return readVersion(string(text))
}

func readVersion(text string) string { return version.FindString(text) }
