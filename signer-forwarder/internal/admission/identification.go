package admission

import (
	"bytes"
	"errors"
)

var errNotSSH = errors.New("not ssh")

// maxIdentification is the longest first line that RFC 4253 allows, line end included.
const maxIdentification = 255

// parseIdentification returns a client's first line ("SSH-2.0-OpenSSH_10.0") from the bytes that have
// come so far. It returns an empty text while the line is not complete, and errNotSSH as soon as the
// bytes cannot become a line of ssh.
func parseIdentification(received []byte) (string, error) {
	const beginning = "SSH-"
	if n := min(len(received), len(beginning)); string(received[:n]) != beginning[:n] {
		return "", errNotSSH
	}
	end := bytes.IndexByte(received, '\n')
	if end >= maxIdentification || end < 0 && len(received) >= maxIdentification {
		return "", errNotSSH
	}
	if end < 0 {
		return "", nil
	}
	return string(bytes.TrimRight(received[:end], "\r")), nil
}
