// Package haproxy is the listener's side of the contract with the gateway: through HAProxy's runtime
// API it tells which session each signer has, and from HAProxy's log it learns what bakers asked.
package haproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Client tells HAProxy which session each signer has, through HAProxy's runtime API. HAProxy keeps an
// answer of a session for a while, and must not use it in the next one.
//
// HAProxy may be away for a while, and forgets everything when it is reloaded. So failed commands are
// ignored, and Sync, which is called each second, repairs the difference.
type Client struct {
	socket string

	// mu guards the fields below, and lets one command through at a time. Nothing else is locked while
	// it is held.
	mu       sync.Mutex
	current  map[string]string // the session of each signer
	silentAt time.Time         // when HAProxy last failed to answer
}

const (
	sessionsMap    = "virt@sessions"
	commandTimeout = 200 * time.Millisecond
	// silentPause is how long HAProxy gets no commands after it did not answer, so that a HAProxy that
	// hangs does not delay the next signers as well.
	silentPause = time.Second
	// maxCommands is how many commands go into one connection: a line of HAProxy's has 16 KiB.
	maxCommands = 100
)

// NewClient returns a client of the HAProxy whose socket is in a folder.
func NewClient(folder string) *Client {
	return &Client{socket: filepath.Join(folder, "haproxy.sock"), current: map[string]string{}}
}

// Announce tells HAProxy of a session that is about to open.
func (c *Client) Announce(signer, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.current[signer]
	c.current[signer] = id
	answer, err := c.run(mapCommand(ok, signer, id), "set server tunnel-"+signer+"/tunnel health up")
	// HAProxy may have been reloaded since it was told of an older session.
	if err == nil && ok && strings.Contains(answer, "not found") {
		_, _ = c.run(mapCommand(false, signer, id))
	}
}

// Forget tells HAProxy that a session is over, unless the signer has a newer one.
func (c *Client) Forget(signer, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current[signer] != id {
		return
	}
	delete(c.current, signer)
	_, _ = c.run("del map " + sessionsMap + " " + signer)
}

// Sync compares HAProxy's map with the sessions, and corrects it.
func (c *Client) Sync() {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, err := c.run("show map " + sessionsMap)
	if err != nil {
		return
	}
	commands := mapChanges(readMap(answer), c.current)
	for len(commands) > 0 {
		count := min(len(commands), maxCommands)
		if _, err := c.run(commands[:count]...); err != nil {
			return
		}
		commands = commands[count:]
	}
}

// mapCommand is the command that gives a signer a session; `set` if it has one in HAProxy's map.
func mapCommand(set bool, signer, id string) string {
	verb := "add"
	if set {
		verb = "set"
	}
	return fmt.Sprintf("%s map %s %s %s", verb, sessionsMap, signer, id)
}

// readMap parses HAProxy's "show map": lines "<reference> <key> <value>". A key may occur twice.
func readMap(answer string) map[string][]string {
	entries := map[string][]string{}
	for _, line := range strings.Split(answer, "\n") {
		if words := strings.Fields(line); len(words) == 3 && strings.HasPrefix(words[0], "0x") {
			entries[words[1]] = append(entries[words[1]], words[2])
		}
	}
	return entries
}

// mapChanges returns the commands that turn the map that HAProxy has into the one that we want.
func mapChanges(got map[string][]string, want map[string]string) []string {
	var commands []string
	for signer := range got {
		if _, ok := want[signer]; !ok {
			commands = append(commands, "del map "+sessionsMap+" "+signer)
		}
	}
	for signer, id := range want {
		values := got[signer]
		if len(values) != 1 || values[0] != id {
			if len(values) > 1 {
				commands = append(commands, "del map "+sessionsMap+" "+signer)
			}
			commands = append(commands, mapCommand(len(values) == 1, signer, id))
		}
	}
	return commands
}

var errSilent = errors.New("silent")

// run sends commands to HAProxy and returns its answer to all of them. The caller holds mu.
func (c *Client) run(commands ...string) (string, error) {
	now := time.Now()
	if now.Sub(c.silentAt) < silentPause {
		return "", errSilent
	}
	conn, err := net.DialTimeout("unix", c.socket, commandTimeout)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(now.Add(commandTimeout))
	var answer []byte
	if _, err = io.WriteString(conn, strings.Join(commands, ";")+"\n"); err == nil {
		answer, err = io.ReadAll(io.LimitReader(conn, 1<<20))
	}
	if err != nil {
		c.silentAt = now
	}
	return string(answer), err
}
