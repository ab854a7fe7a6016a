package uplink

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// listen takes a call and says hello.
func listen(t *testing.T) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Write([]byte("hello"))
			connection.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

// receive takes the connection that was passed, as ssh does.
func receive(t *testing.T, from int) (connection int) {
	t.Helper()
	control := make([]byte, unix.CmsgSpace(4))
	count, length, _, _, err := unix.Recvmsg(from, make([]byte, 1), control, 0)
	if err != nil || count != 1 {
		t.Fatalf("got %d bytes, %v, want one", count, err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:length])
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %v, %v, want one message", messages, err)
	}
	passed, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(passed) != 1 {
		t.Fatalf("got %v, %v, want one descriptor", passed, err)
	}
	t.Cleanup(func() { unix.Close(passed[0]) })
	return passed[0]
}

func pair(t *testing.T) (ssh, ours int) {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(ends[0]); unix.Close(ends[1]) })
	return ends[0], ends[1]
}

func TestTheConnectionThatSSHGetsIsBoundToTheUplink(t *testing.T) {
	ssh, ours := pair(t)
	if err := connect(context.Background(), "lo", "127.0.0.1", listen(t), t.TempDir(), ours); err != nil {
		t.Fatal(err)
	}
	connection := receive(t, ssh)
	if face, err := unix.GetsockoptString(connection, unix.SOL_SOCKET, unix.SO_BINDTODEVICE); err != nil || strings.Trim(face, "\x00") != "lo" {
		t.Errorf("got the device %q, %v, want lo", face, err)
	}
	for name, option := range map[string][3]int{
		"SO_KEEPALIVE":     {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		"TCP_USER_TIMEOUT": {unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 8000},
	} {
		if got, err := unix.GetsockoptInt(connection, option[0], option[1]); err != nil || got != option[2] {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, option[2])
		}
	}
	// It waits for bytes, as ssh expects before the login.
	greeting := make([]byte, 5)
	if count, err := unix.Read(connection, greeting); err != nil || string(greeting[:count]) != "hello" {
		t.Errorf("got %q, %v", greeting[:count], err)
	}
}

func TestAnUplinkThatCannotBeDialledByIsNamed(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(closed.Addr().String())
	closed.Close()
	for _, test := range []struct{ face, want string }{
		{"nothing0", "uplink nothing0: found no such interface"},
		{"lo", "uplink lo: connect to address 127.0.0.1:" + port + ": connect: connection refused"},
	} {
		_, ours := pair(t)
		if err := connect(context.Background(), test.face, "127.0.0.1", port, "", ours); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

func TestAHostWhoseNameServerIsSilentHasItsLastAddress(t *testing.T) {
	const host = "signers.invalid" // RFC 2606: no name server knows it
	folder := t.TempDir()
	for kept, want := range map[string]string{
		"":                            "",
		host + " 127.0.0.1\n":         "127.0.0.1",
		host + " nonsense\n":          "",
		"another.invalid 127.0.0.1\n": "",
	} {
		if err := os.WriteFile(filepath.Join(folder, "address"), []byte(kept), 0o600); err != nil {
			t.Fatal(err)
		}
		addresses, err := addressesOf(context.Background(), host, folder)
		if want == "" && (err == nil || !strings.HasPrefix(err.Error(), "Could not resolve hostname "+host)) {
			t.Errorf("%q: got %v, %v, want an error", kept, addresses, err)
		}
		if want != "" && (len(addresses) != 1 || addresses[0].String() != want) {
			t.Errorf("%q: got %v, %v, want %s", kept, addresses, err, want)
		}
	}
}

func TestTheAddressThatAnsweredIsKept(t *testing.T) {
	folder := t.TempDir()
	_, ours := pair(t)
	if err := connect(context.Background(), "", "localhost", listen(t), folder, ours); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "address")); err != nil || string(text) != "localhost 127.0.0.1\n" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestWithoutASocketOnStandardOutputItSaysWhatIsWanted(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	err = connect(context.Background(), "lo", "127.0.0.1", listen(t), "", int(file.Fd()))
	if err == nil || !strings.Contains(err.Error(), "wanted ssh's, of ProxyUseFdpass") {
		t.Errorf("got %v", err)
	}
}
