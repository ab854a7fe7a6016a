// Package http1 reads HTTP/1.1, strictly, from both sides of the gateway.
//
// Go's net/http parses. It is made for a web that is not strict: it takes a line feed for a line end, a
// header that goes on in the next line, a length beside chunks, and more. Each of these may mean
// something else to the program behind the gateway, so a head is checked here before net/http sees it.
package http1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// MaxHead is the largest head that is read, in bytes. A baker's has about 200.
const MaxHead = 8 << 10

// ErrMalformed says that bytes are not HTTP/1.1, or could be read in two ways.
var ErrMalformed = errors.New("malformed HTTP")

// ReadRequest reads the head of a request, from a reader that has room for MaxHead bytes. The request's
// body is read from the same reader. The error is one of the reader, before the first byte or within
// the head, or it wraps ErrMalformed.
func ReadRequest(r *bufio.Reader) (*http.Request, error) {
	if err := checkHead(r, checkRequestLine); err != nil {
		return nil, err
	}
	request, err := http.ReadRequest(r)
	if err == nil && request.ProtoMinor == 1 && request.Host == "" {
		return nil, fmt.Errorf("%w: no host", ErrMalformed)
	}
	return request, classify(err)
}

// ReadResponse reads the head of a response, as ReadRequest does. The request tells whether it has a body.
func ReadResponse(r *bufio.Reader, request *http.Request) (*http.Response, error) {
	if err := checkHead(r, checkStatusLine); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(r, request)
	return response, classify(err)
}

// checkHead waits for a whole head, leaves it in the reader, and checks it.
func checkHead(r *bufio.Reader, checkFirst func(string) (isOld bool, err error)) error {
	head, err := peekHead(r)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(head), "\r\n\r\n"), "\r\n")
	isOld, err := checkFirst(lines[0])
	if err != nil {
		return err
	}
	return checkFields(lines[1:], isOld)
}

// peekHead returns the bytes up to the first empty line.
func peekHead(r *bufio.Reader) ([]byte, error) {
	for size := 1; ; size = r.Buffered() + 1 {
		_, err := r.Peek(size)
		head, _ := r.Peek(r.Buffered())
		end := bytes.Index(head, []byte("\r\n\r\n"))
		if end >= 0 {
			head = head[:end+4]
		}
		if problem := findControl(head); problem != nil {
			return nil, problem
		}
		switch {
		case end >= 0:
			return head, nil
		case len(head) >= MaxHead || errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("%w: a head of more than %d bytes", ErrMalformed, MaxHead)
		case err != nil:
			return nil, err
		}
	}
}

// findControl rejects control characters. A line ends with both of its two.
func findControl(head []byte) error {
	for i, c := range head {
		switch {
		case c == '\r' && (i+1 == len(head) || head[i+1] == '\n'), c == '\n' && i > 0 && head[i-1] == '\r', c == '\t':
		case c < ' ' || c == 0x7f:
			return fmt.Errorf("%w: the byte %#02x in a head", ErrMalformed, c)
		}
	}
	return nil
}

func checkRequestLine(line string) (isOld bool, err error) {
	words := strings.Split(line, " ")
	if len(words) != 3 || !isToken(words[0]) || words[1] == "" {
		return false, fmt.Errorf("%w: the request line", ErrMalformed)
	}
	return checkVersion(words[2])
}

func checkStatusLine(line string) (isOld bool, err error) {
	version, _, _ := strings.Cut(line, " ")
	return checkVersion(version)
}

func checkVersion(version string) (isOld bool, err error) {
	if version != "HTTP/1.1" && version != "HTTP/1.0" {
		return false, fmt.Errorf("%w: the version", ErrMalformed)
	}
	return version == "HTTP/1.0", nil
}

// checkFields checks the lines of a head behind its first. HTTP/1.0, the old version, has no chunks.
func checkFields(lines []string, isOld bool) error {
	var lengths, codings, hosts int
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		// A line that goes on from the one before begins with a space, which no name does.
		if !ok || !isToken(name) {
			return fmt.Errorf("%w: a header's name", ErrMalformed)
		}
		value = strings.Trim(value, " \t")
		switch {
		case strings.EqualFold(name, "content-length"):
			lengths++
			if value == "" || strings.Trim(value, "0123456789") != "" {
				return fmt.Errorf("%w: the length", ErrMalformed)
			}
		case strings.EqualFold(name, "transfer-encoding"):
			codings++
			if isOld || !strings.EqualFold(value, "chunked") {
				return fmt.Errorf("%w: the transfer encoding", ErrMalformed)
			}
		case strings.EqualFold(name, "host"):
			hosts++
		}
	}
	if lengths+codings > 1 || hosts > 1 {
		return fmt.Errorf("%w: two lengths, encodings or hosts", ErrMalformed)
	}
	return nil
}

// isToken reports whether a text can be a method or the name of a header (RFC 9110, section 5.6.2).
func isToken(text string) bool {
	const symbols = "!#$%&'*+-.^_`|~"
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.Contains(symbols, string(rune(c))) {
			return false
		}
	}
	return text != ""
}
