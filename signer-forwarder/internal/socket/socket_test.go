package socket

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPeek(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what string, count int, problem error) {
		t.Helper()
		var got int
		var err error
		for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if got, err = Peek(near.(*net.TCPConn)); got == count && err == problem {
				return
			}
		}
		t.Errorf("%s: got %d, %v, want %d, %v", what, got, err, count, problem)
	}
	expect("nothing has come", 0, unix.EAGAIN)
	if _, err := far.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	expect("two bytes", 1, nil)
	expect("which are still there", 1, nil)
	if _, err := near.Read(make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	far.Close()
	expect("the end", 0, nil)
	near.Close()
	if _, err := Peek(near.(*net.TCPConn)); err == nil {
		t.Error("a closed connection: got no error")
	}
}
