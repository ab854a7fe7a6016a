// Package keys reads the keys that the forwarder is given: the signers' public keys from an
// authorized_keys file, and the host keys from the folder of a mounted Secret.
//
// It rejects whatever sshd could understand differently, so nothing reaches sshd unread.
package keys

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// SignerKey is a line of authorized_keys: a key, the signer that it identifies, and what it permits.
type SignerKey struct {
	PublicKey
	Signer string

	line      string // as it was read
	ports     []string
	touchless bool // a security key's signature counts without a touch
}

// forSSHD returns the line that sshd gets. It is rebuilt from the parsed fields, so it contains
// nothing that was not read.
func (k SignerKey) forSSHD() string {
	options := "restrict,port-forwarding"
	for _, port := range k.ports {
		options += fmt.Sprintf(",permitlisten=%q", port)
	}
	if k.touchless {
		options += "," + noTouch
	}
	return options + " " + k.Text + " " + k.Signer
}

// SignerKeys are the keys of all signers, in the order of the file. If two lines have the same key,
// sshd uses the first, and so does Find.
type SignerKeys []SignerKey

var signerName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// IsSignerName reports whether a signer can have this name.
func IsSignerName(name string) bool { return signerName.MatchString(name) }

// noTouch is the only option that a line may have beyond those that every line has. Only a security
// key may have it.
const noTouch = "no-touch-required"

// ReadAuthorizedKeys reads the file authorized_keys of a folder. It also returns the file's text,
// which tells one version of the file from another even if both are bad.
func ReadAuthorizedKeys(folder string) (string, SignerKeys, error) {
	file := filepath.Join(folder, "authorized_keys")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", nil, fmt.Errorf("no signers: found no file %s; wanted one line for each key of a signer", file)
	}
	keys, err := ParseAuthorizedKeys(string(text))
	if err != nil {
		return string(text), nil, fmt.Errorf("unusable signers: %s: %w", file, err)
	}
	return string(text), keys, nil
}

// ParseAuthorizedKeys parses the lines `restrict,port-forwarding,permitlisten="<port>",… <type> <base64> <signer>`.
// A security key may also have the option no-touch-required.
//
// It rejects all other options, and lines without these. A line without `restrict`, for example, would
// let its key do more than open its own forwards.
func ParseAuthorizedKeys(text string) (SignerKeys, error) {
	var keys SignerKeys
	for i, line := range strings.Split(text, "\n") {
		if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		key, err := parseSignerKey(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseSignerKey(line string) (SignerKey, error) {
	words := strings.Fields(line)
	if len(words) != 4 {
		return SignerKey{}, fmt.Errorf("found %d words; wanted options, type, key and the signer's name", len(words))
	}
	key, err := parsePublicKey(words[1] + " " + words[2])
	if err != nil {
		return SignerKey{}, err
	}
	name := words[3]
	if !IsSignerName(name) {
		return SignerKey{}, fmt.Errorf("found the name %q; wanted lower-case letters, digits and hyphens", name)
	}
	ports, touchless, err := parseOptions(words[0])
	if err != nil {
		return SignerKey{}, fmt.Errorf("%s: %w", name, err)
	}
	if touchless && !strings.HasPrefix(words[1], "sk-") {
		return SignerKey{}, fmt.Errorf("%s: found the option %s of a key of type %s; wanted it of a security key (sk-…) alone",
			name, noTouch, words[1])
	}
	return SignerKey{PublicKey: key, Signer: name, line: line, ports: ports, touchless: touchless}, nil
}

func parseOptions(text string) (ports []string, touchless bool, err error) {
	var others []string
	for _, option := range strings.Split(text, ",") {
		if option == noTouch && !touchless {
			touchless = true
			continue
		}
		value, ok := strings.CutPrefix(option, "permitlisten=")
		if !ok {
			others = append(others, option)
			continue
		}
		port, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 16)
		if err != nil || port == 0 || value != fmt.Sprintf(`"%d"`, port) {
			return nil, false, fmt.Errorf(`found %s; wanted permitlisten="<port>"`, option)
		}
		ports = append(ports, strconv.FormatUint(port, 10))
	}
	slices.Sort(others)
	if len(ports) == 0 || !slices.Equal(others, []string{"port-forwarding", "restrict"}) {
		return nil, false, fmt.Errorf(`found the options %s; wanted restrict,port-forwarding,permitlisten="<port>"`, text)
	}
	return ports, touchless, nil
}

// ForSSHD returns the text of the authorized_keys file that sshd gets.
func (s SignerKeys) ForSSHD() string {
	var text strings.Builder
	for _, key := range s {
		fmt.Fprintln(&text, key.forSSHD())
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
