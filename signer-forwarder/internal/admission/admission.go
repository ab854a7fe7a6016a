// Package admission decides which of the connections to the public port get an sshd, so that no crowd
// can keep the signers out.
//
// A connection is queued at first, which costs no process. Once it has sent a first line of ssh and
// there is room, it gets an sshd and is authenticating. Once its key has proved itself, it is
// authenticated, and none of the limits apply to it any more. Until then it is pending.
//
// policy.go has the limits and the choices, all of them pure functions. Queue carries them out.
package admission

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Client is what is known of a connection when it gets its sshd.
type Client struct {
	Address        netip.AddrPort
	Identification string // its first line: "SSH-2.0-OpenSSH_10.0"
}

// Login is a connection's attempt to log in. Queue's owner implements it.
type Login interface {
	// Run runs an sshd for the connection's socket, which it owns from now on. It runs in its own
	// goroutine, and calls Queue.Ended at the end.
	Run(socket int)
	// Group returns the process group of that sshd; 0 until it has started.
	Group() int
	// Evict ends the login because others wait.
	Evict()
}

// Queue holds the pending connections. Its methods may be called from any goroutine.
type Queue struct {
	newLogin        func(Client) Login
	reject          func(cause string)
	computingGroups func() map[int]bool
	now             func() time.Time
	silentTimeout   time.Duration

	// mu guards the fields below, and all fields of a conn that change. Login.Group, newLogin and reject
	// are called while it is held; what these lock comes after mu.
	mu             sync.Mutex
	queued         []*conn
	authenticating []*conn
	known          knownSigners
	computing      map[int]bool // for each group that was authenticating at `askedAt`: whether it computed
	askedAt        time.Time
	admitsSoon     bool // Admit will be called again soon, because a connection waits
}

// conn is a pending connection.
type conn struct {
	tcp     *net.TCPConn // while it is queued
	address netip.AddrPort
	source  netip.Addr

	// Queue.mu guards what follows.
	state  state
	since  time.Time // when it came, or when its sshd started
	client string    // its first line; empty until that has come
	login  Login     // from authenticating on
	socket int       // our own copy of its socket while it is authenticating, to look at; -1 otherwise
}

// state is how far a connection has come.
type state int

const (
	queued         state = iota // it has no process
	authenticating              // it has an sshd, and may log in
	authenticated               // it has logged in
	closed
)

// soon is how soon the queue is looked at again while a connection waits, and how old the knowledge may
// be of which processes compute. To find that out takes 1 ms with 100 signers connected.
const soon = 25 * time.Millisecond

// NewQueue returns an empty queue. `newLogin` makes the Login of a connection that gets an sshd.
// `reject` is told of each connection that is closed without one, with the cause for the metrics:
// silent, not_ssh, left or crowded. Both are called under a lock, and must not call the queue.
func NewQueue(newLogin func(Client) Login, reject func(cause string)) *Queue {
	return &Queue{
		newLogin:        newLogin,
		reject:          reject,
		computingGroups: computingGroups,
		now:             time.Now,
		silentTimeout:   silentTimeout,
		known:           newKnownSigners(),
		computing:       map[int]bool{},
	}
}

// Arrive adds a new connection, and waits in the background for its first line.
func (q *Queue) Arrive(tcp *net.TCPConn) {
	remote := tcp.RemoteAddr().(*net.TCPAddr).AddrPort()
	address := netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	c := &conn{tcp: tcp, address: address, source: Source(address.Addr()), since: q.now(), socket: -1}
	q.mu.Lock()
	q.queued = append(q.queued, c)
	for len(q.queued) > maxQueued {
		q.close(q.queued[toDrop(q.describe(q.queued))], "crowded")
	}
	q.mu.Unlock()
	go func() {
		client, err := awaitIdentification(tcp, q.silentTimeout)
		q.mu.Lock()
		if c.state == queued {
			switch {
			case err == nil:
				c.client = client
			case errors.Is(err, errNotSSH):
				q.close(c, "not_ssh")
			default:
				q.close(c, "silent")
			}
		}
		q.mu.Unlock()
		q.Admit()
	}()
}

