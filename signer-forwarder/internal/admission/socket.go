package admission

import (
	"context"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/signer-forwarder/internal/socket"
)

// deadLinkTimeout is how long sent bytes, or TCP's probes, may stay unacknowledged. After that the
// kernel ends the connection, and the ports of a signer whose link is dead are free. sshd's own probes
// stop while a baker uses the port, and cost a metered link more: they are answered by ssh, not by TCP.
const deadLinkTimeout = 8 * time.Second

// probes are TCP's on an idle link: after 5 s without a byte from the client, then each second. A client
// that sends probes of its own more often keeps them silent. The kernel counts no probes where
// TCP_USER_TIMEOUT is set: three are sent, and after 8 s the connection ends.
var probes = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: time.Second, Count: 3}

// maxSegment is how many bytes of TCP go into a packet, in both directions. Some paths (PPPoE, VPNs,
// 4G) take less than their MTU says and drop larger packets silently. The login then hangs in the key
// exchange, whose packets are the first large ones. 1200 is below the 1220 that IPv6's smallest MTU
// leaves.
const maxSegment = 1200

// Listen opens the port that signers dial, for IPv4 and IPv6 if the address names neither.
func Listen(address string) (*net.TCPListener, error) {
	// Accepted sockets inherit the option, and the client learns the size in the handshake.
	settings := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return socket.Control(raw, func(fd int) error {
			return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, maxSegment)
		})
	}}
	listener, err := settings.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	return listener.(*net.TCPListener), nil
}

// Prepare sets the socket options that sshd does not: small packets are sent at once (waiting costs a
// signature 40 ms), and a dead link ends.
func Prepare(tcp *net.TCPConn) error {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	if err := tcp.SetKeepAliveConfig(probes); err != nil {
		return err
	}
	if err := tcp.SetNoDelay(true); err != nil {
		return err
	}
	return socket.Control(raw, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadLinkTimeout.Milliseconds()))
	})
}

// awaitIdentification waits for a client's first line. It leaves the line in the socket, where sshd
// reads it again.
func awaitIdentification(tcp *net.TCPConn, timeout time.Duration) (string, error) {
	if err := tcp.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return "", err
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return "", err
	}
	var line string
	var failure error
	buffer := make([]byte, maxIdentification)
	err = raw.Read(func(fd uintptr) bool {
		count, _, err := unix.Recvfrom(int(fd), buffer, unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			return false
		case err != nil:
			failure = err
		case count == 0:
			failure = net.ErrClosed
		default:
			line, failure = parseIdentification(buffer[:count])
		}
		return line != "" || failure != nil
	})
	if err != nil {
		return "", err
	}
	return line, failure
}

// takeSocket returns a connection's socket as a bare blocking descriptor, as programs expect it, and
// closes Go's own.
func takeSocket(tcp *net.TCPConn) (int, error) {
	defer tcp.Close()
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1, err
	}
	taken := -1
	err = socket.Control(raw, func(fd int) (err error) {
		taken, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		return err
	})
	if err != nil {
		return -1, err
	}
	return taken, syscall.SetNonblock(taken, false)
}

// copySocket returns a second descriptor of a socket, to look at it; -1 if there is none left.
func copySocket(socket int) int {
	second, err := unix.FcntlInt(uintptr(socket), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return -1
	}
	return second
}

func closeSocket(socket int) {
	if socket >= 0 {
		_ = unix.Close(socket)
	}
}

// hasLeft reports whether the client has closed its side, or the connection is broken.
func hasLeft(socket int) bool {
	const established = 1
	info, err := unix.GetsockoptTCPInfo(socket, unix.IPPROTO_TCP, unix.TCP_INFO)
	return err == nil && info.State != established
}

// overdue returns for how long a client owes an answer, beyond two round trips of its link. It is zero
// while it is sshd's turn.
func overdue(socket int) time.Duration {
	info, err := unix.GetsockoptTCPInfo(socket, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil || info.Data_segs_out == 0 || info.Last_data_recv <= info.Last_data_sent {
		return 0
	}
	if unread, err := unix.IoctlGetInt(socket, unix.TIOCINQ); err != nil || unread > 0 {
		return 0
	}
	sent := time.Duration(info.Last_data_sent) * time.Millisecond
	return max(0, sent-2*time.Duration(info.Rtt)*time.Microsecond)
}
