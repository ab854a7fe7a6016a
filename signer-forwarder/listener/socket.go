package main

import (
	"context"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// deadLink is how long sent bytes may stay unacknowledged: after that the kernel ends the connection, and the ports of a
// signer whose link died are free. sshd's own probes are not enough: they stop while a baker uses the port.
const deadLink = 10 * time.Second

// largestSegment is how many bytes of TCP go into a packet, either way. Some paths (PPPoE, VPNs, 4G) take less than their MTU says
// and drop the rest without a word: login then hangs in the key exchange, whose packets are the first large ones. 1200 is below
// the 1220 that the smallest MTU of IPv6 leaves.
const largestSegment = 1200

// listenForSigners opens the port that signers dial, for IPv4 and IPv6 where the address names none of them.
func listenForSigners(address string) (*net.TCPListener, error) {
	// The accepted sockets have it from here, and the client is told in the handshake.
	settings := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var failure error
		err := raw.Control(func(fd uintptr) {
			failure = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, largestSegment)
		})
		if err != nil {
			return err
		}
		return failure
	}}
	listener, err := settings.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	return listener.(*net.TCPListener), nil
}

// prepare sets what sshd does not: no delay for small packets (which costs a signature 40 ms), and an end for dead links.
func prepare(connection *net.TCPConn) error {
	raw, err := connection.SyscallConn()
	if err != nil {
		return err
	}
	_ = connection.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 2})
	if err := connection.SetNoDelay(true); err != nil {
		return err
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		failure = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadLink.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failure
}

// awaitIdentification waits for a client's first line, and leaves it where it is: sshd reads it again.
func awaitIdentification(connection *net.TCPConn, patience time.Duration) (string, error) {
	if err := connection.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	raw, err := connection.SyscallConn()
	if err != nil {
		return "", err
	}
	var line string
	var failure error
	buffer := make([]byte, longestIdentification)
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
			line, failure = readIdentification(buffer[:count])
		}
		return line != "" || failure != nil
	})
	if err != nil {
		return "", err
	}
	return line, failure
}

// takeSocket gives the connection's socket as a bare descriptor, as a program expects it, and closes what Go has of it.
func takeSocket(connection *net.TCPConn) (int, error) {
	defer connection.Close()
	raw, err := connection.SyscallConn()
	if err != nil {
		return -1, err
	}
	socket := -1
	var failure error
	err = raw.Control(func(fd uintptr) {
		socket, failure = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
	})
	if err != nil {
		return -1, err
	}
	if failure != nil {
		return -1, failure
	}
	return socket, syscall.SetNonblock(socket, false)
}

// copySocket gives a second descriptor of a socket, to look at it; -1 if there is none left.
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

// hasLeft tells whether the client has closed its side, or the connection is broken.
func hasLeft(socket int) bool {
	const established = 1
	info, err := unix.GetsockoptTCPInfo(socket, unix.IPPROTO_TCP, unix.TCP_INFO)
	return err == nil && info.State != established
}

// overdue is for how long a client owes an answer, beyond what its link needs: zero while it is the server's turn.
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
