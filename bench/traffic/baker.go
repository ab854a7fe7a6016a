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
func voteBytes(magic string, level, round int) string {
	return fmt.Sprintf("%s%s%s15%s%08x%08x%s", magic, strings.Repeat("7a", 4), strings.Repeat("ab", 32), "0007", level, round, strings.Repeat("cd", 32))
}

// tz4VoteBytes is the same of a tz4 key: it has another tag (41 for an attestation), and no slot.
func tz4VoteBytes(magic string, level, round int) string {
	return fmt.Sprintf("%s%s%s29%08x%08x%s", magic, strings.Repeat("7a", 4), strings.Repeat("ab", 32), level, round, strings.Repeat("cd", 32))
}

// target is which address a baker asks, and for which keys' signatures.
type target struct {
	address string
	keys    []string
}

// targetOf reads the flags that all bakers share.
func targetOf(flags *flag.FlagSet, words []string) target {
	address := flags.String("to", "127.0.0.1:8443", "whom to ask")
	keys := flags.String("keys", "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A", "whose signatures to ask for, with commas between; each asks for one after the other")
	flags.Parse(words)
	return target{address: *address, keys: strings.Split(*keys, ",")}
}

// request is a request as this bench's bakers send it, in one piece.
func (t target) request(line, body string, isLast bool) []byte {
	connection := "keep-alive"
	if isLast {
		connection = "close"
	}
	head := line + " HTTP/1.1\r\nHost: " + t.address + "\r\nAccept: application/json\r\nConnection: " + connection + "\r\n"
	if body == "" {
		return []byte(head + "\r\n")
	}
	return []byte(head + "Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

func (t target) get(isLast bool) []byte { return t.request("GET /authorized_keys", "", isLast) }

// post asks for the signature of a key for the moment: no vote comes twice or late, because who remembers what was signed
// would answer the one and refuse the other. The level is a second, the round a microsecond of it.
func (t target) post(key string, isLast bool) []byte {
	now := time.Now()
	body := `"` + voteBytes("13", int(now.Unix()), now.Nanosecond()/1000) + `"`
	return t.request("POST /keys/"+key+"?version=2", body, isLast)
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
func (c *caller) call(request []byte) error {
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
	h, err := c.exchange(request)
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
