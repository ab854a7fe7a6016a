package main

import (
	"net/netip"
	"sync"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/admission"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

// connection is a connection that has an sshd, from the start of that sshd to the report of its end.
// Until its key has proved itself it is also an admission.Login.
type connection struct {
	server  *server
	client  admission.Client
	address netip.AddrPort
	over    chan struct{} // closed when its processes are gone and its outcome is reported

	// mu guards the fields below.
	mu      sync.Mutex
	process *sshd.Process // once sshd has started
	log     sshd.LoginLog
	lines   logf.Limit // for what sshd says about a session
	reason  endReason  // why we end it; zero while we do not
	ended   bool       // its processes are gone
	session *session   // set by sessions.open
}

func newConnection(s *server, client admission.Client) *connection {
	return &connection{
		server:  s,
		client:  client,
		address: client.Address,
		over:    make(chan struct{}),
		lines:   logf.Limit{Burst: 10, Interval: 10 * time.Second},
	}
}

// Run runs sshd for the connection, and reports what became of it.
func (c *connection) Run(socket int) {
	s := c.server
	err := s.processes.Serve(s.paths.sshd.Sshd, s.generation.Load().Config(), socket, c.started, c.note)
	if err != nil {
		logf.Printf("can't run sshd: %v", err)
	}
	s.queue.Ended(c)
	s.report(c, c.finish())
	close(c.over)
}

// Group is the process group of its sshd; 0 until that has started.
func (c *connection) Group() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return 0
	}
	return c.process.Group()
}

// Evict ends the connection because others wait for its process.
func (c *connection) Evict() {
	c.end(endReason{evicted, "too slow to log in while others waited"})
}

func (c *connection) started(process *sshd.Process) {
	c.mu.Lock()
	c.process = process
	isEnding := c.reason.kind != notEnded
	c.mu.Unlock()
	if isEnding {
		c.server.processes.EndGroup(process.Group())
	}
}

// note handles what sshd says about the connection.
func (c *connection) note(e sshd.Event) {
	if e.Kind == sshd.HookFailed {
		// sshd would keep the connection for as long as its client likes, although it may do nothing.
		go c.end(endReason{refused, "its session could not open"})
		return
	}
	c.mu.Lock()
	session := c.session
	c.log.Note(e)
	format := sessionFormats[e.Kind]
	maySay := session != nil && format != "" && c.lines.Allow(time.Now())
	c.mu.Unlock()
	if maySay {
		logf.Printf(format, session.Signer, e.Text)
	}
}

// sessionFormats are the lines about a session: its signer, and what sshd says.
var sessionFormats = map[sshd.EventKind]string{
	sshd.ForwardRefused: "%s: refused %s",
	sshd.ForwardFailed:  "%s: could not open %s",
	sshd.Trouble:        "%s: sshd says: %s",
}

// end kills the connection's processes and waits until they are gone. Of several reasons, the first
// one counts.
func (c *connection) end(reason endReason) {
	c.mu.Lock()
	if c.reason.kind == notEnded {
		c.reason = reason
	}
	process := c.process
	c.mu.Unlock()
	if process == nil {
		// It ends as soon as it starts.
		return
	}
	select {
	case <-c.over:
	default:
		c.server.processes.EndGroup(process.Group())
	}
}

// finish notes that the connection's processes are gone, and returns what became of it.
func (c *connection) finish() outcome {
	c.mu.Lock()
	c.ended = true
	session, reason, log := c.session, c.reason, c.log
	c.mu.Unlock()
	if session != nil {
		return closedSession(session, reason, log.Cause())
	}
	return refusedConnection(c.server.sessions.refusal(&log), reason)
}
