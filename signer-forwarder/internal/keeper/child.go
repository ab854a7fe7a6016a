package keeper

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/socket"
)

// Child is what a child has of its parent. Without one, as nil, nothing is kept.
type Child struct {
	pair    int
	crashes int
	last    atomic.Uint64 // the number of the newest connection
	closed  chan bool     // receives when the parent has closed a port

	// mu guards the field below.
	mu    sync.Mutex
	ports map[string]*os.File // that a child before had, and this one has not opened
	// closing is held while a port is closed.
	closing sync.Mutex
}

// closeLimit is how long the parent may take to close a port.
const closeLimit = time.Second

// FromParent returns what the parent has given. The program ends when the parent does, as two that serve
// the same must never run.
func FromParent() (*Child, error) {
	addresses, isThere := os.LookupEnv(portsVariable)
	if !isThere {
		return nil, errors.New("started by hand, wanted by its parent")
	}
	c := &Child{pair: pairFile, closed: make(chan bool, 1), ports: map[string]*os.File{}}
	c.crashes, _ = strconv.Atoi(os.Getenv(crashesVariable))
	for i, address := range strings.Fields(addresses) {
		c.ports[address] = os.NewFile(uintptr(firstPort+i), address)
	}
	go c.hear()
	return c, nil
}

// hear takes what the parent says, and ends the program with it.
func (c *Child) hear() {
	var one [1]byte
	for count := 1; count > 0; {
		_ = again(func() (err error) {
			count, err = unix.Read(c.pair, one[:])
			return err
		})
		if count > 0 {
			select {
			case c.closed <- true:
			default:
			}
		}
	}
	logf.Printf("the parent of this program has ended, and so it ends")
	os.Exit(1)
}

// Crashes is how often a child of the parent was killed or has crashed.
func (c *Child) Crashes() int {
	if c == nil {
		return 0
	}
	return c.crashes
}

// Listen returns the port that a child before this one had, or opens it. The address is as a listener says its
// own: an IP address and a port. The connections of one that is taken over have Go's own keep-alive in the place
// of the config's.
func (c *Child) Listen(config *net.ListenConfig, address string) (*net.TCPListener, error) {
	if c == nil {
		listener, err := config.Listen(context.Background(), "tcp", address)
		if err != nil {
			return nil, err
		}
		return listener.(*net.TCPListener), nil
	}
	c.mu.Lock()
	kept := c.ports[address]
	delete(c.ports, address)
	c.mu.Unlock()
	if kept != nil {
		defer kept.Close()
		listener, err := net.FileListener(kept)
		if err != nil {
			return nil, fmt.Errorf("%s: can't take it over: %w", address, err)
		}
		return listener.(*net.TCPListener), nil
	}
	listener, err := (*Child)(nil).Listen(config, address)
	if err == nil {
		// The port serves without being kept.
		if err := c.hand(message{kind: portOpens, address: address}, listener); err != nil {
			logf.Printf("%s: it is not kept: %v", address, err)
		}
	}
	return listener, err
}

// Close closes a port, here and at the parent. It waits for that, because nobody can open the port before.
func (c *Child) Close(listener *net.TCPListener) {
	listener.Close()
	if c != nil {
		c.unlisten(listener.Addr().String())
	}
}

// unlisten has the parent close a port.
func (c *Child) unlisten(address string) {
	c.closing.Lock()
	defer c.closing.Unlock()
	select {
	case <-c.closed: // of one that took too long
	default:
	}
	c.tell(message{kind: portCloses, address: address})
	select {
	case <-c.closed:
	case <-time.After(closeLimit):
		logf.Printf("%s: the parent has not closed it within %s", address, closeLimit)
	}
}

// CloseRest closes the ports that a child before this one had, and this one has not opened.
func (c *Child) CloseRest() {
	if c == nil {
		return
	}
	c.mu.Lock()
	rest := c.ports
	c.ports = map[string]*os.File{}
	c.mu.Unlock()
	for address, file := range rest {
		file.Close()
		c.unlisten(address)
	}
}

// Keep has the parent answer for a connection that this program leaves without an answer. It returns what
// closes the connection. Nothing waits for the parent: if it is behind, the connection is not kept.
func (c *Child) Keep(conn *net.TCPConn) (end func()) {
	number := uint64(0)
	if c != nil {
		number = c.last.Add(1)
	}
	if c == nil || c.hand(message{kind: connOpens, number: number}, conn) != nil {
		return func() { conn.Close() }
	}
	return func() {
		// The parent has the connection still, so closing it alone would not tell the other end.
		_ = conn.CloseWrite()
		conn.Close()
		c.tell(message{kind: connEnds, number: number})
	}
}

// hand sends a message with a descriptor, if the parent takes it at once.
func (c *Child) hand(m message, what syscall.Conn) error {
	raw, err := what.SyscallConn()
	if err != nil {
		return err
	}
	return socket.Control(raw, func(fd int) error {
		return unix.Sendmsg(c.pair, m.text(), unix.UnixRights(fd), nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	})
}

// tell sends a message. It can fail only when the parent has ended.
func (c *Child) tell(m message) {
	_ = again(func() error { return unix.Sendmsg(c.pair, m.text(), nil, nil, unix.MSG_NOSIGNAL) })
}
