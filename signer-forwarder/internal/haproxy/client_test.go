package haproxy

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
	got := readMap("0x55d0 home 1\n0x55d1 cabin 2\n0x55d2 cabin 3\n0x55d3 gone 4\n\n")
	if want := map[string][]string{"home": {"1"}, "cabin": {"2", "3"}, "gone": {"4"}}; !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	commands := mapChanges(got, map[string]string{"home": "1", "cabin": "3", "office": "5"})
	slices.Sort(commands)
	if want := []string{
		"add map virt@sessions cabin 3", "add map virt@sessions office 5", "del map virt@sessions cabin", "del map virt@sessions gone",
	}; !slices.Equal(commands, want) {
		t.Errorf("got %q, want %q", commands, want)
	}
}

// fakeHAProxy answers as HAProxy's runtime API does, and records the commands.
func fakeHAProxy(t *testing.T, answer func(command string) string) (folder string, commands func() []string) {
	t.Helper()
	folder = t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(folder, "haproxy.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var mu sync.Mutex
	var got []string
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			mu.Lock()
			got = append(got, strings.TrimSpace(line))
			mu.Unlock()
			_, _ = io.WriteString(conn, answer(line))
			conn.Close()
		}
	}()
	return folder, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
}

func TestSessionsAreAnnounced(t *testing.T) {
	folder, commands := fakeHAProxy(t, func(string) string { return "\n" })
	client := NewClient(folder)
	client.Announce("home", "1")
	client.Announce("home", "2")
	client.Forget("home", "1")
	client.Forget("home", "2")
	if got, want := commands(), []string{
		"add map virt@sessions home 1;set server tunnel-home/tunnel health up",
		"set map virt@sessions home 2;set server tunnel-home/tunnel health up",
		"del map virt@sessions home",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAReloadedHAProxyIsToldAgain(t *testing.T) {
	folder, commands := fakeHAProxy(t, func(command string) string {
		if strings.HasPrefix(command, "set map") {
			return "entry not found.\n"
		}
		return "\n"
	})
	client := NewClient(folder)
	client.Announce("home", "1")
	client.Announce("home", "2")
	client.Sync()
	if got, want := commands(), []string{
		"add map virt@sessions home 1;set server tunnel-home/tunnel health up",
		"set map virt@sessions home 2;set server tunnel-home/tunnel health up",
		"add map virt@sessions home 2",
		"show map virt@sessions",
		"add map virt@sessions home 2",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAHAProxyThatHangsDelaysOnce(t *testing.T) {
	folder, _ := fakeHAProxy(t, func(string) string { time.Sleep(2 * commandTimeout); return "" })
	client := NewClient(folder)
	start := time.Now()
	for _, name := range []string{"a", "b", "c", "d"} {
		client.Announce(name, "1")
	}
	if took := time.Since(start); took > 2*commandTimeout {
		t.Errorf("took %s, want at most %s", took, 2*commandTimeout)
	}
}
