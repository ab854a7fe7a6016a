package main

import (
	"fmt"
	"strings"
)

// sshUser is the one name that signers log in with.
const sshUser = "signer"

// journal is what sshd has said about a connection that has not logged in.
type journal struct {
	offered []string
	refused []event
	lacking []event // proofs of a signer's security key
	user    string
	cause   string
	trouble string
}

const (
	// maxAuthTries is sshd_config's MaxAuthTries: after so many keys that are nobody's, sshd hears no further one.
	maxAuthTries = 6
	// maxKeysNoted is how many keys of a client are looked at; a client may name a signer's public key as often as it likes.
	maxKeysNoted = 2 * maxAuthTries
	// maxKeysInLine is how many keys of a client a line names.
	maxKeysInLine = 4
)

func (j *journal) note(found event) {
	switch found.kind {
	case keyOffered:
		if len(j.offered) < maxKeysNoted {
			j.offered = append(j.offered, found.fingerprint)
		}
	case keyRefused:
		if len(j.refused) < maxKeysNoted {
			j.refused = append(j.refused, found)
		}
	case proofLacking:
		if len(j.lacking) < maxKeysNoted {
			j.lacking = append(j.lacking, found)
		}
	case userRefused:
		j.user = found.user
	case left:
		j.cause = found.text
	case trouble:
		j.trouble = found.text
	}
}

// verdict is why a connection did not become a session: with the signer that it concerns, if any, a sentence for the log
// and a word for the metrics.
type verdict struct {
	signer, sentence, word string
}

// judge tells why a connection was refused. `former` are the signers of keys that were removed, by fingerprint.
func (j *journal) judge(keys signerKeys, former map[string]string) verdict {
	removed := func(fingerprint string) verdict {
		return verdict{former[fingerprint], fmt.Sprintf("its key was removed or changed (%s)", fingerprint), "signer"}
	}
	for _, each := range j.lacking {
		if key, isKnown := keys.find(each.fingerprint); isKnown {
			return verdict{key.signer, lackingSentence(each), "signer"}
		}
	}
	for _, each := range j.refused {
		if key, isKnown := keys.find(each.fingerprint); isKnown {
			return verdict{key.signer, fmt.Sprintf("the signature is not by its key (%s)", each.fingerprint), "signer"}
		}
		if former[each.fingerprint] != "" {
			return removed(each.fingerprint)
		}
	}
	for _, fingerprint := range j.offered {
		if key, isKnown := keys.find(fingerprint); isKnown {
			return verdict{key.signer, fmt.Sprintf("its key was named, but nothing signed with it (%s)", fingerprint), "signer"}
		}
		if former[fingerprint] != "" {
			return removed(fingerprint)
		}
	}
	if j.user != "" {
		sentence := fmt.Sprintf("found the user name %q, wanted %q", j.user, sshUser)
		for _, name := range keys.names() {
			if j.user == name {
				return verdict{name, sentence, "signer"}
			}
		}
		return verdict{"", sentence, "user"}
	}
	if len(j.refused) > 0 {
		return verdict{"", j.keysSentence(), "key"}
	}
	if j.cause != "" {
		return verdict{"", "not logged in: " + j.cause, "left"}
	}
	if j.trouble != "" {
		return verdict{"", "not logged in: sshd said: " + j.trouble, "left"}
	}
	return verdict{"", "not logged in", "left"}
}

// lackingSentence says what a security key's signature lacks, and what helps.
func lackingSentence(found event) string {
	if found.text == "verification" {
		return fmt.Sprintf("its security key signed without knowing its user (%s): sshd wants a PIN or a fingerprint", found.fingerprint)
	}
	return fmt.Sprintf("its security key signed without a touch (%s): the signer needs noTouchRequired, "+
		"or a key that was made without `-O no-touch-required`", found.fingerprint)
}

// keysSentence says which keys a client tried that are no signer's, and whether sshd stopped it before it was through.
func (j *journal) keysSentence() string {
	var named []string
	for _, each := range j.refused[:min(len(j.refused), maxKeysInLine)] {
		named = append(named, fmt.Sprintf("%s (%s)", each.fingerprint, each.keyKind))
	}
	sentence := "no signer's key: " + strings.Join(named, ", ")
	if more := len(j.refused) - len(named); more > 0 {
		sentence += fmt.Sprintf(" and %d more", more)
	}
	if j.cause != tooManyKeys && len(j.refused) < maxAuthTries {
		return sentence
	}
	return sentence + fmt.Sprintf("; it tried %d and sshd stops after %d: "+
		"`IdentitiesOnly yes` with its IdentityFile makes ssh offer the signer's own", len(j.refused), maxAuthTries)
}
