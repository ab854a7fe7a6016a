package main

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// doorman keeps those who have not logged in, and gives sshd's processes to them as door.go chooses.
type doorman struct {
	run     func(*connection, int)    // runs sshd for a connection and its socket, to its end
	evict   func(*connection)         // ends one that is inside
	refused func(*connection, string) // is told of one that was sent away from outside, with a word for the metrics
	compute func() map[int]bool       // the groups of processes that compute

	mutex    sync.Mutex
	waiting  []*connection
	within   []*connection
	familiar map[netip.Addr]time.Time // sources that signers have logged in from, and when last
	clients  map[string]bool          // the first lines of signers' clients

	computing map[int]bool // whether a process that was inside computed when that was last asked
	asked     time.Time    // when that was
	willLook  bool         // whether somebody waits, so that look is called again soon
}

// maxRemembered is how many addresses, and how many clients, are remembered.
const maxRemembered = 1024

// soon is when the door looks again while somebody waits, and how old its knowledge of who computes may be. To ask takes 1 ms
// with 100 signers connected.
const soon = 25 * time.Millisecond

func newDoorman() *doorman {
	return &doorman{
		familiar:  map[netip.Addr]time.Time{},
		clients:   map[string]bool{},
		compute:   computingGroups,
		computing: map[int]bool{},
	}
}

// arrive takes a new connection, and waits in the background for what it says.
func (d *doorman) arrive(tcp *net.TCPConn) {
	address := tcp.RemoteAddr().(*net.TCPAddr).AddrPort()
	c := newConnection(tcp, netip.AddrPortFrom(address.Addr().Unmap(), address.Port()), time.Now())
	d.mutex.Lock()
	d.waiting = append(d.waiting, c)
	for len(d.waiting) > maxOutside {
		d.sendAway(d.waiting[toDrop(d.describe(d.waiting))], "crowded")
	}
	d.mutex.Unlock()
	go func() {
		client, err := awaitIdentification(tcp, patienceSilent)
		d.mutex.Lock()
		if c.place == outside {
			switch {
			case err == nil:
				c.client = client
			case err == errNotSsh:
				d.sendAway(c, "not_ssh")
			default:
				d.sendAway(c, "silent")
			}
		}
		d.mutex.Unlock()
		d.look()
	}()
}

// look lets in who is next, and sends away who has waited for too long. It is called whenever something has changed, and
// soon again while somebody waits.
func (d *doorman) look() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	defer d.lookAgain()
	now := time.Now()
	if len(d.waiting) > 0 && len(d.within) >= maxComputing && now.Sub(d.asked) >= soon {
		d.askWhoComputes()
		d.asked = now
	}
	for _, c := range slices.Clone(d.waiting) {
		if now.Sub(c.since) > patienceOutside {
			d.sendAway(c, "crowded")
		}
	}
	for {
		waiting := d.describe(d.waiting)
		next := nextInside(waiting, d.describe(d.within), now)
		if next < 0 {
			return
		}
		if len(d.within) >= roomFor(waiting[next]) {
			victim := toEvict(d.describe(d.within), now)
			if victim < 0 {
				return
			}
			c := d.within[victim]
			d.remove(c, away)
			go d.evict(c)
		}
		d.letIn(d.waiting[next], now)
	}
}

// lookAgain has look called soon if a client waits for a process.
func (d *doorman) lookAgain() {
	if d.willLook || !slices.ContainsFunc(d.waiting, func(c *connection) bool { return c.client != "" }) {
		return
	}
	d.willLook = true
	time.AfterFunc(soon, func() {
		d.mutex.Lock()
		d.willLook = false
		d.mutex.Unlock()
		d.look()
	})
}

func (d *doorman) letIn(c *connection, now time.Time) {
	socket, err := takeSocket(c.tcp)
	if err != nil || hasLeft(socket) {
		closeSocket(socket)
		d.sendAway(c, "left")
		return
	}
	d.remove(c, inside)
	c.socket, c.since = copySocket(socket), now
	d.within = append(d.within, c)
	go d.run(c, socket)
}

// describe says of connections what the choice needs to know.
func (d *doorman) describe(connections []*connection) []stranger {
	strangers := make([]stranger, len(connections))
	for index, c := range connections {
		_, isFamiliar := d.familiar[c.source]
		strangers[index] = stranger{
			source:         c.source,
			isFamiliar:     isFamiliar,
			hasKnownClient: d.clients[c.client],
			since:          c.since,
			isReady:        c.client != "",
			isComputing:    c.place == inside && d.isComputing(c),
		}
		if c.place == inside && len(d.within) >= maxInside-keptInside {
			strangers[index].overdue = overdue(c.socket)
		}
	}
	return strangers
}

// sendAway closes a connection that is outside.
func (d *doorman) sendAway(c *connection, word string) {
	c.tcp.Close()
	d.remove(c, away)
	d.refused(c, word)
}

// remove takes a connection from where it is, and closes our copy of its socket.
func (d *doorman) remove(c *connection, to place) {
	isIt := func(other *connection) bool { return other == c }
	switch c.place {
	case outside:
		d.waiting = slices.DeleteFunc(d.waiting, isIt)
	case inside:
		d.within = slices.DeleteFunc(d.within, isIt)
	}
	if c.socket >= 0 {
		closeSocket(c.socket)
		c.socket = -1
	}
	c.place = to
}

// remember keeps where a signer has logged in from, and with which client.
func (d *doorman) remember(c *connection) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if len(d.familiar) >= maxRemembered {
		oldest := c.source
		for address, last := range d.familiar {
			if before, isThere := d.familiar[oldest]; !isThere || last.Before(before) {
				oldest = address
			}
		}
		delete(d.familiar, oldest)
	}
	d.familiar[c.source] = time.Now()
	if len(d.clients) < maxRemembered {
		d.clients[c.client] = true
	}
}

// hasGone takes a connection off every list: its processes have ended.
func (d *doorman) hasGone(c *connection) {
	d.mutex.Lock()
	d.remove(c, away)
	d.mutex.Unlock()
	d.look()
}

// claim finds the connection inside whose processes are this group, and takes it off the list of strangers: it has
// proved a key.
func (d *doorman) claim(group int) *connection {
	d.mutex.Lock()
	index := slices.IndexFunc(d.within, func(c *connection) bool { return group != 0 && c.group() == group })
	var c *connection
	if index >= 0 {
		c = d.within[index]
		d.remove(c, through)
	}
	d.mutex.Unlock()
	d.look()
	return c
}

func (d *doorman) isFamiliar(address netip.Addr) bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	_, isFamiliar := d.familiar[sourceOf(address)]
	return isFamiliar
}

// strangers counts those who have not logged in.
func (d *doorman) strangers() int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return len(d.waiting) + len(d.within)
}
