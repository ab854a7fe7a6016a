package haproxy

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"remote-signer-cloud/signer-forwarder/internal/keys"
)

// Request is a line of HAProxy's log: a request for a signature, or one that HAProxy rejected.
type Request struct {
	Time   string `json:"time"`
	Signer string `json:"signer"`
	// Of a request for a signature.
	Key    string  `json:"key"`
	Kind   string  `json:"kind"`
	Status int     `json:"status"`
	Millis float64 `json:"ms"`
	Cause  string  `json:"cause"` // why there is no signature; empty if there is one
	// Of a rejected request: why.
	Refused string `json:"refused"`
}

var bakingKey = regexp.MustCompile(`^tz[1-4][1-9A-HJ-NP-Za-km-z]{33}$`)

// readRequestLine parses a line of HAProxy's log. Unknown words become "other", because they end up
// as labels of metrics.
func readRequestLine(line []byte) (Request, error) {
	var r Request
	if err := json.Unmarshal(line, &r); err != nil {
		return r, err
	}
	if !keys.IsSignerName(r.Signer) {
		return r, errors.New("found no signer")
	}
	if r.Refused != "" {
		r.Refused = oneOf(r.Refused, "path", "method", "key", "size", "magic", "malformed")
		return r, nil
	}
	if !bakingKey.MatchString(r.Key) {
		r.Key = "other"
	}
	r.Kind = oneOf(r.Kind, "block", "preattestation", "attestation")
	if r.Cause != "" {
		r.Cause = oneOf(r.Cause, "no tunnel", "timeout", "signer error", "bad answer", "baker gone")
	} else if r.Status != 200 {
		r.Cause = "other"
	}
	// HAProxy writes -1 if the client left.
	r.Millis = max(0, r.Millis)
	return r, nil
}

// oneOf returns the word if it is known, so that no label has more and more values.
func oneOf(word string, known ...string) string {
	if slices.Contains(known, word) {
		return word
	}
	return "other"
}

// maxLine is more than the longest line that HAProxy is told to send.
const maxLine = 1 << 16

// ReceiveRequests opens the socket in a folder that HAProxy sends its log to, and calls `take` with
// each request, from several goroutines: each of HAProxy's processes has a connection, and a reload
// has two processes for a while. Without the folder there is no gateway, and nothing to receive.
func ReceiveRequests(folder string, take func(Request)) error {
	if _, err := os.Stat(folder); err != nil {
		return nil
	}
	path := filepath.Join(folder, "requests.sock")
	_ = os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go readRequests(conn, take)
		}
	}()
	return nil
}

func readRequests(conn net.Conn, take func(Request)) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if r, err := readRequestLine(lines.Bytes()); err == nil {
			take(r)
		}
	}
}
