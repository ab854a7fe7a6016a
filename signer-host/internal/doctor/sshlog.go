package doctor

import (
	"regexp"
	"strings"
)

// cause is why a call of ssh ended.
type cause struct {
	pattern   *regexp.Regexp
	hop, cure string // KEYLINE in a cure is this host's public key
}

// causes are the last words of ssh, as OpenSSH 8.7 to 10 writes them (ssh.c, sshconnect.c, sshconnect2.c,
// packet.c, clientloop.c). The first that fits a line counts.
var causes = []cause{
	{words(`Permission denied \(`), "login",
		"in the stack's config, give this signer sshPublicKey: KEYLINE, and run npm run up. If it has that, another signer has it too: see the forwarder's log"},
	{words(`Unable to negotiate with .*: no matching key exchange`), "login",
		"update OpenSSH on this host: the forwarder offers post-quantum key exchange only, which OpenSSH has since 8.5"},
	{words(`remote port forwarding failed for listen port`), "forwards",
		"see that the stack's signers[].port is the one of this kit, and that no other host has this host's key. If the port changed, install a new kit"},
	{words(`HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known for|Host key verification failed`), "host key",
		"compare the fingerprint with the stack's output hostKeyFingerprint. Only if it is the same: install a new kit, which has the new known_hosts"},
	// The words of signer-host connect. The next line is ssh's, that it got no connection.
	{words(`^uplink \S+: found no `), "uplink", uplinkCure},
	{words(`Could not resolve hostname`), "name", "see that this host's network has a name server: resolvectl query NAME"},
	{words(`connect to (host|address) .*: `), "port",
		"see that this network lets the port out (else set endpoint.alternatePorts), and that endpoint.sourceRanges has its public address"},
	{words(`Load key ".*": `, `no such identity: `, `UNPROTECTED PRIVATE KEY`), "key", newKit},
	{words(`Bad configuration option`, `Can't open user config file`), "config",
		"update OpenSSH on this host to 8.7 or later, or " + newKit},
	{words(`Timeout, server .* not responding`, `timed out`, `Connection (closed|reset) `, `Broken pipe`,
		`Connection to .* closed`, `Network is unreachable`, `No route to host`), "port",
		"see that this host's link holds, and the forwarder's log: the call was cut off"},
}

// toldAs has the hops whose fault ssh tells in the words of another: without a key it has no login, and without a
// line in known_hosts a wrong host key.
var toldAs = map[string]string{"login": "key", "host key": "known_hosts"}

func words(patterns ...string) *regexp.Regexp {
	return regexp.MustCompile(strings.Join(patterns, "|"))
}

// call is the last call of ssh that a log has.
type call struct {
	authenticated bool
	cause         *cause // nil if its words are not known
	line          string // the words
}

// readCall reads the log of a tunnel: the last line that tells a cause, and whether ssh had logged in by then.
func readCall(log string) (c call) {
	lines := strings.Split(log, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		found := causeOf(line)
		switch {
		case c.cause == nil && found != nil:
			c.cause, c.line = found, line
		case c.cause != nil && found != nil:
			return c // a line of an earlier call, or an earlier line of the same complaint
		case c.cause != nil && strings.HasPrefix(line, "Authenticated to "):
			c.authenticated = true
			return c
		}
	}
	return c
}

// causeOf returns the cause that a line tells, nil if it tells none.
func causeOf(line string) *cause {
	for i := range causes {
		if causes[i].pattern.MatchString(line) {
			return &causes[i]
		}
	}
	return nil
}
