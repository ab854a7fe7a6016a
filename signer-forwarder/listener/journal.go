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
	user    string
	cause   string
	trouble string
}

// maxKeysInLine is how many keys of a client a line names.
const maxKeysInLine = 4

func (j *journal) note(found event) {
	switch found.kind {
	case keyOffered:
		if len(j.offered) < maxKeysInLine {
			j.offered = append(j.offered, found.fingerprint)
		}
	case keyRefused:
		if len(j.refused) < maxKeysInLine {
			j.refused = append(j.refused, found)
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
		var keys []string
		for _, each := range j.refused {
			keys = append(keys, fmt.Sprintf("%s (%s)", each.fingerprint, each.keyKind))
		}
		return verdict{"", "no signer's key: " + strings.Join(keys, ", "), "key"}
	}
	if j.cause != "" {
		return verdict{"", "not logged in: " + j.cause, "left"}
	}
	if j.trouble != "" {
		return verdict{"", "not logged in: sshd said: " + j.trouble, "left"}
	}
	return verdict{"", "not logged in", "left"}
}
