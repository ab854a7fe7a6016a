package sshd

import (
	"regexp"
	"strconv"
	"strings"
)

// EventKind is the subject of a line of sshd's log.
type EventKind int

// The kinds of events, and the fields of Event that each sets beside Kind.
const (
	Nothing        EventKind = iota // of no interest
	KeyOffered                      // Fingerprint: a key of authorized_keys was named, which proves nothing
	KeyRefused                      // Fingerprint, KeyKind: not a key of authorized_keys, or a wrong signature
	ProofLacking                    // Fingerprint, Text: a valid signature of a security key without the touch or user check that is required
	UserRefused                     // User: not the user name that signers have
	ForwardRefused                  // Text: a forward, session or the like that no signer gets
	ForwardFailed                   // Text: a forward that could not be opened
	HookFailed                      // our session hook did not run, or said no
	Left                            // Text: why the connection ended
	Trouble                         // Text: any other line
)

// Event is a line of sshd's log after parsing. Text is in our words where we have some.
type Event struct {
	Kind        EventKind
	User        string
	Fingerprint string
	KeyKind     string
	Text        string
}

// logPattern turns the lines that it matches into events. Clients choose parts of a line (names,
// messages). So each pattern is anchored at the beginning of a line, and also at the end if something
// follows what a client chose. sshd writes an error to its error output without the word `error: `
// (9.2 and 10.0 do), which only syslog would get; both forms are read.
type logPattern struct {
	pattern *regexp.Regexp
	read    func(match []string) Event
}

// textEvent makes an event of the given kind. $1 in the text stands for the pattern's last group.
func textEvent(kind EventKind, text string) func([]string) Event {
	return func(match []string) Event {
		return Event{Kind: kind, Text: strings.ReplaceAll(text, "$1", match[len(match)-1])}
	}
}

func userEvent(match []string) Event {
	return Event{Kind: UserRefused, User: match[1]}
}

const peer = `\S+ port \d+`

var logPatterns = []logPattern{
	{regexp.MustCompile(`^Accepted key \S+ (SHA256:\S+) found at `), func(match []string) Event {
		return Event{Kind: KeyOffered, Fingerprint: match[1]}
	}},
	{regexp.MustCompile(`^Failed publickey for .* ssh2: (\S+) (SHA256:\S+)$`), func(match []string) Event {
		return Event{Kind: KeyRefused, KeyKind: match[1], Fingerprint: match[2]}
	}},
	// sshd also writes the line above about the same key. This one ends with a blank.
	{regexp.MustCompile(`^(?:error: )?public key \S+ (SHA256:\S+) signature for .* from ` + peer +
		` rejected: user (presence|verification) (?:\(authenticator touch\) )?requirement not met *$`), func(match []string) Event {
		return Event{Kind: ProofLacking, Fingerprint: match[1], Text: match[2]}
	}},
	{regexp.MustCompile(`^User (.*) from \S+ not allowed because `), userEvent},
	{regexp.MustCompile(`^Invalid user (.*) from ` + peer + `$`), userEvent},
	{regexp.MustCompile(`^Received request from ` + peer + ` to remote forward to host \S* port (\d+), but the request was denied`),
		portEvent},
	{regexp.MustCompile(`^Received request from ` + peer + ` to (.*), but the request was denied`), textEvent(ForwardRefused, "to $1")},
	{regexp.MustCompile(`^refused (.* port forward): .*, target (.*)$`), textEvent(ForwardRefused, "a connection to $1")},
	{regexp.MustCompile(`^no more sessions$`), textEvent(ForwardRefused, "a session: there is no shell, command or subsystem")},
	{regexp.MustCompile(`^(?:error: )?(?:bind|listen) \[\S*\]:(\d+: .*)$`), textEvent(ForwardFailed, "the forward $1")},
	{regexp.MustCompile(`^(?:error: )?PAM: pam_open_session\(\): `), textEvent(HookFailed, "")},
	{regexp.MustCompile(`^Received disconnect from ` + peer + `:11: disconnected by user$`), textEvent(Left, "its client ended")},
	{regexp.MustCompile(`^Received disconnect from ` + peer + `:\d+: (.*)$`), textEvent(Left, "its client said: $1")},
	{regexp.MustCompile(`^(?:ssh_dispatch_run_fatal: )?Connection closed by `), textEvent(Left, "its client closed the connection")},
	{regexp.MustCompile(`^(?:ssh_dispatch_run_fatal: )?Connection reset by `), textEvent(Left, "its client reset the connection")},
	{regexp.MustCompile(`^Read error from remote host .*: Connection timed out$`), textEvent(Left, deadLink)},
	{regexp.MustCompile(`(?:^|: )(?:Read|Write|Connection).*: (Connection reset by peer|Broken pipe)$`), textEvent(Left, "its connection broke: $1")},
	{regexp.MustCompile(`(?:^|: )(?:Read|Write|Connection).*: Connection timed out$`), textEvent(Left, deadLink)},
	{regexp.MustCompile(`^Unable to negotiate with ` + peer + `: (.*)$`), textEvent(Left, "$1")},
	{regexp.MustCompile(`^(?:fatal: )?Timeout before authentication `), textEvent(Left, "it did not log in in time")},
	{regexp.MustCompile(`^(?:error: )?maximum authentication attempts exceeded `), textEvent(Left, tooManyKeys)},
	{regexp.MustCompile(`^(?:ssh_dispatch_run_fatal: |banner exchange: )Connection from ` + peer + `: (.*)$`), textEvent(Left, "$1")},
	{regexp.MustCompile(`^(Protocol major versions differ|Bad protocol version identification).*`), textEvent(Left, "$1")},
}

// deadLink is the cause if TCP_USER_TIMEOUT expired, which admission sets.
const deadLink = "its link is dead: no acknowledgement for 8s"

// tooManyKeys is the cause if sshd's MaxAuthTries was exceeded.
const tooManyKeys = "it tried too many keys"

// lowestWatchPort is where ports begin that autossh may use to watch its tunnel. By default it picks
// one at random: from 32768 on with Debian, from 20000 on with OpenWrt. With `-M` the user picks it.
const lowestWatchPort = 10000

func portEvent(match []string) Event {
	text := "the forward " + match[1] + ": not among its ports"
	if port, err := strconv.Atoi(match[1]); err == nil && port >= lowestWatchPort {
		text += " (if it is autossh's own, autossh needs `-M 0`)"
	}
	return Event{Kind: ForwardRefused, Text: text}
}

// noise are the beginnings of lines that add nothing to what we know ourselves.
var noise = []string{
	"Connection from ", "Postponed publickey ", "Accepted publickey ", "User child is on pid ", "Disconnected from ",
	"Disconnecting ", "Closing connection to ", "Transferred: ", "Bad packet length ", "kex_exchange_identification: ",
	"channel_setup_fwd_listener_tcpip: cannot listen to port: ", "Server has disabled ", "Exiting on signal ",
	"Starting session: ", "Close session: ",
}

// readLogLine parses a line of sshd's log.
func readLogLine(line string) Event {
	line = strings.TrimSuffix(strings.TrimRight(line, "\r\n"), " [preauth]")
	for _, known := range logPatterns {
		if match := known.pattern.FindStringSubmatch(line); match != nil {
			return known.read(match)
		}
	}
	for _, beginning := range noise {
		if strings.HasPrefix(strings.TrimPrefix(line, "error: "), beginning) {
			return Event{}
		}
	}
	if strings.TrimSpace(line) == "" {
		return Event{}
	}
	return Event{Kind: Trouble, Text: line}
}
