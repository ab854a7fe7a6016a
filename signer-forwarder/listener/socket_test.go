package main

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// dial connects a client to a listener and gives both ends.
func dial(t *testing.T, listener *net.TCPListener, network, host string) (client, server *net.TCPConn) {
	t.Helper()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	dialled, err := net.Dial(network, net.JoinHostPort(host, port))
	if err != nil {
		t.Skipf("this machine has no %s: %v", network, err)
	}
	t.Cleanup(func() { dialled.Close() })
	accepted, err := listener.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return dialled.(*net.TCPConn), accepted
}

// largestOf is the size of the segments that a socket sends.
func largestOf(t *testing.T, connection *net.TCPConn) int {
	t.Helper()
	raw, err := connection.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	if err := raw.Control(func(fd uintptr) { size, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG) }); err != nil {
		t.Fatal(err)
	}
	return size
}

func TestSignersGetInByBothProtocolsWithSmallSegments(t *testing.T) {
	listener, err := listenForSigners(":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for network, host := range map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1"} {
		t.Run(network, func(t *testing.T) {
			client, server := dial(t, listener, network, host)
			if err := prepare(server); err != nil {
				t.Fatal(err)
			}
			for side, end := range map[string]*net.TCPConn{"client": client, "server": server} {
				if size := largestOf(t, end); size > largestSegment {
					t.Errorf("%s: found segments of %d bytes, wanted %d at most", side, size, largestSegment)
				}
			}
		})
	}
}

func TestSourceOfAnAddress(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.9":          "203.0.113.9",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
		"2001:db8:1:2::1":      "2001:db8:1:2::",
		"2001:db8:1:3::1":      "2001:db8:1:3::",
		"fe80::1%eth0":         "fe80::",
		"::1":                  "::",
		"::ffff:203.0.113.9":   "203.0.113.9",
		"64:ff9b::cb00:7109":   "203.0.113.9",
		"64:ff9b:1::cb00:7109": "64:ff9b:1::",
	} {
		if found := sourceOf(netip.MustParseAddr(address)); found.String() != want {
			t.Errorf("%s: found %s, wanted %s", address, found, want)
		}
	}
}

func TestMetricsAreAtAPodsAddressOfEitherProtocol(t *testing.T) {
	for pod, want := range map[string]string{"10.244.0.7": "10.244.0.7:8405", "fd00:10:244::7": "[fd00:10:244::7]:8405"} {
		if found := httpAddress(pod); found != want {
			t.Errorf("%s: found %s, wanted %s", pod, found, want)
		}
	}
}
