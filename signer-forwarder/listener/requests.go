package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// requestLine is what HAProxy says of a request: of one for a signature, or of one that it refused.
type requestLine struct {
	Time   string `json:"time"`
	Signer string `json:"signer"`
	// A signing request.
	Key    string  `json:"key"`
	Kind   string  `json:"kind"`
	Status int     `json:"status"`
	Millis float64 `json:"ms"`
	Cause  string  `json:"cause"`
	// A refused one: why.
	Refused string `json:"refused"`
}

var bakingKey = regexp.MustCompile(`^tz[1-4][1-9A-HJ-NP-Za-km-z]{33}$`)

// readRequestLine reads a line of HAProxy's log. Whatever is no known word in it is called "other".
func readRequestLine(line []byte) (requestLine, error) {
	var read requestLine
	if err := json.Unmarshal(line, &read); err != nil {
		return read, err
	}
	if !signerName.MatchString(read.Signer) {
		return read, fmt.Errorf("found no signer")
	}
	if read.Refused != "" {
		read.Refused = oneOf(read.Refused, "path", "method", "key", "size", "magic", "malformed")
		return read, nil
	}
	if !bakingKey.MatchString(read.Key) {
		read.Key = "other"
	}
	read.Kind = oneOf(read.Kind, "block", "preattestation", "attestation")
	if read.Cause != "" {
		read.Cause = oneOf(read.Cause, "no tunnel", "timeout", "signer error", "bad answer", "baker gone")
	} else if read.Status != 200 {
		read.Cause = "other"
	}
	// A client that leaves makes HAProxy say -1.
	read.Millis = max(0, read.Millis)
	return read, nil
}

// count puts a request into the metrics.
func (m *metrics) count(line requestLine, now time.Time) {
	if line.Refused != "" {
		m.refused.WithLabelValues(line.Signer, line.Refused).Inc()
		return
	}
	m.requests.WithLabelValues(line.Signer, line.Key, line.Kind).Inc()
	m.duration.WithLabelValues(line.Signer, line.Key, line.Kind).Observe(line.Millis / 1000)
	if line.Cause != "" {
		m.errors.WithLabelValues(line.Signer, line.Key, line.Kind, line.Cause).Inc()
		return
	}
	if at, err := time.Parse(time.RFC3339, line.Time); err == nil {
		now = at
	}
	m.lastSignature.WithLabelValues(line.Signer, line.Key, line.Kind).Set(float64(now.UnixMilli()) / 1000)
}

// readRequests takes the lines that HAProxy sends to our socket, where there is a gateway. Each of its processes has a
// connection, and a reload has two of them for a while.
func (s *server) readRequests() error {
	if _, err := os.Stat(s.where.gatewayRun); err != nil {
		return nil
	}
	path := filepath.Join(s.where.gatewayRun, "requests.sock")
	_ = os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go s.countLines(connection)
		}
	}()
	return nil
}

// maxLine is more than the longest line that HAProxy is told to send.
const maxLine = 1 << 16

func (s *server) countLines(connection net.Conn) {
	defer connection.Close()
	lines := bufio.NewScanner(connection)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line, err := readRequestLine(lines.Bytes())
		if err == nil && s.sessions.isSigner(line.Signer) {
			s.metrics.count(line, time.Now())
		}
	}
}
