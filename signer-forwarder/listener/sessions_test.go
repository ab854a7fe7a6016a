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

const (
	homeKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHc"
	options = `restrict,port-forwarding,permitlisten="8443",permitlisten="9443" `
)

// One for all tests, because it reaps all children of this program.
var testProcesses = sshd.NewProcesses()

// newTestServer returns the server of a forwarder with one signer, home.
func newTestServer(t *testing.T) *server {
	t.Helper()
	folder := t.TempDir()
	s := newServer(paths{control: filepath.Join(folder, "control.sock"), gateway: folder}, testProcesses)
	s.sessions.setKeys(parseKeys(t, options+homeKey+" home"))
	return s
}

func parseKeys(t *testing.T, text string) keys.SignerKeys {
	t.Helper()
	parsed, err := keys.ParseAuthorizedKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
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
		name, text string
		want       bool
	}{
		{"the same line at another place", "\n" + options + homeKey + " home\n", false},
		{"no line", "", true},
		{"another name", options + homeKey + " cabin", true},
		{"another port", `restrict,port-forwarding,permitlisten="8453" ` + homeKey + " home", true},
	} {
		s := newTestServer(t)
		c := connect(t, s)
		if err := s.sessions.open(c, homeKey); err != nil {
			t.Fatal(err)
		}
		s.sessions.setKeys(parseKeys(t, test.text))
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
	s.sessions.setKeys(parseKeys(t, options+homeKey+" cabin"))
	if got := s.sessions.refusal(log); got.Signer != "cabin" {
		t.Errorf("got %+v, want it cabin's", got)
	}
	if !s.sessions.isSigner("cabin") || s.sessions.isSigner("home") {
		t.Error("want cabin for a signer, and home no more")
	}
}
