package main

import (
	"bufio"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMapChanges(t *testing.T) {
	found := readMap("0x55d0 home 1\n0x55d1 cabin 2\n0x55d2 cabin 3\n0x55d3 gone 4\n\n")
	if want := map[string][]string{"home": {"1"}, "cabin": {"2", "3"}, "gone": {"4"}}; !reflect.DeepEqual(found, want) {
		t.Fatalf("found %v", found)
	}
	commands := mapChanges(found, map[string]string{"home": "1", "cabin": "3", "office": "5"})
	slices.Sort(commands)
	if want := []string{
		"add map virt@sessions cabin 3", "add map virt@sessions office 5", "del map virt@sessions cabin", "del map virt@sessions gone",
	}; !slices.Equal(commands, want) {
		t.Errorf("found %q", commands)
	}
}

// haproxy answers as HAProxy's runtime API does, and keeps what it was asked.
func haproxy(t *testing.T, answer func(command string) string) (socket string, asked func() []string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "haproxy.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var mutex sync.Mutex
	var commands []string
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(connection).ReadString('\n')
			mutex.Lock()
			commands = append(commands, strings.TrimSpace(line))
			mutex.Unlock()
			_, _ = io.WriteString(connection, answer(line))
			connection.Close()
		}
	}()
	return socket, func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		return slices.Clone(commands)
	}
}

func TestGatewayIsToldOfSessions(t *testing.T) {
	socket, asked := haproxy(t, func(string) string { return "\n" })
	told := &gateway{socket: socket, current: map[string]string{}}
	told.announce("home", "1")
	told.announce("home", "2")
	told.forget("home", "1")
	told.forget("home", "2")
	if want := []string{
		"add map virt@sessions home 1;set server tunnel-home/tunnel health up",
		"set map virt@sessions home 2;set server tunnel-home/tunnel health up",
		"del map virt@sessions home",
	}; !slices.Equal(asked(), want) {
		t.Errorf("found %q", asked())
	}
}

func TestGatewayThatHangsDelaysOnce(t *testing.T) {
	socket, _ := haproxy(t, func(string) string { time.Sleep(2 * patienceGateway); return "" })
	told := &gateway{socket: socket, current: map[string]string{}}
	start := time.Now()
	for _, name := range []string{"a", "b", "c", "d"} {
		told.announce(name, "1")
	}
	if took := time.Since(start); took > 2*patienceGateway {
		t.Errorf("took %s", took)
	}
}
