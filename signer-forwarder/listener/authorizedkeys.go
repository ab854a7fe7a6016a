package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// publicKey is a key as sshd names it.
type publicKey struct {
	text        string // "<type> <base64>"
	fingerprint string // "SHA256:…"
	kind        string // "ED25519"
}

// signerKey is a line of authorized_keys: a key, and the signer that it proves.
type signerKey struct {
	publicKey
	signer string
	line   string
	ports  []string
	// A security key's signature counts although nobody touched it.
	isTouchless bool
}

// forSshd is the line as sshd gets it: made anew, so that nothing is in it that we have not read.
func (k signerKey) forSshd() string {
	options := "restrict,port-forwarding"
	for _, port := range k.ports {
		options += fmt.Sprintf(",permitlisten=%q", port)
	}
	if k.isTouchless {
		options += "," + noTouch
	}
	return options + " " + k.text + " " + k.signer
}

// signerKeys are the keys of all signers, in the order of the file: of two lines with one key sshd takes the first.
type signerKeys []signerKey

var signerName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// noTouch is the one option that a line may have beyond those that each line has, and only a security key's.
const noTouch = "no-touch-required"

// parseAuthorizedKeys reads the lines `restrict,port-forwarding,permitlisten="<port>",… <type> <base64> <signer>`, of a
// security key also with the option no-touch-required.
//
// It takes no other options: a line that lost some of these would let its key do more than open its own listeners.
func parseAuthorizedKeys(text string) (signerKeys, error) {
	var keys signerKeys
	for index, line := range strings.Split(text, "\n") {
		if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		key, err := parseSignerLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", index+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseSignerLine(line string) (signerKey, error) {
	words := strings.Fields(line)
	if len(words) != 4 {
		return signerKey{}, fmt.Errorf("found %d words; wanted options, type, key and the signer's name", len(words))
	}
	key, err := parsePublicKey(words[1] + " " + words[2])
	if err != nil {
		return signerKey{}, err
	}
	name := words[3]
	if !signerName.MatchString(name) {
		return signerKey{}, fmt.Errorf("found the name %q; wanted lower-case letters, digits and hyphens", name)
	}
	ports, isTouchless, err := parseOptions(words[0])
	if err != nil {
		return signerKey{}, fmt.Errorf("%s: %w", name, err)
	}
	if isTouchless && !strings.HasPrefix(words[1], "sk-") {
		return signerKey{}, fmt.Errorf("%s: found the option %s of a key of type %s; wanted it of a security key (sk-…) alone", name, noTouch, words[1])
	}
	return signerKey{publicKey: key, signer: name, line: line, ports: ports, isTouchless: isTouchless}, nil
}

func parseOptions(text string) (ports []string, isTouchless bool, err error) {
	var others []string
	for _, option := range strings.Split(text, ",") {
		if option == noTouch && !isTouchless {
			isTouchless = true
			continue
		}
		value, isListen := strings.CutPrefix(option, "permitlisten=")
		if !isListen {
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
	return ports, isTouchless, nil
}

// parsePublicKey reads "<type> <base64>", with or without a comment behind.
func parsePublicKey(text string) (publicKey, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return publicKey{}, fmt.Errorf("found no public key; wanted a type and a key")
	}
	blob, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		return publicKey{}, fmt.Errorf("found a key that is not base64")
	}
	// A key is a list of fields, of which the first is its type.
	fields, isWhole := keyFields(blob)
	if !isWhole || len(fields) < 2 {
		return publicKey{}, fmt.Errorf("found a key that is not whole")
	}
	if string(fields[0]) != words[0] {
		return publicKey{}, fmt.Errorf("found a key that is not of the type %.40q", words[0])
	}
	sum := sha256.Sum256(blob)
	fingerprint := "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
	return publicKey{words[0] + " " + words[1], fingerprint, keyKind(words[0])}, nil
}

// keyFields splits a key's bytes into its fields, each behind its length; it tells whether that comes out even.
func keyFields(blob []byte) ([][]byte, bool) {
	var fields [][]byte
	for len(blob) >= 4 {
		length := uint64(binary.BigEndian.Uint32(blob))
		if length > uint64(len(blob)-4) {
			return nil, false
		}
		fields = append(fields, blob[4:4+length])
		blob = blob[4+length:]
	}
	return fields, len(blob) == 0
}

// keyKind gives the short name of a key's type, as ssh-keygen prints it.
func keyKind(name string) string {
	base, isHardware := strings.CutPrefix(name, "sk-")
	base, _ = strings.CutSuffix(base, "@openssh.com")
	kind := strings.ToUpper(strings.TrimPrefix(base, "ssh-"))
	if strings.HasPrefix(base, "ecdsa-") {
		kind = "ECDSA"
	}
	if isHardware {
		kind += "-SK"
	}
	return kind
}

// find gives the line of a key, by its text or its fingerprint.
func (keys signerKeys) find(text string) (signerKey, bool) {
	for _, key := range keys {
		if key.text == text || key.fingerprint == text {
			return key, true
		}
	}
	return signerKey{}, false
}

// has tells whether a line is there, word for word.
func (keys signerKeys) has(line string) bool {
	return slices.ContainsFunc(keys, func(key signerKey) bool { return key.line == line })
}

// names gives the signers, each once.
func (keys signerKeys) names() []string {
	var names []string
	for _, key := range keys {
		if !slices.Contains(names, key.signer) {
			names = append(names, key.signer)
		}
	}
	return names
}
