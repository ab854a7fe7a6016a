package main

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// voteBytes is a vote in octez-baker's encoding: its magic byte (13 for an attestation), chain, branch, tag, slot, level, round and payload.
func voteBytes(magic string, level int) string {
	return fmt.Sprintf("%s%s%s15%s%08x%08x%s", magic, strings.Repeat("7a", 4), strings.Repeat("ab", 32), "0007", level, 0, strings.Repeat("cd", 32))
}

var attestation = voteBytes("13", 0x929)

// target is which address a baker asks, and for what.
type target struct {
	address string
	// The requests, by whether the connection is closed after them.
	get, post map[bool][]byte
}

// targetOf reads the flags that all bakers share.
func targetOf(flags *flag.FlagSet, words []string) target {
	address := flags.String("to", "127.0.0.1:8443", "whom to ask")
	key := flags.String("key", "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A", "whose signature to ask for")
	flags.Parse(words)
	t := target{address: *address, get: map[bool][]byte{}, post: map[bool][]byte{}}
	for last, connection := range map[bool]string{false: "keep-alive", true: "close"} {
		headers := fmt.Sprintf("Host: %s\r\nAccept: application/json\r\nConnection: %s\r\n", *address, connection)
		t.get[last] = []byte("GET /authorized_keys HTTP/1.1\r\n" + headers + "\r\n")
		body := `"` + attestation + `"`
		t.post[last] = []byte(fmt.Sprintf("POST /keys/%s?version=2 HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			*key, headers, len(body), body))
	}
	return t
}

// badStatus is an answer other than 200.
type badStatus int

func (status badStatus) Error() string { return "status " + strconv.Itoa(int(status)) }

// caller makes calls, over one connection while the other side keeps it.
type caller struct {
	address string
	fresh   bool
	timeout time.Duration
	conn    net.Conn
	reader  *bufio.Reader
}

// call sends a request and reads its answer to the end.
func (c *caller) call(requests map[bool][]byte) error {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.address, c.timeout)
		if err != nil {
			return err
		}
		c.conn = conn
		if c.reader == nil {
			c.reader = bufio.NewReader(conn)
		} else {
			c.reader.Reset(conn)
		}
	}
	c.conn.SetDeadline(time.Now().Add(c.timeout))
	h, err := c.exchange(requests[c.fresh])
	if err != nil || c.fresh || h.close {
		c.end()
	}
	if err == nil && h.words[1] != "200" {
		status, _ := strconv.Atoi(h.words[1])
		return badStatus(status)
	}
	return err
}

func (c *caller) exchange(request []byte) (head, error) {
	if _, err := c.conn.Write(request); err != nil {
		return head{}, err
	}
	h, err := readHead(c.reader)
	if err == nil {
		_, err = readBody(c.reader, h)
	}
	return h, err
}

func (c *caller) end() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
