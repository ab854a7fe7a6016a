package sshd

import (
	"fmt"
	"strings"

	"remote-signer-cloud/signer-forwarder/internal/keys"
)

// user is the only name that signers log in with: sshd_config's AllowUsers.
const user = "signer"

// LoginLog is what sshd has said about one connection.
type LoginLog struct {
	offered []string // fingerprints
	refused []Event
	lacking []Event // signatures of security keys that lack a touch or a user check
	user    string  // a user name other than ours
	cause   string
	trouble string
}

const (
	// maxAuthTries is sshd_config's MaxAuthTries: after so many refused keys sshd accepts no further one.
	maxAuthTries = 6
	// maxKeysNoted is how many keys of a client are noted. A client may name a signer's public key
	// as often as it likes.
	maxKeysNoted = 2 * maxAuthTries
	// maxKeysInLine is how many keys of a client a line names.
	maxKeysInLine = 4
)

// Note adds an event.
func (l *LoginLog) Note(e Event) {
	switch e.Kind {
	case KeyOffered:
		if len(l.offered) < maxKeysNoted {
			l.offered = append(l.offered, e.Fingerprint)
		}
	case KeyRefused:
		if len(l.refused) < maxKeysNoted {
			l.refused = append(l.refused, e)
		}
	case ProofLacking:
		if len(l.lacking) < maxKeysNoted {
			l.lacking = append(l.lacking, e)
		}
	case UserRefused:
		l.user = e.User
	case Left:
		l.cause = e.Text
	case Trouble:
		l.trouble = e.Text
	}
}

// Cause returns why the connection ended, as far as sshd has said.
func (l *LoginLog) Cause() string {
	if l.cause == "" {
		return "sshd ended"
	}
	return l.cause
}

// Refusal is why a connection did not become a session.
type Refusal struct {
	Signer  string // the signer that it concerns, if any
	Message string // for the log
	Label   string // for the metrics
}

// Refusal returns why the connection was refused. `former` are the signers of removed keys, by
// fingerprint. A signer's own problem comes first, however much else its client tried.
func (l *LoginLog) Refusal(current keys.SignerKeys, former map[string]string) Refusal {
	removed := func(fingerprint string) Refusal {
		return Refusal{former[fingerprint], fmt.Sprintf("its key was removed or changed (%s)", fingerprint), "signer"}
	}
	for _, each := range l.lacking {
		if key, ok := current.Find(each.Fingerprint); ok {
			return Refusal{key.Signer, lackingMessage(each), "signer"}
		}
	}
	for _, each := range l.refused {
		if key, ok := current.Find(each.Fingerprint); ok {
			return Refusal{key.Signer, fmt.Sprintf("the signature is not by its key (%s)", each.Fingerprint), "signer"}
		}
		if former[each.Fingerprint] != "" {
			return removed(each.Fingerprint)
		}
	}
	for _, fingerprint := range l.offered {
		if key, ok := current.Find(fingerprint); ok {
			return Refusal{key.Signer, fmt.Sprintf("its key was named, but nothing signed with it (%s)", fingerprint), "signer"}
		}
		if former[fingerprint] != "" {
			return removed(fingerprint)
		}
	}
	if l.user != "" {
		message := fmt.Sprintf("found the user name %q, wanted %q", l.user, user)
		for _, name := range current.Names() {
			if l.user == name {
				return Refusal{name, message, "signer"}
			}
		}
		return Refusal{"", message, "user"}
	}
	if len(l.refused) > 0 {
		return Refusal{"", l.keysMessage(), "key"}
	}
	if l.cause != "" {
		return Refusal{"", "not logged in: " + l.cause, "left"}
	}
	if l.trouble != "" {
		return Refusal{"", "not logged in: sshd said: " + l.trouble, "left"}
	}
	return Refusal{"", "not logged in", "left"}
}

// lackingMessage says what a security key's signature lacks, and what helps.
func lackingMessage(e Event) string {
	if e.Text == "verification" {
		return fmt.Sprintf("its security key signed without knowing its user (%s): sshd wants a PIN or a fingerprint", e.Fingerprint)
	}
	return fmt.Sprintf("its security key signed without a touch (%s): the signer needs noTouchRequired, "+
		"or a key that was made without `-O no-touch-required`", e.Fingerprint)
}

// keysMessage lists the keys that a client tried and that are no signer's. It also says so if sshd
// stopped before the client had tried them all.
func (l *LoginLog) keysMessage() string {
	var named []string
	for _, each := range l.refused[:min(len(l.refused), maxKeysInLine)] {
		named = append(named, fmt.Sprintf("%s (%s)", each.Fingerprint, each.KeyKind))
	}
	message := "no signer's key: " + strings.Join(named, ", ")
	if more := len(l.refused) - len(named); more > 0 {
		message += fmt.Sprintf(" and %d more", more)
	}
	if l.cause != tooManyKeys && len(l.refused) < maxAuthTries {
		return message
	}
	return message + fmt.Sprintf("; it tried %d and sshd stops after %d: "+
		"`IdentitiesOnly yes` with its IdentityFile makes ssh offer the signer's own", len(l.refused), maxAuthTries)
}
