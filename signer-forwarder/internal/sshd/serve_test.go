package sshd

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// fakeSshd is a shell script in place of sshd.
func fakeSshd(t *testing.T, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sshd")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// socketPair returns a connection's descriptor, and the other end of the connection.
func socketPair(t *testing.T) (int, net.Conn) {
	t.Helper()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(ends[1]), "client")
	defer file.Close()
	client, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return ends[0], client
}

func TestServeGivesSshdTheConnectionAndReadsItsLog(t *testing.T) {
	program := fakeSshd(t, `
read line
echo "$line, $*"
echo "Invalid user admin from 203.0.113.9 port 4711" >&2
echo "Connection reset by 203.0.113.9 port 4711" >&2
`)
	socket, client := socketPair(t)
	if _, err := client.Write([]byte("SSH-2.0-test\n")); err != nil {
		t.Fatal(err)
	}
	var group int
	var events []Event
	err := testProcesses.Serve(program, "/config", socket,
		func(p *Process) { group = p.Group() }, func(e Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 100)
	n, _ := client.Read(answer)
	if got, want := string(answer[:n]), "SSH-2.0-test, -i -e -f /config\n"; got != want {
		t.Errorf("the client got %q, want %q", got, want)
	}
	if want := []Event{{Kind: UserRefused, User: "admin"}, {Kind: Left, Text: "its client reset the connection"}}; !slices.Equal(events, want) {
		t.Errorf("got the events %+v, want %+v", events, want)
	}
	if syscall.Kill(-group, 0) != syscall.ESRCH {
		t.Errorf("group %d still exists", group)
	}
}

func TestServeEndsWhatSshdLeavesBehind(t *testing.T) {
	socket, client := socketPair(t)
	var group int
	start := time.Now()
	err := testProcesses.Serve(fakeSshd(t, "sleep 60 &\n"), "/config", socket, func(p *Process) { group = p.Group() }, func(Event) {})
	if err != nil || time.Since(start) > EndTimeout {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	if syscall.Kill(-group, 0) != syscall.ESRCH {
		t.Errorf("group %d still exists", group)
	}
	if n, err := client.Read(make([]byte, 1)); err == nil {
		t.Errorf("the connection is still open: got %d bytes", n)
	}
}

func TestServeOfAProgramThatDoesNotExist(t *testing.T) {
	socket, client := socketPair(t)
	err := testProcesses.Serve("/nonexistent", "/config", socket, func(*Process) { t.Error("started") }, func(Event) {})
	if err == nil {
		t.Error("no error")
	}
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
}

func TestOutput(t *testing.T) {
	if got, err := testProcesses.Output("/bin/echo", "a"); got != "a\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := testProcesses.Output(fakeSshd(t, "echo no\necho first >&2\necho ' last ' >&2\nexit 1\n")); got != "" || err == nil || err.Error() != "last" {
		t.Errorf("got %q, %v", got, err)
	}
}
