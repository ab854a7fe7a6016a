package admission

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/signer-forwarder/internal/socket"
)

// dial connects a client to a listener and returns both ends.
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

// listen opens a port on a loopback address.
func listen(t *testing.T, address string) *net.TCPListener {
	t.Helper()
	listener, err := Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// option returns a TCP option of a connection.
func option(t *testing.T, conn *net.TCPConn, name int) int {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	value := 0
	if err := socket.Control(raw, func(fd int) (err error) {
		value, err = unix.GetsockoptInt(fd, unix.IPPROTO_TCP, name)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestListenTakesBothProtocolsWithSmallSegments(t *testing.T) {
	listener := listen(t, ":0")
	for network, host := range map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1"} {
		t.Run(network, func(t *testing.T) {
			client, server := dial(t, listener, network, host)
			if err := Prepare(server); err != nil {
				t.Fatal(err)
			}
			for side, end := range map[string]*net.TCPConn{"client": client, "server": server} {
				if got := option(t, end, unix.TCP_MAXSEG); got > maxSegment {
					t.Errorf("%s: got segments of %d bytes, want at most %d", side, got, maxSegment)
				}
			}
			if got := option(t, server, unix.TCP_NODELAY); got == 0 {
				t.Error("small packets are delayed")
			}
			if got, want := option(t, server, unix.TCP_USER_TIMEOUT), 8_000; got != want {
				t.Errorf("got a time-out of %d ms for dead links, want %d", got, want)
			}
		})
	}
}

func TestAwaitIdentificationLeavesTheLineForSshd(t *testing.T) {
	client, server := dial(t, listen(t, "127.0.0.1:0"), "tcp4", "127.0.0.1")
	go func() {
		_, _ = client.Write([]byte("SSH-2.0"))
		time.Sleep(20 * time.Millisecond)
		_, _ = client.Write([]byte("-test\r\nmore"))
	}()
	if got, err := awaitIdentification(server, 5*time.Second); got != "SSH-2.0-test" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	socket, err := takeSocket(server)
	if err != nil {
		t.Fatal(err)
	}
	defer closeSocket(socket)
	buffer := make([]byte, 100)
	n, err := unix.Read(socket, buffer)
	if got, want := string(buffer[:n]), "SSH-2.0-test\r\nmore"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestOverdueAndHasLeft(t *testing.T) {
	client, server := dial(t, listen(t, "127.0.0.1:0"), "tcp4", "127.0.0.1")
	if _, err := client.Write([]byte("SSH-2.0-test\r\n")); err != nil {
		t.Fatal(err)
	}
	socket, err := takeSocket(server)
	if err != nil {
		t.Fatal(err)
	}
	defer closeSocket(socket)
	const pause = 200 * time.Millisecond
	time.Sleep(pause)
	if got := overdue(socket); got != 0 {
		t.Errorf("before the greeting: got %s, want 0", got)
	}
	_, _ = unix.Read(socket, make([]byte, 100))
	if _, err := unix.Write(socket, []byte("SSH-2.0-server\r\n")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(pause)
	if got := overdue(socket); got < pause/2 || got > 10*pause {
		t.Errorf("an answer is due: got %s, want about %s", got, pause)
	}
	if hasLeft(socket) {
		t.Error("the client has left, although it has not")
	}
	_, _ = client.Write([]byte("answer"))
	time.Sleep(pause)
	if got := overdue(socket); got != 0 {
		t.Errorf("after the answer: got %s, want 0", got)
	}
	client.Close()
	time.Sleep(pause)
	if !hasLeft(socket) {
		t.Error("the client has not left, although it has")
	}
}
