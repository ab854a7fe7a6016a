package main

import (
	"testing"

	"remote-signer-cloud/signer-forwarder/internal/control"
)

func TestParseParent(t *testing.T) {
	if got, err := parseParent("56 (a) S 1 2) R 53 56 0 -1"); err != nil || got != 53 {
		t.Errorf("got %d, %v, want 53", got, err)
	}
	if got, err := parseParent("56 (x)"); err == nil {
		t.Errorf("got %d for a line without a parent", got)
	}
}

func TestTheControlSocketAnswers(t *testing.T) {
	s := newTestServer(t)
	if err := s.serveControl(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ question, want string }{
		{control.Connected, ""},
		// This program is no child of an sshd that the forwarder has started.
		{control.Open + " " + homeKey, "no sshd of ours asks"},
		{"close " + homeKey, ""},
	} {
		if got, err := control.Ask(s.paths.control, test.question); got != test.want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", test.question, got, err, test.want)
		}
	}
	if err := s.sessions.open(connect(t, s), homeKey); err != nil {
		t.Fatal(err)
	}
	if got, err := control.Ask(s.paths.control, control.Connected); got != "home" || err != nil {
		t.Errorf("got %q, %v, want home", got, err)
	}
}
