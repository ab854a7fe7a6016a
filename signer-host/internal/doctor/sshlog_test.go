package doctor

import "testing"

func TestReadCall(t *testing.T) {
	for name, test := range map[string]struct {
		log           string
		hop           string
		authenticated bool
	}{
		"an unknown key": {"signer@signers.example.org: Permission denied (publickey).\nremote-signer-tunnel@0.service: Control process exited, code=exited, status=1/FAILURE", "login", false},
		"a port that is another signer's": {
			"Authenticated to signers.example.org ([192.0.2.7]:2222) using \"publickey\".\r\nError: remote port forwarding failed for listen port 8500\r\n",
			"forwards", true},
		"an unknown host key": {
			"No ED25519 host key is known for signers.example.org and you have requested strict checking.\r\nHost key verification failed.\r\n", "host key", false},
		"another host key": {
			"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key for signers.example.org has changed and you have requested strict checking.\nHost key verification failed.", "host key", false},
		"no name":       {"ssh: Could not resolve hostname signers.example.org: Temporary failure in name resolution\r\n", "name", false},
		"nothing there": {"ssh: connect to host signers.example.org port 22: Connection refused\r\n", "port", false},
		"a dead link":   {"Authenticated to signers.example.org ([192.0.2.7]:22) using \"publickey\".\nTimeout, server signers.example.org not responding.\n", "port", true},
		"a key that can't be read": {
			"Load key \"/var/lib/remote-signer/tunnel/id_ed25519\": Permission denied\nsigner@signers.example.org: Permission denied (publickey).", "login", false},
		"an old ssh":  {"/etc/remote-signer/ssh_config: line 36: Bad configuration option: sessiontype", "config", false},
		"an old kex":  {"Unable to negotiate with 192.0.2.7 port 22: no matching key exchange method found. Their offer: mlkem768x25519-sha256", "login", false},
		"a full door": {"kex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.7 port 22", "port", false},
		"the login of an earlier call": {
			"Authenticated to signers.example.org ([192.0.2.7]:22) using \"publickey\".\nTimeout, server signers.example.org not responding.\nssh: connect to host signers.example.org port 22: No route to host",
			"port", false},
		"the last call counts":         {"signer@signers.example.org: Permission denied (publickey).\nssh: connect to host signers.example.org port 22: Connection timed out", "port", false},
		"an uplink that isn't there":   {"uplink wwan0: found no such interface\nmm_receive_fd: recvmsg: expected received 1 got 0\nproxy dialer did not pass back a connection", "uplink", false},
		"an uplink that leads nowhere": {"uplink wwan0: connect to address 192.0.2.7:22: i/o timeout\nproxy dialer did not pass back a connection", "port", false},
		"words of nobody":              {"Started Tunnel 0 to the signer forwarder.\n\n", "", false},
		"an empty log":                 {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := readCall(test.log)
			hop := ""
			if got.cause != nil {
				hop = got.cause.hop
			}
			if hop != test.hop || got.authenticated != test.authenticated {
				t.Errorf("got %q, authenticated %v; want %q, %v", hop, got.authenticated, test.hop, test.authenticated)
			}
		})
	}
}

func FuzzReadCall(f *testing.F) {
	f.Add("Authenticated to a ([192.0.2.7]:22) using \"publickey\".\r\nError: remote port forwarding failed for listen port 1\r\n")
	f.Fuzz(func(t *testing.T, log string) {
		if got := readCall(log); got.cause == nil && (got.line != "" || got.authenticated) {
			t.Errorf("got %+v without a cause", got)
		}
	})
}
