package control

import (
	"bufio"
	"io"
	"net"
	"path/filepath"
	"testing"
)

func TestProvedKey(t *testing.T) {
	for info, want := range map[string]string{
		"publickey ssh-ed25519 AAAA\n": "ssh-ed25519 AAAA",
		"hostbased x\npublickey a b":   "a b",
		"":                             "",
		"password":                     "",
	} {
		if got := ProvedKey(info); got != want {
			t.Errorf("%q: got %q, want %q", info, got, want)
		}
	}
}

func TestAskReturnsAllThatComesBack(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		question, _ := bufio.NewReader(conn).ReadString('\n')
		_, _ = io.WriteString(conn, "heard "+question+"twice\n")
	}()
	if got, err := Ask(socket, Connected); err != nil || got != "heard connected\ntwice" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Ask(socket+".gone", Connected); err == nil {
		t.Error("got an answer of a listener that does not exist")
	}
}
