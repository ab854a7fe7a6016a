package main

import (
	"fmt"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

// endKind is what kind of reason we have to end a connection.
type endKind int

const (
	notEnded endKind = iota // none: its client or sshd ended it
	evicted                 // it was too slow while others waited
	refused                 // its session may not open
	replaced                // its signer has opened a newer session
	revoked                 // its key was removed or changed
)

// endReason is why we end a connection, with a text for the log.
type endReason struct {
	kind endKind
	text string
}

// outcomeKind is one of the three things that can become of a connection.
type outcomeKind int

const (
	sessionClosed  outcomeKind = iota // it was a session
	signerRefused                     // it was none, and concerns a signer
	pendingRefused                    // it was none, and concerns no signer, as far as one can tell
)

// outcome is what became of a connection whose processes are gone.
type outcome struct {
	kind outcomeKind
	// Of a closed session.
	session *session
	reason  endReason
	cause   string // sshd's, which counts if we had no reason
	// Of a connection that did not become one.
	refusal sshd.Refusal
}

func closedSession(session *session, reason endReason, cause string) outcome {
	return outcome{kind: sessionClosed, session: session, reason: reason, cause: cause}
}

// refusedConnection combines sshd's reason and ours. A signer's own problem is more useful to know than
// our reason.
func refusedConnection(refusal sshd.Refusal, reason endReason) outcome {
	if reason.kind == evicted {
		refusal.Label = "evicted"
	}
	if refusal.Signer != "" {
		return outcome{kind: signerRefused, refusal: refusal}
	}
	if reason.kind != notEnded {
		refusal.Message = reason.text
	}
	return outcome{kind: pendingRefused, refusal: refusal}
}

// line is the line in the log that a closed session gets.
func (o outcome) line(duration time.Duration) string {
	signer, lasted := o.session.Signer, formatDuration(duration)
	switch o.reason.kind {
	case replaced, revoked:
		return fmt.Sprintf("%s: %s (%s, after %s)", signer, o.reason.text, o.session, lasted)
	case notEnded:
		return fmt.Sprintf("%s: disconnected after %s: %s (%s)", signer, lasted, o.cause, o.session)
	default:
		return fmt.Sprintf("%s: disconnected after %s: %s (%s)", signer, lasted, o.reason.text, o.session)
	}
}

// formatDuration formats a duration for people: 3h2m1s, or milliseconds if it is below a second.
func formatDuration(duration time.Duration) string {
	if duration < time.Second {
		return duration.Round(time.Millisecond).String()
	}
	return duration.Round(time.Second).String()
}

// report logs and counts what became of a connection.
func (s *server) report(c *connection, o outcome) {
	switch o.kind {
	case sessionClosed:
		s.sessions.remove(o.session)
		logf.Printf("%s", o.line(time.Since(o.session.since)))
	case signerRefused:
		s.metrics.CountRefusal(o.refusal.Label)
		s.refusals.signer(time.Now(), o.refusal.Signer, c.address, o.refusal.Message)
	case pendingRefused:
		s.metrics.CountRefusal(o.refusal.Label)
		s.refusals.pending(time.Now(), c.address, s.queue.Knows(c.address.Addr()), o.refusal.Message)
	}
}
