package main

import (
	"net/netip"
	"testing"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/admission"
	"remote-signer-cloud/signer-forwarder/internal/keys"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

func TestTheLineOfAClosedSession(t *testing.T) {
	closed := &session{
		SignerKey:  keys.SignerKey{Signer: "home", PublicKey: keys.PublicKey{Fingerprint: "SHA256:x"}},
		connection: &connection{address: netip.MustParseAddrPort("203.0.113.9:4711")},
	}
	for _, test := range []struct {
		reason endReason
		want   string
	}{
		{endReason{}, "home: disconnected after 3h2m1s: its client ended (203.0.113.9:4711 SHA256:x)"},
		{endReason{evicted, "too slow"}, "home: disconnected after 3h2m1s: too slow (203.0.113.9:4711 SHA256:x)"},
		{endReason{refused, "could not open"}, "home: disconnected after 3h2m1s: could not open (203.0.113.9:4711 SHA256:x)"},
		{endReason{replaced, "an older session ends"}, "home: an older session ends (203.0.113.9:4711 SHA256:x, after 3h2m1s)"},
		{endReason{revoked, "removed or changed"}, "home: removed or changed (203.0.113.9:4711 SHA256:x, after 3h2m1s)"},
	} {
		o := closedSession(closed, test.reason, "its client ended")
		if got := o.line(3*time.Hour + 2*time.Minute + time.Second); o.kind != sessionClosed || got != test.want {
			t.Errorf("%+v\n got %s\nwant %s", test.reason, got, test.want)
		}
	}
}

func TestRefusedConnection(t *testing.T) {
	slow := endReason{evicted, "too slow"}
	hook := endReason{refused, "its session could not open"}
	signers := sshd.Refusal{Signer: "home", Message: "the signature is not by its key", Label: "signer"}
	nobodys := sshd.Refusal{Message: "not logged in", Label: "left"}
	for _, test := range []struct {
		name    string
		refusal sshd.Refusal
		reason  endReason
		want    outcome
	}{
		{"a signer's", signers, endReason{}, outcome{kind: signerRefused, refusal: signers}},
		{"nobody's", nobodys, endReason{}, outcome{kind: pendingRefused, refusal: nobodys}},
		{"a signer's that was slow", signers, slow,
			outcome{kind: signerRefused, refusal: sshd.Refusal{Signer: "home", Message: signers.Message, Label: "evicted"}}},
		{"nobody's that was slow", nobodys, slow,
			outcome{kind: pendingRefused, refusal: sshd.Refusal{Message: "too slow", Label: "evicted"}}},
		{"a signer's whose hook failed", signers, hook, outcome{kind: signerRefused, refusal: signers}},
		{"nobody's whose hook failed", nobodys, hook,
			outcome{kind: pendingRefused, refusal: sshd.Refusal{Message: "its session could not open", Label: "left"}}},
	} {
		if got := refusedConnection(test.refusal, test.reason); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestFinish(t *testing.T) {
	s := newTestServer(t)
	c := newConnection(s, admission.Client{})
	c.note(sshd.Event{Kind: sshd.UserRefused, User: "root"})
	if got := c.finish(); got.kind != pendingRefused || got.refusal.Label != "user" || !c.ended {
		t.Errorf("got %+v", got)
	}
	c = newConnection(s, admission.Client{})
	if err := s.sessions.open(c, homeKey); err != nil {
		t.Fatal(err)
	}
	if got := c.finish(); got.kind != sessionClosed || got.session != c.session || got.cause != "sshd ended" {
		t.Errorf("got %+v", got)
	}
}

func TestFormatDuration(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		12345 * time.Microsecond:    "12ms",
		10921400 * time.Millisecond: "3h2m1s",
	} {
		if got := formatDuration(duration); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
