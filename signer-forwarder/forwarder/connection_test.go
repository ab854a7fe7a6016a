package main

import (
	"fmt"
	"slices"
	"testing"

	"remote-signer-cloud/signer-forwarder/internal/admission"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

func TestWhatSshdSaysIsLoggedOfSessionsAlone(t *testing.T) {
	events := []sshd.Event{
		{Kind: sshd.ForwardRefused, Text: "the forward 8500: not among its ports"},
		{Kind: sshd.ForwardFailed, Text: "the forward 8443: Address already in use"},
		{Kind: sshd.Trouble, Text: "fatal: x"},
		{Kind: sshd.Left, Text: "its client ended"},
		{Kind: sshd.KeyOffered, Fingerprint: "SHA256:x"},
		{},
	}
	s := newTestServer(t)
	c := newConnection(s, admission.Client{})
	all := func() {
		for _, each := range events {
			c.note(each)
		}
	}
	if got := linesOf(t, all); !slices.Equal(got, []string{""}) {
		t.Errorf("got %q before it is a session", got)
	}
	if err := s.sessions.open(c, homeKey); err != nil {
		t.Fatal(err)
	}
	if got, want := linesOf(t, all), []string{
		"signer-forwarder: home: refused the forward 8500: not among its ports",
		"signer-forwarder: home: could not open the forward 8443: Address already in use",
		"signer-forwarder: home: sshd says: fatal: x",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := linesOf(t, func() {
		for i := range 100 {
			c.note(sshd.Event{Kind: sshd.Trouble, Text: fmt.Sprint(i)})
		}
	}); len(got) != 10-3 {
		t.Errorf("got %d more lines, want 7: there is a limit of 10", len(got))
	}
}

func TestAFailedHookEndsTheConnection(t *testing.T) {
	c := connect(t, newTestServer(t))
	c.note(sshd.Event{Kind: sshd.HookFailed})
	if !isOver(c) || c.reason.kind != refused {
		t.Errorf("got %+v, want it ended", c.reason)
	}
}

func TestAConnectionThatEndsBeforeItsSshdStarts(t *testing.T) {
	s := newTestServer(t)
	c := newConnection(s, admission.Client{})
	c.end(endReason{revoked, "first"})
	c.end(endReason{evicted, "second"})
	if got := c.Group(); got != 0 {
		t.Errorf("got group %d before it starts", got)
	}
	running := connect(t, s)
	c.started(running.process)
	if c.reason.text != "first" || c.Group() != running.Group() {
		t.Errorf("got %+v and group %d, want the first reason and group %d", c.reason, c.Group(), running.Group())
	}
	if !isOver(running) {
		t.Error("the process that it was given still runs")
	}
}
