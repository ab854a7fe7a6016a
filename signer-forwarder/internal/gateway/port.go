package gateway

import (
	"bufio"
	"errors"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/http1"
	"remote-signer-cloud/signer-forwarder/internal/socket"
)

// maxConnections is how many connections of bakers a port has at a time, so that a baker that floods its
// signer leaves room for others. The next one waits.
const maxConnections = 256

// port is a signer's port on the pod's address, which bakers reach.
type port struct {
	gateway  *Gateway
	route    *route
	direct   *route // of the requests that a router sends
	number   int
	listener *net.TCPListener
	slots    chan struct{}

	// mu guards the fields below. A client's lock may be taken while it is held.
	mu       sync.Mutex
	clients  map[*client]bool
	isClosed bool
}

// listening has what accepted connections inherit: an end that is gone is noticed within a minute, as a
// baker whose node is gone leaves its connection behind. A connection is accepted when its first bytes
// are there, so that nobody is woken twice for them. Go would set its own for each connection, in five
// system calls.
var listening = net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) error {
	return socket.Control(raw, func(fd int) error {
		var failure error
		for _, each := range [][3]int{
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 30},
			{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 10},
			{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
			{unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1},
		} {
			failure = errors.Join(failure, unix.SetsockoptInt(fd, each[0], each[1], each[2]))
		}
		return failure
	})
}}

// open opens a port. Its connections are served until it is closed.
func (g *Gateway) open(r, direct *route, number int) (*port, error) {
	listener, err := g.keeper.Listen(&listening, net.JoinHostPort(g.address, strconv.Itoa(number)))
	if err != nil {
		return nil, err
	}
	p := &port{
		gateway: g, route: r, direct: direct, number: number, listener: listener,
		slots: make(chan struct{}, maxConnections), clients: map[*client]bool{},
	}
	go p.serve()
	return p, nil
}

// close takes no more connections. One without a request ends at once, one with a request behind its
// answer.
func (p *port) close() {
	p.gateway.keeper.Close(p.listener)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isClosed = true
	for each := range p.clients {
		each.endIfIdle()
	}
}

func (p *port) serve() {
	for {
		p.slots <- struct{}{}
		conn, err := p.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			logf.Printf("%s: can't accept a connection: %v", p.route.owner, err)
			time.Sleep(100 * time.Millisecond)
			<-p.slots
			continue
		}
		c := &client{port: p, conn: conn, reader: bufio.NewReaderSize(conn, http1.MaxHead)}
		p.mu.Lock()
		p.clients[c] = true
		p.mu.Unlock()
		// At once: one that is not kept yet ends with the program.
		end := p.gateway.keeper.Keep(conn)
		go func() {
			c.serve()
			end()
			p.mu.Lock()
			delete(p.clients, c)
			p.mu.Unlock()
			<-p.slots
		}()
	}
}

func (p *port) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.clients)
}

func (p *port) isOpen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.isClosed
}
