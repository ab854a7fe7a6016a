package payload

import (
	"encoding/hex"
	"regexp"
	"strings"
)

var address = regexp.MustCompile(`^tz[1-4][1-9A-HJ-NP-Za-km-z]{33}$`)

// IsAddress reports whether a text has the form of a key's address: tz1 to tz4, of 36 letters.
func IsAddress(text string) bool { return address.MatchString(text) }

// IsBLS reports whether an address is of a tz4 key, whose votes have no slot.
func IsBLS(address string) bool { return strings.HasPrefix(address, "tz4") }

// Decode returns the bytes in the body of a request for a signature: a JSON string of hex digits, without
// escapes. The white space around it is the caller's to cut off; Octez writes a newline behind it.
func Decode(body []byte) ([]byte, bool) {
	if len(body) < 2 || body[0] != '"' || body[len(body)-1] != '"' {
		return nil, false
	}
	digits := body[1 : len(body)-1]
	signed := make([]byte, hex.DecodedLen(len(digits)))
	_, err := hex.Decode(signed, digits)
	return signed, err == nil
}
