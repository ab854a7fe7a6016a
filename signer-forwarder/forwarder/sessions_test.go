package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/admission"
	"remote-signer-cloud/signer-forwarder/internal/keys"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

const homeKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHc"

// One for all tests, because it reaps all children of this program.
var testProcesses = sshd.NewProcesses()

// newTestServer returns the server of a forwarder with one signer, home.
func newTestServer(t *testing.T) *server {
	t.Helper()
	folder := t.TempDir()
	s, err := newServer(paths{control: filepath.Join(folder, "control.sock"), guard: filepath.Join(folder, "guard")}, testProcesses)
	if err != nil {
		t.Fatal(err)
	}
	s.sessions.setKeys(keysOf(t, "home", 8443))
	return s
}

// keysOf returns the test's key as that of a signer.
func keysOf(t *testing.T, signer string, port int) keys.SignerKeys {
	t.Helper()
	key, err := keys.NewSignerKey(signer, homeKey, []int{port, port + 1000}, false)
	if err != nil {
		t.Fatal(err)
	}
	return keys.SignerKeys{key}
}

// connect returns a connection whose sshd is a program that waits.
func connect(t *testing.T, s *server) *connection {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	process, err := s.processes.Start([]string{"/bin/sleep", "60"}, nil, null.Fd(), null.Fd(), null.Fd())
	if err != nil {
		t.Fatal(err)
	}
	c := newConnection(s, admission.Client{Address: netip.MustParseAddrPort("203.0.113.9:4711"), Identification: "SSH-2.0-test"})
	c.started(process)
	go func() {
		<-process.Ended()
		s.report(c, c.finish())
		close(c.over)
	}()
	// Its line in the log must not come in the middle of the next test.
	t.Cleanup(func() { c.Evict(); <-c.over })
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

func TestTheNewestSessionWins(t *testing.T) {
	s := newTestServer(t)
	older, newer := connect(t, s), connect(t, s)
	for _, each := range []*connection{older, newer} {
		if err := s.sessions.open(each, homeKey); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-older.over:
	default:
		t.Error("the older session still exists when the newer one opens")
	}
	if older.reason.kind != replaced {
		t.Errorf("the older one got the reason %+v", older.reason)
	}
	if got := s.sessions.connected()["home"]; got == nil || got.connection != newer {
		t.Errorf("got %v, want the newer one", got)
	}
}

func TestAnUnknownKeyOpensNothing(t *testing.T) {
	s := newTestServer(t)
	own, other := connect(t, s), connect(t, s)
	if err := s.sessions.open(own, homeKey); err != nil {
		t.Fatal(err)
	}
	if err := s.sessions.open(other, "ssh-ed25519 AAAA"); err != errNoSigner {
		t.Errorf("got %v for a key that is no signer's, want %v", err, errNoSigner)
	}
	if got := s.sessions.connected()["home"]; got == nil || got.connection != own {
		t.Error("it ended a signer's session")
	}
}

func TestAConnectionThatIsGoneOpensNothing(t *testing.T) {
	s := newTestServer(t)
	gone := connect(t, s)
	gone.Evict()
	if !isOver(gone) {
		t.Fatal("it does not end")
	}
	if err := s.sessions.open(gone, homeKey); err != errEnded || len(s.sessions.connected()) > 0 {
		t.Errorf("got %v and %v, want %v and no session", err, s.sessions.connected(), errEnded)
	}
}

func TestAConnectionThatIsEndingOpensNothing(t *testing.T) {
	s := newTestServer(t)
	// Its sshd has not started yet.
	c := newConnection(s, admission.Client{})
	c.Evict()
	if err := s.sessions.open(c, homeKey); err == nil || err.Error() != "too slow to log in while others waited" {
		t.Errorf("got %v", err)
	}
	if got := s.sessions.connected(); len(got) > 0 {
		t.Errorf("got %v, want no session", got)
	}
}

func TestChangedKeysEndTheirSessions(t *testing.T) {
	for _, test := range []struct {
		name string
		keys keys.SignerKeys
		want bool
	}{
		{"the same key", keysOf(t, "home", 8443), false},
		{"no key", nil, true},
		{"another name", keysOf(t, "cabin", 8443), true},
		{"another port", keysOf(t, "home", 8453), true},
	} {
		s := newTestServer(t)
		c := connect(t, s)
		if err := s.sessions.open(c, homeKey); err != nil {
			t.Fatal(err)
		}
		s.sessions.setKeys(test.keys)
		if got := isOver(c); got != test.want {
			t.Errorf("%s: got ended %v, want %v", test.name, got, test.want)
		}
		if got := len(s.sessions.connected()) == 0; got != test.want {
			t.Errorf("%s: got off the list %v, want %v", test.name, got, test.want)
		}
	}
}

func TestARemovedKeysSignerIsKnown(t *testing.T) {
	s := newTestServer(t)
	log := &sshd.LoginLog{}
	key, _ := s.sessions.keys.Find(homeKey)
	log.Note(sshd.Event{Kind: sshd.KeyRefused, Fingerprint: key.Fingerprint})
	s.sessions.setKeys(nil)
	if got := s.sessions.refusal(log); got.Signer != "home" {
		t.Errorf("got %+v, want home's key known as removed", got)
	}
	s.sessions.setKeys(keysOf(t, "cabin", 8443))
	if got := s.sessions.refusal(log); got.Signer != "cabin" {
		t.Errorf("got %+v, want it cabin's", got)
	}
	if names := s.sessions.names(); len(names) != 1 || names[0] != "cabin" {
		t.Errorf("got the signers %v, want cabin", names)
	}
}
