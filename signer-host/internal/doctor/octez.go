package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"remote-signer-cloud/signer-host/internal/daemon"
)

// oldestOctez is the first major version that can sign with `version=3`, which bakers send since Octez 25.
const oldestOctez = 25

// examineOctez looks at the octez-signer that is installed, and at the one that runs.
func (d *doctor) examineOctez(ctx context.Context) {
	const install = "install octez-signer 25 or later: docs/guide/signer-host.md says where it comes from"
	version := daemon.OctezVersion(ctx)
	major, err := strconv.Atoi(strings.SplitN(version, ".", 2)[0])
	switch {
	case version == "":
		d.bad("version", "octez-signer is not installed, or doesn't say its version", install)
	case err != nil:
		d.unknown("version", "octez-signer says "+version, install)
	case major < oldestOctez:
		d.bad("version", "octez-signer "+version+", wanted 25 or later: it can't sign what bakers ask for (version=3)", install)
	default:
		d.ok("version", "octez-signer "+version)
	}
	process, words := octezProcess(d.places.Proc)
	if process == "" {
		d.unknown("options", "no octez-signer runs, or this user can't see it", "see daemon, or "+asRoot)
		return
	}
	if file, err := os.Readlink(filepath.Join(process, "exe")); err == nil && strings.HasSuffix(file, " (deleted)") {
		d.bad("version", "another version runs than is installed", "sudo systemctl restart remote-signer-daemon")
	}
	if missing := missingOptions(words); len(missing) > 0 {
		d.bad("options", "octez-signer runs without "+strings.Join(missing, " and "),
			"start it as the kit's unit does: systemctl cat remote-signer-daemon")
		return
	}
	d.ok("options", "octez-signer signs blocks and votes only, and keeps its watermarks")
}

// octezProcess returns the folder in /proc of octez-signer that serves HTTP, and its words.
func octezProcess(proc string) (folder string, words []string) {
	files, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "cmdline"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		words := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
		for i, word := range words {
			// The first word is an interpreter where it is a script.
			if i < 2 && filepath.Base(word) == "octez-signer" && strings.Contains(strings.Join(words, " "), "launch http") {
				return filepath.Dir(file), words[i+1:]
			}
		}
	}
	return "", nil
}

// missingOptions names what octez-signer should have been started with.
func missingOptions(words []string) (missing []string) {
	magic, watermark := "", false
	for i, word := range words {
		switch {
		case (word == "--magic-bytes" || word == "-M") && i+1 < len(words):
			magic = words[i+1]
		case word == "--check-high-watermark" || word == "-W":
			watermark = true
		}
	}
	if !hasMagicBytes(magic) {
		found := ""
		if magic != "" {
			found = fmt.Sprintf(" (it has %.40s)", magic)
		}
		missing = append(missing, "--magic-bytes 0x11,0x12,0x13"+found)
	}
	if !watermark {
		missing = append(missing, "--check-high-watermark")
	}
	return missing
}

// hasMagicBytes reports whether a list lets blocks, preattestations and attestations through, and nothing else.
func hasMagicBytes(list string) bool {
	seen := map[uint64]bool{}
	for _, word := range strings.Split(list, ",") {
		number, err := strconv.ParseUint(word, 0, 8)
		if err != nil || number < 0x11 || number > 0x13 {
			return false
		}
		seen[number] = true
	}
	return len(seen) == 3
}
