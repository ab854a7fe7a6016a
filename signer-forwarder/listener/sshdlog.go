package main

import (
	"regexp"
	"strconv"
	"strings"
)

// eventKind is what a line of sshd's log is about.
type eventKind int

const (
	nothing        eventKind = iota // of no interest
	keyOffered                      // a key that authorized_keys has was named; nothing is proved by that
	keyRefused                      // a key that authorized_keys does not have, or a signature that is wrong
	proofLacking                    // a signature that is right, by a security key that lacks what is asked of its user
	userRefused                     // a user name that nobody logs in with
	forwardRefused                  // a forward, a session or the like that no signer gets
	forwardFailed                   // a listener that could not be opened
	hookFailed                      // the session hook, our own, was not run or said no
	left                            // why the connection ended
	trouble                         // what else sshd has to say
)

// event is a line of sshd's log, read.
type event struct {
	kind        eventKind
	user        string // userRefused
	fingerprint string // keyOffered, keyRefused, proofLacking
	keyKind     string // keyRefused
	text        string // the others, in our words where we have some
}

// logPattern makes an event of the lines that it matches. What a client chose may stand in a line (names, messages), so
// every pattern is held by its beginning, and by its end where something follows what a client chose. To its error output sshd
// writes an error without the word `error: ` (9.2 and 10.0 do so), which syslog would get; both are read.
type logPattern struct {
	pattern *regexp.Regexp
	read    func(match []string) event
}

func causes(kind eventKind, text string) func([]string) event {
	return func(match []string) event {
		return event{kind: kind, text: strings.ReplaceAll(text, "$1", match[len(match)-1])}
	}
}

const peer = `\S+ port \d+`

var logPatterns = []logPattern{
	{regexp.MustCompile(`^Accepted key \S+ (SHA256:\S+) found at `), func(match []string) event {
		return event{kind: keyOffered, fingerprint: match[1]}
	}},
	{regexp.MustCompile(`^Failed publickey for .* ssh2: (\S+) (SHA256:\S+)$`), func(match []string) event {
		return event{kind: keyRefused, keyKind: match[1], fingerprint: match[2]}
	}},
	// sshd says of the same key that it failed, in a line of its own. This one ends with a blank.
	{regexp.MustCompile(`^(?:error: )?public key \S+ (SHA256:\S+) signature for .* from ` + peer +
		` rejected: user (presence|verification) (?:\(authenticator touch\) )?requirement not met *$`), func(match []string) event {
		return event{kind: proofLacking, fingerprint: match[1], text: match[2]}
	}},
	{regexp.MustCompile(`^User (.*) from \S+ not allowed because `), userOf},
	{regexp.MustCompile(`^Invalid user (.*) from ` + peer + `$`), userOf},
	{regexp.MustCompile(`^Received request from ` + peer + ` to remote forward to host \S* port (\d+), but the request was denied`),
		refusedPort},
	{regexp.MustCompile(`^Received request from ` + peer + ` to (.*), but the request was denied`), causes(forwardRefused, "to $1")},
	{regexp.MustCompile(`^refused (.* port forward): .*, target (.*)$`), causes(forwardRefused, "a connection to $1")},
	{regexp.MustCompile(`^no more sessions$`), causes(forwardRefused, "a session: there is no shell, command or subsystem")},
	{regexp.MustCompile(`^(?:error: )?(?:bind|listen) \[\S*\]:(\d+: .*)$`), causes(forwardFailed, "the forward $1")},
	{regexp.MustCompile(`^(?:error: )?PAM: pam_open_session\(\): `), causes(hookFailed, "")},
	{regexp.MustCompile(`^Received disconnect from ` + peer + `:11: disconnected by user$`), causes(left, "its client ended")},
	{regexp.MustCompile(`^Received disconnect from ` + peer + `:\d+: (.*)$`), causes(left, "its client said: $1")},
	{regexp.MustCompile(`^(?:ssh_dispatch_run_fatal: )?Connection closed by `), causes(left, "its client closed the connection")},
	{regexp.MustCompile(`^(?:ssh_dispatch_run_fatal: )?Connection reset by `), causes(left, "its client reset the connection")},
	{regexp.MustCompile(`^Timeout, client not responding from `), causes(left, "its client did not answer sshd's probes")},
	{regexp.MustCompile(`^Read error from remote host .*: Connection timed out$`), causes(left, silent)},
	{regexp.MustCompile(`(?:^|: )(?:Read|Write|Connection).*: (Connection reset by peer|Broken pipe)$`), causes(left, "its connection broke: $1")},
	{regexp.MustCompile(`(?:^|: )(?:Read|Write|Connection).*: Connection timed out$`), causes(left, silent)},
	{regexp.MustCompile(`^Unable to negotiate with ` + peer + `: (.*)$`), causes(left, "$1")},
	{regexp.MustCompile(`^(?:fatal: )?Timeout before authentication `), causes(left, "it did not log in in time")},
	{regexp.MustCompile(`^(?:error: )?maximum authentication attempts exceeded `), causes(left, tooManyKeys)},
	{regexp.MustCompile(`^(?:ssh_dispatch_run_fatal: |banner exchange: )Connection from ` + peer + `: (.*)$`), causes(left, "$1")},
	{regexp.MustCompile(`^(Protocol major versions differ|Bad protocol version identification).*`), causes(left, "$1")},
}

// silent is the cause that TCP_USER_TIMEOUT has.
const silent = "its link is dead: no acknowledgement for 10s"

// tooManyKeys is the cause that sshd's MaxAuthTries has.
const tooManyKeys = "it tried too many keys"

// lowestWatchPort is from where on a refused port may be autossh's own: by default it is at random from 32768 on with Debian,
// 20000 with OpenWrt, and with `-M` what its user likes.
const lowestWatchPort = 10000

func refusedPort(match []string) event {
	text := "the forward " + match[1] + ": not among its ports"
	if port, err := strconv.Atoi(match[1]); err == nil && port >= lowestWatchPort {
		text += " (if it is autossh's own, autossh needs `-M 0`)"
	}
	return event{kind: forwardRefused, text: text}
}

// noise are the beginnings of lines that say nothing beyond what we know ourselves.
var noise = []string{
	"Connection from ", "Postponed publickey ", "Accepted publickey ", "User child is on pid ", "Disconnected from ",
	"Disconnecting ", "Closing connection to ", "Transferred: ", "Bad packet length ", "kex_exchange_identification: ",
	"channel_setup_fwd_listener_tcpip: cannot listen to port: ", "Server has disabled ", "Exiting on signal ",
	"Starting session: ", "Close session: ",
}

func userOf(match []string) event {
	return event{kind: userRefused, user: match[1]}
}

// readLogLine tells what a line of sshd's log is about.
func readLogLine(line string) event {
	line = strings.TrimSuffix(strings.TrimRight(line, "\r\n"), " [preauth]")
	for _, known := range logPatterns {
		if match := known.pattern.FindStringSubmatch(line); match != nil {
			return known.read(match)
		}
	}
	for _, beginning := range noise {
		if strings.HasPrefix(strings.TrimPrefix(line, "error: "), beginning) {
			return event{}
		}
	}
	if strings.TrimSpace(line) == "" {
		return event{}
	}
	return event{kind: trouble, text: line}
}
