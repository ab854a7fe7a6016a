package sshd

import (
	"strings"
	"testing"
)

func TestReadLogLine(t *testing.T) {
	const peer = "203.0.113.9 port 4711"
	for _, test := range []struct {
		line string
		want Event
	}{
		{"Connection from " + peer + ` on 10.0.0.2 port 2222 rdomain ""`, Event{}},
		{"Postponed publickey for signer from " + peer + " ssh2 [preauth]", Event{}},
		{"Accepted key ED25519 SHA256:abc found at /run/signer-forwarder/generation-1/authorized_keys:1",
			Event{Kind: KeyOffered, Fingerprint: "SHA256:abc"}},
		{"Failed publickey for signer from " + peer + " ssh2: ED25519 SHA256:abc",
			Event{Kind: KeyRefused, Fingerprint: "SHA256:abc", KeyKind: "ED25519"}},
		{"error: public key ED25519-SK SHA256:abc signature for signer from " + peer +
			" rejected: user presence (authenticator touch) requirement not met ",
			Event{Kind: ProofLacking, Fingerprint: "SHA256:abc", Text: "presence"}},
		{"public key ED25519-SK SHA256:abc signature for signer from " + peer +
			" rejected: user presence (authenticator touch) requirement not met ",
			Event{Kind: ProofLacking, Fingerprint: "SHA256:abc", Text: "presence"}},
		{"error: public key ECDSA-SK SHA256:abc signature for signer from " + peer + " rejected: user verification requirement not met ",
			Event{Kind: ProofLacking, Fingerprint: "SHA256:abc", Text: "verification"}},
		{"User root from 203.0.113.9 not allowed because not listed in AllowUsers", Event{Kind: UserRefused, User: "root"}},
		{"Invalid user admin from " + peer, Event{Kind: UserRefused, User: "admin"}},
		{"Invalid user  from " + peer, Event{Kind: UserRefused}},
		// A user name that looks like the rest of a line is still a user name.
		{"Invalid user x from 1.2.3.4 port 5 ssh2: ED25519 SHA256:abc from " + peer,
			Event{Kind: UserRefused, User: "x from 1.2.3.4 port 5 ssh2: ED25519 SHA256:abc"}},
		{"Received request from " + peer + " to remote forward to host localhost port 8500, but the request was denied.",
			Event{Kind: ForwardRefused, Text: "the forward 8500: not among its ports"}},
		// A high port that is no signer's may be the one that autossh watches its tunnel with.
		{"Received request from " + peer + " to remote forward to host localhost port 41234, but the request was denied.",
			Event{Kind: ForwardRefused, Text: "the forward 41234: not among its ports (if it is autossh's own, autossh needs `-M 0`)"}},
		{"Received request from " + peer + " to remote forward to host 127.0.0.1 port 20000, but the request was denied.",
			Event{Kind: ForwardRefused, Text: "the forward 20000: not among its ports (if it is autossh's own, autossh needs `-M 0`)"}},
		{"error: maximum authentication attempts exceeded for signer from " + peer + " ssh2 [preauth]",
			Event{Kind: Left, Text: "it tried too many keys"}},
		{"refused local port forward: originator 127.0.0.1 port 65535, target 10.96.0.1 port 443",
			Event{Kind: ForwardRefused, Text: "a connection to 10.96.0.1 port 443"}},
		{"no more sessions", Event{Kind: ForwardRefused, Text: "a session: there is no shell, command or subsystem"}},
		{"error: bind [127.0.0.1]:8443: Address already in use",
			Event{Kind: ForwardFailed, Text: "the forward 8443: Address already in use"}},
		{"bind [127.0.0.1]:8443: Address already in use",
			Event{Kind: ForwardFailed, Text: "the forward 8443: Address already in use"}},
		{"error: listen [127.0.0.1]:8443: Address already in use",
			Event{Kind: ForwardFailed, Text: "the forward 8443: Address already in use"}},
		{"listen [::1]:9443: Address already in use",
			Event{Kind: ForwardFailed, Text: "the forward 9443: Address already in use"}},
		{"error: channel_setup_fwd_listener_tcpip: cannot listen to port: 8443", Event{}},
		{"channel_setup_fwd_listener_tcpip: cannot listen to port: 8443", Event{}},
		{"kex_exchange_identification: read: Connection reset by peer", Event{}},
		{"error: PAM: pam_open_session(): System error", Event{Kind: HookFailed}},
		{"PAM: pam_open_session(): System error", Event{Kind: HookFailed}},
		{"Received disconnect from " + peer + ":11: disconnected by user", Event{Kind: Left, Text: "its client ended"}},
		{"Received disconnect from " + peer + ":2: Packet corrupt", Event{Kind: Left, Text: "its client said: Packet corrupt"}},
		{"Connection closed by authenticating user signer " + peer + " [preauth]",
			Event{Kind: Left, Text: "its client closed the connection"}},
		{"Connection reset by " + peer, Event{Kind: Left, Text: "its client reset the connection"}},
		{"Read error from remote host " + peer + ": Connection timed out", Event{Kind: Left, Text: deadLink}},
		{"Unable to negotiate with " + peer + ": no matching key exchange method found. Their offer: x [preauth]",
			Event{Kind: Left, Text: "no matching key exchange method found. Their offer: x"}},
		{"ssh_dispatch_run_fatal: Connection from " + peer + ": message authentication code incorrect [preauth]",
			Event{Kind: Left, Text: "message authentication code incorrect"}},
		{"sshd: no hostkeys available -- exiting.", Event{Kind: Trouble, Text: "sshd: no hostkeys available -- exiting."}},
		{"", Event{}},
	} {
		if got := readLogLine(test.line + "\r"); got != test.want {
			t.Errorf("%s\n got %+v\nwant %+v", test.line, got, test.want)
		}
	}
}

func FuzzReadLogLine(f *testing.F) {
	f.Add("Failed publickey for signer from 203.0.113.9 port 4711 ssh2: ED25519 SHA256:abc")
	f.Add("public key ED25519-SK SHA256:abc signature for signer from 203.0.113.9 port 4711 rejected: user verification requirement not met ")
	f.Add("Invalid user \\n from x from 203.0.113.9 port 4711")
	f.Add("Received disconnect from 203.0.113.9 port 4711:11: $1")
	f.Fuzz(func(t *testing.T, line string) {
		got := readLogLine(line)
		// What a client chose cannot make another kind of event, and only a line about a key gives a key.
		if strings.HasPrefix(line, "Invalid user ") && got.Kind != UserRefused && got.Kind != Trouble {
			t.Fatalf("%q became %+v", line, got)
		}
		aboutKey := false
		for _, beginning := range []string{"Failed publickey ", "Accepted key ", "error: public key ", "public key "} {
			aboutKey = aboutKey || strings.HasPrefix(line, beginning)
		}
		if got.Fingerprint != "" && !aboutKey {
			t.Fatalf("%q has the key %s", line, got.Fingerprint)
		}
	})
}
