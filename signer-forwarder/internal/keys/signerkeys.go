// Package keys reads the keys that the forwarder is given: the signers' public keys from its
// configuration, and the host keys from the folder of a mounted Secret.
//
// It rejects whatever sshd could understand differently, so nothing reaches sshd unread.
package keys

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// SignerKey is a key, the signer that it identifies, and what it permits.
type SignerKey struct {
	PublicKey
	Signer string

	line string // of authorized_keys, as sshd gets it
}

// SignerKeys are the keys of all signers, in the order of the configuration. If two have the same key,
// sshd uses the first, and so does Find.
type SignerKeys []SignerKey

var signerName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// IsSignerName reports whether a signer can have this name.
func IsSignerName(name string) bool { return signerName.MatchString(name) }

// keyTypes are the types of keys that may log in.
var keyTypes = regexp.MustCompile(
	`^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)$`)

// NewSignerKey makes the key of a signer from its text, `<type> <base64>`. It permits to open forwards
// at these ports, and nothing else. `touchless` lets the signature of a security key count without a
// touch.
//
// The port alone, without an address, accepts every spelling of a -R. sshd binds loopback whatever was
// asked.
func NewSignerKey(signer, text string, ports []int, touchless bool) (SignerKey, error) {
	words := strings.Split(text, " ")
	if len(words) != 2 || !keyTypes.MatchString(words[0]) {
		return SignerKey{}, fmt.Errorf("found %.80q, wanted `<type> <base64>` of a type that ssh-keygen makes", text)
	}
	key, err := parsePublicKey(text)
	if err != nil {
		return SignerKey{}, err
	}
	line := "restrict,port-forwarding"
	for _, port := range ports {
		line += fmt.Sprintf(`,permitlisten="%d"`, port)
	}
	if touchless && strings.HasPrefix(words[0], "sk-") {
		line += ",no-touch-required"
	}
	return SignerKey{PublicKey: key, Signer: signer, line: line + " " + key.Text + " " + signer}, nil
}

// ForSSHD returns the text of the authorized_keys file that sshd gets.
func (s SignerKeys) ForSSHD() string {
	var text strings.Builder
	for _, key := range s {
		fmt.Fprintln(&text, key.line)
	}
	return text.String()
}

// Find returns the line of a key, by the key's text or its fingerprint.
func (s SignerKeys) Find(key string) (SignerKey, bool) {
	for _, each := range s {
		if each.Text == key || each.Fingerprint == key {
			return each, true
		}
	}
	return SignerKey{}, false
}

// Has reports whether a key's line is among these, word for word.
func (s SignerKeys) Has(key SignerKey) bool {
	return slices.ContainsFunc(s, func(each SignerKey) bool { return each.line == key.line })
}

// Names returns the signers, each once.
func (s SignerKeys) Names() []string {
	var names []string
	for _, key := range s {
		if !slices.Contains(names, key.Signer) {
			names = append(names, key.Signer)
		}
	}
	return names
}
