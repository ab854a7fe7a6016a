package main

import (
	"bytes"
	"errors"
)

var errNotSsh = errors.New("not ssh")

// longestIdentification is what RFC 4253 allows, line end included.
const longestIdentification = 255

// readIdentification reads a client's first line ("SSH-2.0-OpenSSH_10.0") from what has come so far. It gives an empty
// text while there is less than a line, and an error as soon as the bytes can't become a line of ssh.
func readIdentification(bytesSoFar []byte) (string, error) {
	const beginning = "SSH-"
	if length := min(len(bytesSoFar), len(beginning)); string(bytesSoFar[:length]) != beginning[:length] {
		return "", errNotSsh
	}
	end := bytes.IndexByte(bytesSoFar, '\n')
	if end >= longestIdentification || end < 0 && len(bytesSoFar) >= longestIdentification {
		return "", errNotSsh
	}
	if end < 0 {
		return "", nil
	}
	return string(bytes.TrimRight(bytesSoFar[:end], "\r")), nil
}
