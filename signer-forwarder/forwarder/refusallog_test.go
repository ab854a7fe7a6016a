package main

import (
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// linesOf returns the lines that a function logs.
func linesOf(t *testing.T, act func()) []string {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(reader)
		text <- string(all)
	}()
	stderr := os.Stderr
	os.Stderr = writer
	act()
	os.Stderr = stderr
	writer.Close()
	return strings.Split(strings.TrimSuffix(<-text, "\n"), "\n")
}

// from is an address, with the same port for all.
func from(a, b byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, a, b}), 4711)
}

func TestRefusalsHaveLimits(t *testing.T) {
	for _, test := range []struct {
		name  string
		act   func(r *refusalLog)
		lines int
		last  string
	}{
		{"of one address", func(r *refusalLog) {
			for range 10 {
				r.pending(noon, from(0, 1), false, "no signer's key")
			}
		}, 3, "refused 10.0.0.1:4711: no signer's key"},
		{"of one known address", func(r *refusalLog) {
			for range 10 {
				r.pending(noon, from(0, 1), true, "no signer's key")
			}
		}, 3, "refused 10.0.0.1:4711: no signer's key"},
		{"of many addresses", func(r *refusalLog) {
			for i := range 50 {
				r.pending(noon, from(0, byte(i)), false, "no signer's key")
			}
		}, 20, "refused 10.0.0.19:4711: no signer's key"},
		{"of many known addresses", func(r *refusalLog) {
			for i := range 50 {
				r.pending(noon, from(0, byte(i)), true, "no signer's key")
			}
		}, 50, "refused 10.0.0.49:4711: no signer's key"},
		{"of more addresses than are told apart", func(r *refusalLog) {
			for i := range maxSources + 1 {
				r.pending(noon, from(byte(i>>8), byte(i)), true, "no signer's key")
			}
		}, maxSources, "refused 10.0.15.255:4711: no signer's key"},
		{"of a signer, for two reasons", func(r *refusalLog) {
			for range 50 {
				r.pending(noon, from(1, 1), false, "no signer's key")
			}
			for range 10 {
				r.signer(noon, "home", from(0, 1), "its key was removed (SHA256:x)")
				r.signer(noon, "home", from(0, 1), "the signature is not by its key (SHA256:x)")
			}
		}, 3 + 5 + 5, "home: refused from 10.0.0.1:4711: the signature is not by its key (SHA256:x)"},
	} {
		got := linesOf(t, func() { test.act(newRefusalLog()) })
		if len(got) != test.lines || got[len(got)-1] != "signer-forwarder: "+test.last {
			t.Errorf("%s: got %d lines, the last of them %q, want %d and %q", test.name, len(got), got[len(got)-1], test.lines, test.last)
		}
	}
}

func TestRefusalsThatWereLeftOutAreSummarized(t *testing.T) {
	r := newRefusalLog()
	linesOf(t, func() {
		for range 10 {
			r.pending(noon, from(0, 1), false, "no signer's key")
			r.signer(noon, "home", from(0, 1), "its key was removed (SHA256:x)")
		}
	})
	got := strings.Join(linesOf(t, func() { r.summarize(noon) }), "\n")
	want := "signer-forwarder: refused 7 more strangers in the last minute\n" +
		"signer-forwarder: home: refused: its key was removed: 5 more times in the last minute"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	got = strings.Join(linesOf(t, func() { r.summarize(noon.Add(time.Hour)) }), "\n")
	if got != "" || len(r.sources)+len(r.signers) > 0 {
		t.Errorf("got %q, and still %d limits, want neither", got, len(r.sources)+len(r.signers))
	}
}
