// Package uplink makes connections by one of a host's network interfaces, whatever its routes prefer.
package uplink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// deadLinkTimeout is how long sent bytes may stay without an acknowledgement before the kernel ends the connection,
// as at the forwarder's end. ssh's own probes take twice their interval, which is long on a metered uplink.
const deadLinkTimeout = 8 * time.Second

// Dialer dials by an interface. An empty name leaves the choice to the host's routes.
//
// The socket is bound to the device (SO_BINDTODEVICE), which takes no privilege since Linux 5.7. A source address alone,
// as of ssh's BindInterface, does not decide by which interface the packets leave.
type Dialer struct{ Interface string }

// Dial opens a TCP connection to an address and a port.
func (d Dialer) Dial(ctx context.Context, address string) (*net.TCPConn, error) {
	dialer := net.Dialer{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) (failure error) {
		err := raw.Control(func(fd uintptr) { failure = d.prepare(int(fd)) })
		return errors.Join(err, failure)
	}}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, d.explain(err)
	}
	return connection.(*net.TCPConn), nil
}

func (d Dialer) prepare(fd int) error {
	if d.Interface == "" {
		return nil
	}
	if err := unix.BindToDevice(fd, d.Interface); err != nil {
		return err
	}
	// ssh sets this on a socket of its own alone (TCPKeepAlive), unlike TCP_NODELAY.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
		return err
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadLinkTimeout.Milliseconds()))
}

// errNoRoute is what the kernel says of an address without a route by the interface.
var errNoRoute = errors.New("found no route to the internet by it")

// explain is an error in a person's words.
func (d Dialer) explain(err error) error {
	switch {
	case d.Interface == "":
		return err
	case errors.Is(err, unix.ENODEV):
		return fmt.Errorf("uplink %s: found no such interface", d.Interface)
	case errors.Is(err, unix.ENETUNREACH):
		return fmt.Errorf("uplink %s: %w", d.Interface, errNoRoute)
	}
	var operation *net.OpError
	if errors.As(err, &operation) {
		return fmt.Errorf("uplink %s: connect to address %v: %w", d.Interface, operation.Addr, operation.Err)
	}
	return fmt.Errorf("uplink %s: %w", d.Interface, err)
}

// dialAny tries addresses in turn, each for its part of the time that is left.
func (d Dialer) dialAny(ctx context.Context, addresses []netip.Addr, port string) (*net.TCPConn, error) {
	var failures []error
	var noRoute error
	for i, address := range addresses {
		attempt, cancel := ctx, context.CancelFunc(func() {})
		if end, ok := ctx.Deadline(); ok {
			attempt, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(len(addresses)-i))
		}
		connection, err := d.Dial(attempt, net.JoinHostPort(address.String(), port))
		cancel()
		if err == nil {
			return connection, nil
		}
		if errors.Is(err, errNoRoute) {
			noRoute = err // such as an address of IPv6, where there is only IPv4
			continue
		}
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return nil, noRoute
	}
	return nil, errors.Join(failures...)
}
