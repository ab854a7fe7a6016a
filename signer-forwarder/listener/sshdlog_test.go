package main

import (
	"strings"
	"testing"
)

func TestReadLogLine(t *testing.T) {
	const peer = "203.0.113.9 port 4711"
	for _, test := range []struct {
		line string
		want event
	}{
		{"Connection from " + peer + ` on 10.0.0.2 port 2222 rdomain ""`, event{}},
		{"Postponed publickey for signer from " + peer + " ssh2 [preauth]", event{}},
		{"Accepted key ED25519 SHA256:abc found at /run/signer-forwarder/generation-1/authorized_keys:1",
			event{kind: keyOffered, fingerprint: "SHA256:abc"}},
		{"Failed publickey for signer from " + peer + " ssh2: ED25519 SHA256:abc",
			event{kind: keyRefused, fingerprint: "SHA256:abc", keyKind: "ED25519"}},
		{"error: public key ED25519-SK SHA256:abc signature for signer from " + peer +
			" rejected: user presence (authenticator touch) requirement not met ",
			event{kind: proofLacking, fingerprint: "SHA256:abc", text: "presence"}},
		{"public key ED25519-SK SHA256:abc signature for signer from " + peer +
			" rejected: user presence (authenticator touch) requirement not met ",
			event{kind: proofLacking, fingerprint: "SHA256:abc", text: "presence"}},
		{"error: public key ECDSA-SK SHA256:abc signature for signer from " + peer + " rejected: user verification requirement not met ",
			event{kind: proofLacking, fingerprint: "SHA256:abc", text: "verification"}},
		{"User root from 203.0.113.9 not allowed because not listed in AllowUsers", event{kind: userRefused, user: "root"}},
		{"Invalid user admin from " + peer, event{kind: userRefused, user: "admin"}},
		{"Invalid user  from " + peer, event{kind: userRefused}},
		// A name that looks like the rest of a line is still a name.
		{"Invalid user x from 1.2.3.4 port 5 ssh2: ED25519 SHA256:abc from " + peer,
			event{kind: userRefused, user: "x from 1.2.3.4 port 5 ssh2: ED25519 SHA256:abc"}},
		{"Received request from " + peer + " to remote forward to host localhost port 8500, but the request was denied.",
			event{kind: forwardRefused, text: "the forward 8500: not among its ports"}},
		// A port of no signer that is high enough may be what autossh watches its tunnel by.
		{"Received request from " + peer + " to remote forward to host localhost port 41234, but the request was denied.",
			event{kind: forwardRefused, text: "the forward 41234: not among its ports (if it is autossh's own, autossh needs `-M 0`)"}},
		{"Received request from " + peer + " to remote forward to host 127.0.0.1 port 20000, but the request was denied.",
			event{kind: forwardRefused, text: "the forward 20000: not among its ports (if it is autossh's own, autossh needs `-M 0`)"}},
		{"error: maximum authentication attempts exceeded for signer from " + peer + " ssh2 [preauth]",
			event{kind: left, text: "it tried too many keys"}},
		{"refused local port forward: originator 127.0.0.1 port 65535, target 10.96.0.1 port 443",
			event{kind: forwardRefused, text: "a connection to 10.96.0.1 port 443"}},
		{"no more sessions", event{kind: forwardRefused, text: "a session: there is no shell, command or subsystem"}},
		{"error: bind [127.0.0.1]:8443: Address already in use",
			event{kind: forwardFailed, text: "the forward 8443: Address already in use"}},
		{"bind [127.0.0.1]:8443: Address already in use",
			event{kind: forwardFailed, text: "the forward 8443: Address already in use"}},
		{"error: listen [127.0.0.1]:8443: Address already in use",
			event{kind: forwardFailed, text: "the forward 8443: Address already in use"}},
		{"listen [::1]:9443: Address already in use",
			event{kind: forwardFailed, text: "the forward 9443: Address already in use"}},
		{"error: channel_setup_fwd_listener_tcpip: cannot listen to port: 8443", event{}},
		{"channel_setup_fwd_listener_tcpip: cannot listen to port: 8443", event{}},
		{"kex_exchange_identification: read: Connection reset by peer", event{}},
		{"error: PAM: pam_open_session(): System error", event{kind: hookFailed}},
		{"PAM: pam_open_session(): System error", event{kind: hookFailed}},
		{"Received disconnect from " + peer + ":11: disconnected by user", event{kind: left, text: "its client ended"}},
		{"Received disconnect from " + peer + ":2: Packet corrupt", event{kind: left, text: "its client said: Packet corrupt"}},
		{"Connection closed by authenticating user signer " + peer + " [preauth]",
			event{kind: left, text: "its client closed the connection"}},
		{"Connection reset by " + peer, event{kind: left, text: "its client reset the connection"}},
		{"Timeout, client not responding from user signer " + peer,
			event{kind: left, text: "its client did not answer sshd's probes"}},
		{"Read error from remote host " + peer + ": Connection timed out", event{kind: left, text: silent}},
		{"Unable to negotiate with " + peer + ": no matching key exchange method found. Their offer: x [preauth]",
			event{kind: left, text: "no matching key exchange method found. Their offer: x"}},
		{"ssh_dispatch_run_fatal: Connection from " + peer + ": message authentication code incorrect [preauth]",
			event{kind: left, text: "message authentication code incorrect"}},
		{"sshd: no hostkeys available -- exiting.", event{kind: trouble, text: "sshd: no hostkeys available -- exiting."}},
		{"", event{}},
	} {
		if found := readLogLine(test.line + "\r"); found != test.want {
			t.Errorf("%s\nfound %+v\n want %+v", test.line, found, test.want)
		}
	}
}

func FuzzReadLogLine(f *testing.F) {
	f.Add("Failed publickey for signer from 203.0.113.9 port 4711 ssh2: ED25519 SHA256:abc")
	f.Add("public key ED25519-SK SHA256:abc signature for signer from 203.0.113.9 port 4711 rejected: user verification requirement not met ")
	f.Add("Invalid user \\n from x from 203.0.113.9 port 4711")
	f.Add("Received disconnect from 203.0.113.9 port 4711:11: $1")
	f.Fuzz(func(t *testing.T, line string) {
		found := readLogLine(line)
		// What a client chose makes no other kind of line, and a key only comes out of a line that is about one.
		if strings.HasPrefix(line, "Invalid user ") && found.kind != userRefused && found.kind != trouble {
			t.Fatalf("%q became %+v", line, found)
		}
		isAboutKey := false
		for _, beginning := range []string{"Failed publickey ", "Accepted key ", "error: public key ", "public key "} {
			isAboutKey = isAboutKey || strings.HasPrefix(line, beginning)
		}
		if found.fingerprint != "" && !isAboutKey {
			t.Fatalf("%q has the key %s", line, found.fingerprint)
		}
	})
}
