package main

import (
	"net/netip"
	"os"
	"testing"
	"time"
)

// newSignerSessions gives the sessions of a forwarder with one signer, home.
func newSignerSessions(t *testing.T) *sessions {
	t.Helper()
	all := newSessions(testProcesses, &gateway{socket: "/nonexistent", current: map[string]string{}}, newMetrics())
	all.setKeys(keysOf(t, options+homeKey+" home"))
	return all
}

func keysOf(t *testing.T, text string) signerKeys {
	t.Helper()
	keys, err := parseAuthorizedKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// connect makes a connection whose sshd is a program that waits.
func connect(t *testing.T, all *sessions) *connection {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	c := newConnection(nil, netip.MustParseAddrPort("203.0.113.9:4711"), time.Now())
	c.process, err = all.processes.start([]string{"/bin/sleep", "60"}, nil, null.Fd(), null.Fd(), null.Fd())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-c.process.ended
		c.mutex.Lock()
		c.isGone = true
		opened, ending := c.session, c.ending
		c.mutex.Unlock()
		if opened != nil {
			all.closed(opened, ending, "")
		}
		close(c.over)
	}()
	t.Cleanup(func() { c.end(all.processes, isEvicted) })
	return c
}

func isOver(c *connection) bool {
	select {
	case <-c.over:
		return true
	case <-time.After(2 * time.Second):
		return false
	}
}

func TestNewestSessionWins(t *testing.T) {
	all := newSignerSessions(t)
	older, newer := connect(t, all), connect(t, all)
	if _, err := all.open(older, homeKey); err != nil {
		t.Fatal(err)
	}
	if _, err := all.open(newer, homeKey); err != nil {
		t.Fatal(err)
	}
	select {
	case <-older.over:
	default:
		t.Error("the older session is still there when the newer one opens")
	}
	if found := all.connected()["home"]; found == nil || found.connection != newer {
		t.Errorf("found %v", found)
	}
}

func TestUnknownKeyOpensNothing(t *testing.T) {
	all := newSignerSessions(t)
	own, other := connect(t, all), connect(t, all)
	if _, err := all.open(own, homeKey); err != nil {
		t.Fatal(err)
	}
	if _, err := all.open(other, "ssh-ed25519 AAAA"); err == nil {
		t.Error("opened a session for a key that is no signer's")
	}
	if found := all.connected()["home"]; found == nil || found.connection != own {
		t.Error("it ended a signer's session")
	}
}

func TestConnectionThatIsGoneOpensNothing(t *testing.T) {
	all := newSignerSessions(t)
	gone := connect(t, all)
	gone.end(all.processes, isEvicted)
	if !isOver(gone) {
		t.Fatal("it does not end")
	}
	if _, err := all.open(gone, homeKey); err == nil || len(all.connected()) > 0 {
		t.Error("opened a session for a connection that is gone")
	}
}

func TestChangedKeysEndTheirSessions(t *testing.T) {
	for _, test := range []struct {
		name, text string
		isEnded    bool
	}{
		{"the same line at another place", "\n" + options + homeKey + " home\n", false},
		{"no line", "", true},
		{"another name", options + homeKey + " cabin", true},
		{"another port", `restrict,port-forwarding,permitlisten="8453" ` + homeKey + " home", true},
	} {
		all := newSignerSessions(t)
		c := connect(t, all)
		if _, err := all.open(c, homeKey); err != nil {
			t.Fatal(err)
		}
		all.setKeys(keysOf(t, test.text))
		if test.isEnded != (len(all.connected()) == 0 || isOver(c)) {
			t.Errorf("%s: ended is not %v", test.name, test.isEnded)
		}
	}
}