// Admit starts an sshd for each connection that may have one now, and closes those that have waited for
// too long. The queue calls it after each change, and again soon while a connection waits.
func (q *Queue) Admit() {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.admitSoon()
	now := q.now()
	if len(q.queued) > 0 && len(q.authenticating) >= maxComputing && now.Sub(q.askedAt) >= soon {
		q.askWhichCompute()
		q.askedAt = now
	}
	for _, c := range slices.Clone(q.queued) {
		if now.Sub(c.since) > queueTimeout {
			q.close(c, "crowded")
		}
	}
	for {
		waiting := q.describe(q.queued)
		next := nextToStart(waiting, q.describe(q.authenticating), now)
		if next < 0 {
			return
		}
		if len(q.authenticating) >= roomFor(waiting[next]) {
			slowest := toEvict(q.describe(q.authenticating), now)
			if slowest < 0 {
				return
			}
			c := q.authenticating[slowest]
			q.move(c, closed)
			go c.login.Evict()
		}
		q.start(q.queued[next], now)
	}
}

// admitSoon has Admit called again soon if a client waits for its sshd.
func (q *Queue) admitSoon() {
	if q.admitsSoon || !slices.ContainsFunc(q.queued, func(c *conn) bool { return c.client != "" }) {
		return
	}
	q.admitsSoon = true
	time.AfterFunc(soon, func() {
		q.mu.Lock()
		q.admitsSoon = false
		q.mu.Unlock()
		q.Admit()
	})
}

// start gives a queued connection an sshd.
func (q *Queue) start(c *conn, now time.Time) {
	socket, err := takeSocket(c.tcp)
	if err != nil || hasLeft(socket) {
		closeSocket(socket)
		q.close(c, "left")
		return
	}
	q.move(c, authenticating)
	c.socket, c.since = copySocket(socket), now
	c.login = q.newLogin(Client{Address: c.address, Identification: c.client})
	q.authenticating = append(q.authenticating, c)
	go c.login.Run(socket)
}

// describe returns what the policy needs to know of connections.
func (q *Queue) describe(connections []*conn) []pending {
	described := make([]pending, len(connections))
	for i, c := range connections {
		described[i] = pending{
			source:      c.source,
			known:       q.known.hasSource(c.source),
			knownClient: q.known.clients[c.client],
			since:       c.since,
			ready:       c.client != "",
			computing:   c.state == authenticating && q.computes(c),
		}
		if c.state == authenticating && len(q.authenticating) >= maxAuthenticating-reservedForKnown {
			described[i].overdue = overdue(c.socket)
		}
	}
	return described
}

// close closes a queued connection.
func (q *Queue) close(c *conn, cause string) {
	c.tcp.Close()
	q.move(c, closed)
	q.reject(cause)
}

// move takes a connection off its list, changes its state, and closes our copy of its socket.
func (q *Queue) move(c *conn, to state) {
	same := func(other *conn) bool { return other == c }
	switch c.state {
	case queued:
		q.queued = slices.DeleteFunc(q.queued, same)
	case authenticating:
		q.authenticating = slices.DeleteFunc(q.authenticating, same)
	}
	if c.socket >= 0 {
		closeSocket(c.socket)
		c.socket = -1
	}
	c.state = to
}

// Remember notes where a signer has logged in from, and with which client.
func (q *Queue) Remember(client Client) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.known.add(Source(client.Address.Addr()), client.Identification, q.now())
}

// Knows reports whether a signer has logged in from an address.
func (q *Queue) Knows(address netip.Addr) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.known.hasSource(Source(address))
}

// Claim returns the authenticating login whose process group this is, or nil. Its key has proved
// itself, so it is no longer pending.
func (q *Queue) Claim(group int) Login {
	return q.take(authenticated, func(l Login) bool { return group != 0 && l.Group() == group })
}

// Ended tells the queue that a login's processes are gone.
func (q *Queue) Ended(login Login) {
	q.take(closed, func(l Login) bool { return l == login })
}

// take changes the state of the authenticating login that matches, if there is one, and returns it.
func (q *Queue) take(to state, matches func(Login) bool) Login {
	var login Login
	q.mu.Lock()
	if i := slices.IndexFunc(q.authenticating, func(c *conn) bool { return matches(c.login) }); i >= 0 {
		c := q.authenticating[i]
		login = c.login
		q.move(c, to)
	}
	q.mu.Unlock()
	q.Admit()
	return login
}

// Pending returns how many connections have not logged in.
func (q *Queue) Pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queued) + len(q.authenticating)
}
