package daemon

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"remote-signer-cloud/internal/payload"
)

// Mark is the last level and round that were signed.
type Mark struct {
	Level int32 `json:"level"`
	Round int32 `json:"round"`
}

// IsBelow reports whether another mark is a higher one.
func (m Mark) IsBelow(other Mark) bool {
	return m.Level < other.Level || m.Level == other.Level && m.Round < other.Round
}

// maxMarks is the largest file that is read, in bytes. A key and kind have about 350.
const maxMarks = 1 << 20

// OctezMarks returns the high watermarks of a key that octez-signer keeps in its base folder, over all
// chains. What can't be read is left out: octez-signer writes the files with mode 0600, so only its own
// user and root can.
//
// Its files are `block_high_watermarks` and so on (Octez 25, src/bin_signer/handler.ml): by chain, then
// by address, with level, round, hash and signature. A round may be missing, and counts as 0.
func OctezMarks(folder, address string) map[payload.Kind]Mark {
	marks := map[payload.Kind]Mark{}
	for _, kind := range payload.Kinds {
		var chains map[string]map[string]Mark
		if json.Unmarshal(readSmall(filepath.Join(folder, kind.String()+"_high_watermarks")), &chains) != nil {
			continue
		}
		for _, keys := range chains {
			found, ok := keys[address]
			if before, isKnown := marks[kind]; ok && (!isKnown || before.IsBelow(found)) {
				marks[kind] = found
			}
		}
	}
	return marks
}

// readSmall returns what is in a file, or nothing.
func readSmall(name string) []byte {
	file, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxMarks))
	if err != nil {
		return nil
	}
	return text
}
