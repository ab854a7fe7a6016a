package sshd

import (
	"fmt"
	"strings"
	"testing"

	"remote-signer-cloud/signer-forwarder/internal/keys"
)

const (
	homeKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHc"
)

// logOf is the log of a connection that sshd has said all this about.
func logOf(events []Event) *LoginLog {
	l := &LoginLog{}
	for _, each := range events {
		l.Note(each)
	}
	return l
}

func TestRefusal(t *testing.T) {
	key, err := keys.NewSignerKey("home", homeKey, []int{8443, 9443}, false)
	if err != nil {
		t.Fatal(err)
	}
	current, own := keys.SignerKeys{key}, key.Fingerprint
	former := map[string]string{"SHA256:old": "cabin"}
	for _, test := range []struct {
		name                   string
		events                 []Event
		signer, message, label string
	}{
		{"an unknown key", []Event{{Kind: KeyRefused, Fingerprint: "SHA256:x", KeyKind: "RSA"}}, "", "SHA256:x (RSA)", "key"},
		{"a removed key", []Event{{Kind: KeyRefused, Fingerprint: "SHA256:old"}}, "cabin", "removed", "signer"},
		{"a wrong signature", []Event{{Kind: KeyOffered, Fingerprint: own}, {Kind: KeyRefused, Fingerprint: own}}, "home", "not by its key", "signer"},
		{"a mere offer", []Event{{Kind: KeyOffered, Fingerprint: own}}, "home", "named", "signer"},
		{"another user", []Event{{Kind: UserRefused, User: "root"}}, "", `"root"`, "user"},
		{"a signer's name as user", []Event{{Kind: UserRefused, User: "home"}}, "home", `wanted "signer"`, "signer"},
		{"an old client", []Event{{Kind: Left, Text: "no matching key exchange method found"}}, "", "no matching", "left"},
		{"trouble", []Event{{Kind: Trouble, Text: "fatal: x"}}, "", "fatal: x", "left"},
		{"nothing", nil, "", "not logged in", "left"},
		{"a touch that is missing", []Event{
			{Kind: KeyOffered, Fingerprint: own}, {Kind: ProofLacking, Fingerprint: own, Text: "presence"}, {Kind: KeyRefused, Fingerprint: own},
		}, "home", "signed without a touch (" + own + "): the signer needs noTouchRequired", "signer"},
		{"a user that is not verified", []Event{
			{Kind: KeyOffered, Fingerprint: own}, {Kind: KeyRefused, Fingerprint: own}, {Kind: ProofLacking, Fingerprint: own, Text: "verification"},
		}, "home", "a PIN or a fingerprint", "signer"},
		{"a wrong signature behind four other keys", append(manyKeys(4), Event{Kind: KeyRefused, Fingerprint: own}), "home", "not by its key", "signer"},
		{"a removed key behind five others", append(manyKeys(5), Event{Kind: KeyRefused, Fingerprint: "SHA256:old"}), "cabin", "removed", "signer"},
	} {
		got := logOf(test.events).Refusal(current, former)
		if got.Signer != test.signer || !strings.Contains(got.Message, test.message) || got.Label != test.label {
			t.Errorf("%s: got %+v, want %q, a message with %q, and %q", test.name, got, test.signer, test.message, test.label)
		}
	}
}

// manyKeys are events of refused keys that are no signer's.
func manyKeys(count int) []Event {
	var events []Event
	for i := range count {
		events = append(events, Event{Kind: KeyRefused, Fingerprint: fmt.Sprintf("SHA256:%d", i), KeyKind: "RSA"})
	}
	return events
}

func TestRefusalSaysThatSshdStoppedBeforeTheSignersKey(t *testing.T) {
	const stopped = "; it tried 6 and sshd stops after 6: `IdentitiesOnly yes` with its IdentityFile makes ssh offer the signer's own"
	for _, test := range []struct {
		events []Event
		want   string
	}{
		{manyKeys(2), "no signer's key: SHA256:0 (RSA), SHA256:1 (RSA)"},
		{manyKeys(5), "no signer's key: SHA256:0 (RSA), SHA256:1 (RSA), SHA256:2 (RSA), SHA256:3 (RSA) and 1 more"},
		{
			append(manyKeys(6), Event{Kind: Left, Text: tooManyKeys}),
			"no signer's key: SHA256:0 (RSA), SHA256:1 (RSA), SHA256:2 (RSA), SHA256:3 (RSA) and 2 more" + stopped,
		},
	} {
		if got := logOf(test.events).Refusal(nil, nil); got.Message != test.want || got.Label != "key" {
			t.Errorf(" got %+v\nwant %s", got, test.want)
		}
	}
}

func TestAClientCannotFillTheLog(t *testing.T) {
	l := &LoginLog{}
	for range 1000 {
		for _, kind := range []EventKind{KeyOffered, KeyRefused, ProofLacking} {
			l.Note(Event{Kind: kind, Fingerprint: "SHA256:x"})
		}
	}
	if got := max(len(l.offered), len(l.refused), len(l.lacking)); got != maxKeysNoted {
		t.Errorf("got %d keys, want %d", got, maxKeysNoted)
	}
}

func TestCause(t *testing.T) {
	if got := logOf(nil).Cause(); got != "sshd ended" {
		t.Errorf("got %q", got)
	}
	if got := logOf([]Event{{Kind: Left, Text: "its client ended"}}).Cause(); got != "its client ended" {
		t.Errorf("got %q", got)
	}
}
