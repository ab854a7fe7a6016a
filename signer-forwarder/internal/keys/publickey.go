package keys

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// PublicKey is a public key in the forms that sshd writes.
type PublicKey struct {
	Text        string // "<type> <base64>"
	Fingerprint string // "SHA256:…"
	Kind        string // its type's short name: "ED25519"
}

// parsePublicKey parses "<type> <base64>", with or without a comment at the end.
func parsePublicKey(text string) (PublicKey, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return PublicKey{}, errors.New("found no public key; wanted a type and a key")
	}
	blob, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		return PublicKey{}, errors.New("found a key that is not base64")
	}
	// A key is a list of fields. The first is its type.
	fields, ok := splitFields(blob)
	if !ok || len(fields) < 2 {
		return PublicKey{}, errors.New("found a key that is not whole")
	}
	if string(fields[0]) != words[0] {
		return PublicKey{}, fmt.Errorf("found a key that is not of the type %.40q", words[0])
	}
	sum := sha256.Sum256(blob)
	fingerprint := "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
	return PublicKey{words[0] + " " + words[1], fingerprint, kindOf(words[0])}, nil
}

// splitFields splits a key's bytes into fields, each preceded by its length. It reports whether the
// last field ends with the bytes.
func splitFields(blob []byte) ([][]byte, bool) {
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

// kindOf returns the short name of a key type, as ssh-keygen prints it.
func kindOf(keyType string) string {
	base, isHardware := strings.CutPrefix(keyType, "sk-")
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
