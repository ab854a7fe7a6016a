package main

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// connection is one that was accepted, from its first moment to its last.
type connection struct {
	address netip.AddrPort
	source  netip.Addr   // what of the address counts for the limits
	tcp     *net.TCPConn // while it is outside
	client  string       // its first line, once that has come
	since   time.Time    // when it came, or when its sshd started

	// Our copy of the socket while it is inside, to look at; -1 otherwise. The door guards it.
	socket int
	place  place

	mutex   sync.Mutex
	process *process
	journal journal
	session *session
	ending  string // why we end it, if we do
	isGone  bool   // its processes have ended
	lines   limit  // for what a session's sshd says
	over    chan struct{}
}

// place is where a connection is: outside it costs no process, inside it has an sshd and may log in, through it has.
type place int

const (
	outside place = iota
	inside
	through
	away
)

func newConnection(tcp *net.TCPConn, address netip.AddrPort, now time.Time) *connection {
	return &connection{
		address: address,
		source:  sourceOf(address.Addr()),
		tcp:     tcp,
		since:   now,
		socket:  -1,
		lines:   limit{burst: 10, interval: 10 * time.Second},
		over:    make(chan struct{}),
	}
}

// sshdEnvironment is all that sshd gets of ours. OpenSSL's configuration has nothing for it. The cache of freed memory in front of
// malloc would take 40 KiB of each connection.
var sshdEnvironment = []string{"PATH=/usr/bin:/bin", "OPENSSL_CONF=/dev/null", "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"}

// runSshd gives the connection to an sshd of its own, reads that one's log, and comes back when all of it is gone.
func (c *connection) runSshd(all *processes, sshd, config string, socket int, note func(event)) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		closeSocket(socket)
		return err
	}
	defer reader.Close()
	words := []string{sshd, "-i", "-e", "-f", config}
	child, err := all.start(words, sshdEnvironment, uintptr(socket), uintptr(socket), writer.Fd())
	writer.Close()
	closeSocket(socket)
	if err != nil {
		return err
	}
	c.mutex.Lock()
	c.process = child
	isEnding := c.ending != ""
	c.mutex.Unlock()
	if isEnding {
		all.endGroup(child.pid, patienceEnd)
	}
	readLines(reader, func(line string) { note(readLogLine(line)) })
	<-child.ended
	all.endGroup(child.pid, patienceEnd)
	return nil
}

// group is the group of its processes; 0 while there is none.
func (c *connection) group() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.process == nil {
		return 0
	}
	return c.process.pid
}

// patienceEnd is how long processes may take to go that were killed.
const patienceEnd = 5 * time.Second

// end kills the connection's processes, and waits for it. The first cause given is the one that counts.
func (c *connection) end(all *processes, cause string) {
	c.mutex.Lock()
	if c.ending == "" {
		c.ending = cause
	}
	child := c.process
	c.mutex.Unlock()
	if child == nil {
		return
	}
	select {
	case <-c.over:
	default:
		all.endGroup(child.pid, patienceEnd)
	}
}

// readLines gives every line of a text, cut where it is very long.
func readLines(reader io.Reader, take func(string)) {
	buffered := bufio.NewReaderSize(reader, 1024)
	for {
		line, isPart, err := buffered.ReadLine()
		if err != nil {
			return
		}
		take(string(line))
		for isPart && err == nil {
			_, isPart, err = buffered.ReadLine()
		}
	}
}
