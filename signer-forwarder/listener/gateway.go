package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// gateway tells HAProxy which session each signer has now, through its runtime API: an answer that HAProxy keeps of one
// session must not outlive it. HAProxy may be away for a while, and forgets everything when it is reloaded; so failures are
// nobody's concern, and all of it is told again every second.
type gateway struct {
	socket string

	mutex    sync.Mutex
	current  map[string]string // the session of each signer
	silentAt time.Time         // when HAProxy last left us waiting
}

const (
	sessionsMap     = "virt@sessions"
	patienceGateway = 200 * time.Millisecond
	// A HAProxy that hangs must not delay the next signers as well.
	pauseGateway = time.Second
	// How many commands go into one connection: a line of HAProxy's has 16 KiB.
	maxCommands = 100
)

// announce tells of a session that is about to open.
func (g *gateway) announce(signer, id string) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	_, isThere := g.current[signer]
	g.current[signer] = id
	answer, err := g.ask(mapCommand(isThere, signer, id), "set server tunnel-"+signer+"/tunnel health up")
	// It may have been reloaded since it was told of an older session.
	if err == nil && isThere && strings.Contains(answer, "not found") {
		_, _ = g.ask(mapCommand(false, signer, id))
	}
}

// forget tells that a session is over, unless the signer has another one by now.
func (g *gateway) forget(signer, id string) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.current[signer] != id {
		return
	}
	delete(g.current, signer)
	_, _ = g.ask("del map " + sessionsMap + " " + signer)
}

// sync tells HAProxy what it does not know, or knows wrongly.
func (g *gateway) sync() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	answer, err := g.ask("show map " + sessionsMap)
	if err != nil {
		return
	}
	commands := mapChanges(readMap(answer), g.current)
	for len(commands) > 0 {
		count := min(len(commands), maxCommands)
		if _, err := g.ask(commands[:count]...); err != nil {
			return
		}
		commands = commands[count:]
	}
}

func mapCommand(isThere bool, signer, id string) string {
	verb := "add"
	if isThere {
		verb = "set"
	}
	return fmt.Sprintf("%s map %s %s %s", verb, sessionsMap, signer, id)
}

// readMap reads HAProxy's "show map": lines "<reference> <key> <value>". A key may be there twice.
func readMap(answer string) map[string][]string {
	entries := map[string][]string{}
	for _, line := range strings.Split(answer, "\n") {
		if words := strings.Fields(line); len(words) == 3 && strings.HasPrefix(words[0], "0x") {
			entries[words[1]] = append(entries[words[1]], words[2])
		}
	}
	return entries
}

// mapChanges gives the commands that make one map of the other.
func mapChanges(found map[string][]string, wanted map[string]string) []string {
	var commands []string
	for signer := range found {
		if _, isWanted := wanted[signer]; !isWanted {
			commands = append(commands, "del map "+sessionsMap+" "+signer)
		}
	}
	for signer, id := range wanted {
		values := found[signer]
		if len(values) != 1 || values[0] != id {
			if len(values) > 1 {
				commands = append(commands, "del map "+sessionsMap+" "+signer)
			}
			commands = append(commands, mapCommand(len(values) == 1, signer, id))
		}
	}
	return commands
}

// ask gives commands to HAProxy and reads its answer to all of them.
func (g *gateway) ask(commands ...string) (string, error) {
	now := time.Now()
	if now.Sub(g.silentAt) < pauseGateway {
		return "", fmt.Errorf("silent")
	}
	connection, err := net.DialTimeout("unix", g.socket, patienceGateway)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	_ = connection.SetDeadline(now.Add(patienceGateway))
	answer := ""
	if _, err = io.WriteString(connection, strings.Join(commands, ";")+"\n"); err == nil {
		var bytes []byte
		bytes, err = io.ReadAll(io.LimitReader(connection, 1<<20))
		answer = string(bytes)
	}
	if err != nil {
		g.silentAt = now
	}
	return answer, err
}
