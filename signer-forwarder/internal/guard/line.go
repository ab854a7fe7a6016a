package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"remote-signer-cloud/internal/payload"
)

// lineSize is the length of a mark's line, with the checksum and the newline.
const lineSize = 36 + 1 + 14 + 1 + 8 + 1 + 11 + 1 + 11 + 1 + 64 + 1 + 14 + 1 + 8 + 1

// format returns a mark's line: address, kind, chain, level, round, digest, time in ms, checksum. It is
// done for each signature, so it does without fmt.
func format(m Mark) []byte {
	line := make([]byte, 0, lineSize)
	line = append(append(line, m.Address...), ' ')
	line = append(pad(line, 36+1), m.Kind.String()...)
	line = append(pad(line, 36+1+14), ' ')
	line = append(hex.AppendEncode(line, m.Chain[:]), ' ')
	line = appendRight(line, int64(m.Level), 11)
	line = appendRight(line, int64(m.Round), 11)
	line = append(hex.AppendEncode(line, m.Digest[:]), ' ')
	line = appendRight(line, m.At.UnixMilli(), 14)
	sum := crc32.ChecksumIEEE(line)
	line = hex.AppendEncode(line, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(line, '\n')
}

// pad adds spaces up to a length.
func pad(line []byte, length int) []byte {
	for len(line) < length {
		line = append(line, ' ')
	}
	return line
}

// appendRight adds a number, at the right of so many columns, and a space.
func appendRight(line []byte, number int64, columns int) []byte {
	digits := strconv.AppendInt(nil, number, 10)
	return append(append(pad(line, len(line)+columns-len(digits)), digits...), ' ')
}

// parse reads a mark's line. It takes nothing that format would not write.
func parse(line string) (Mark, error) {
	words := strings.Fields(line)
	if len(words) != 8 {
		return Mark{}, fmt.Errorf("found %d words, wanted 8", len(words))
	}
	var m Mark
	m.Address = words[0]
	for _, kind := range payload.Kinds {
		if words[1] == kind.String() {
			m.Kind = kind
		}
	}
	level, err1 := strconv.ParseInt(words[3], 10, 32)
	round, err2 := strconv.ParseInt(words[4], 10, 32)
	millis, err3 := strconv.ParseInt(words[6], 10, 64)
	m.Level, m.Round, m.At = int32(level), int32(round), time.UnixMilli(millis)
	err4, err5 := decode(m.Chain[:], words[2]), decode(m.Digest[:], words[5])
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return m, err
	}
	if string(format(m)) != line {
		return m, errors.New("found another checksum or form, wanted that of its words")
	}
	return m, nil
}

func decode(into []byte, text string) error {
	bytes, err := hex.DecodeString(text)
	if err == nil && len(bytes) != len(into) {
		err = fmt.Errorf("found %d bytes, wanted %d", len(bytes), len(into))
	}
	copy(into, bytes)
	return err
}
