package http1

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func reader(text string) *bufio.Reader { return bufio.NewReaderSize(strings.NewReader(text), MaxHead) }

const (
	get  = "GET /x?y=%2f HTTP/1.1\r\nhost: a\r\n\r\n"
	post = "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabcGET"
)

func TestReadRequest(t *testing.T) {
	request, err := ReadRequest(reader(get))
	if err != nil || request.Method != "GET" || request.RequestURI != "/x?y=%2f" || request.ContentLength != 0 {
		t.Errorf("got %+v, %v", request, err)
	}
	for name, text := range map[string]string{
		"with a length": post,
		"in chunks":     "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\nGET",
		"of HTTP/1.0":   strings.Replace(post, "1.1", "1.0", 1),
	} {
		from := reader(text)
		request, err := ReadRequest(from)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, err := ReadBody(request.Body, request.ContentLength, 3)
		rest, _ := io.ReadAll(from)
		if err != nil || string(body) != "abc" || string(rest) != "GET" {
			t.Errorf("%s: got %q, %v, and behind it %q", name, body, err, rest)
		}
	}
}

func TestReadRequestRejects(t *testing.T) {
	with := func(field string) string { return strings.Replace(get, "host: a", "host: a\r\n"+field, 1) }
	for name, text := range map[string]string{
		"a line feed alone behind the request line": strings.Replace(get, "\r\n", "\n", 1),
		"line feeds alone":                          strings.ReplaceAll(get, "\r\n", "\n"),
		"a carriage return in a line":               with("x: a\rb: c"),
		"a zero byte":                               with("x: \x00"),
		"another control character":                 with("x: \x1b"),
		"a deleted character":                       with("x: \x7f"),
		"a header that goes on":                     with("x: a\r\n b"),
		"a header that begins with a space":         with(" x: a"),
		"a space before the colon":                  with("x : a"),
		"no colon":                                  with("x"),
		"no name":                                   with(": a"),
		"two lengths":                               with("content-length: 0\r\ncontent-length: 0"),
		"a list of lengths":                         with("content-length: 0, 0"),
		"a length with a sign":                      with("content-length: +1"),
		"a negative length":                         with("content-length: -1"),
		"no length":                                 with("content-length:"),
		"a length that is hex":                      with("content-length: 0x1"),
		"a length of too many digits":               with("content-length: 99999999999999999999"),
		"a length and chunks":                       with("content-length: 1\r\ntransfer-encoding: chunked"),
		"another encoding":                          with("transfer-encoding: gzip, chunked"),
		"chunks of HTTP/1.0":                        strings.Replace(with("transfer-encoding: chunked"), "1.1", "1.0", 1),
		"two hosts":                                 with("host: b"),
		"no host":                                   "GET / HTTP/1.1\r\n\r\n",
		"no version":                                "GET /\r\n\r\n",
		"another version":                           "GET / HTTP/2.0\r\nhost: a\r\n\r\n",
		"a version of more digits":                  "GET / HTTP/1.10\r\nhost: a\r\n\r\n",
		"two spaces":                                "GET  / HTTP/1.1\r\nhost: a\r\n\r\n",
		"a space in the target":                     "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n",
		"an empty line first":                       "\r\n" + get,
		"a method that is none":                     "G@T / HTTP/1.1\r\nhost: a\r\n\r\n",
		"a head without an end":                     "GET / HTTP/1.1\r\nx: " + strings.Repeat("y", MaxHead),
	} {
		if request, err := ReadRequest(reader(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %+v, %v, want %v", name, request, err, ErrMalformed)
		}
	}
	for text, want := range map[string]error{"": io.EOF, "GET / HT": io.EOF} {
		if _, err := ReadRequest(reader(text)); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
}

func TestReadBodyRejects(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       error
	}{
		{"more than the limit", "content-length: 4\r\n\r\nabcd", ErrLarge},
		{"more than the limit in chunks", "transfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", ErrLarge},
		{"less than its length", "content-length: 3\r\n\r\nab", ErrMalformed},
		{"a chunk of a bad size", "transfer-encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n", ErrMalformed},
		{"a chunk of a negative size", "transfer-encoding: chunked\r\n\r\n-1\r\nab\r\n0\r\n\r\n", ErrMalformed},
		{"a line feed alone behind a size", "transfer-encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n", ErrMalformed},
		{"chunks without an end", "transfer-encoding: chunked\r\n\r\n1\r\na\r\n", ErrMalformed},
	} {
		request, err := ReadRequest(reader("POST / HTTP/1.1\r\nhost: a\r\n" + test.text))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if body, err := ReadBody(request.Body, request.ContentLength, 3); !errors.Is(err, test.want) {
			t.Errorf("%s: got %q, %v, want %v", test.name, body, err, test.want)
		}
	}
}

func TestUnzip(t *testing.T) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = writer.Write([]byte("a page"))
	writer.Close()
	for _, test := range []struct {
		name  string
		body  []byte
		limit int
		want  error
	}{
		{"a page", packed.Bytes(), 6, nil},
		{"more than the limit", packed.Bytes(), 5, ErrLarge},
		{"one that ends early", packed.Bytes()[:packed.Len()-1], 6, ErrMalformed},
		{"no gzip", []byte("a page"), 6, ErrMalformed},
		{"nothing", nil, 6, ErrMalformed},
	} {
		got, err := Unzip(test.body, test.limit)
		if !errors.Is(err, test.want) || err == nil && string(got) != "a page" {
			t.Errorf("%s: got %q, %v, want %v", test.name, got, err, test.want)
		}
	}
}

func TestReadResponse(t *testing.T) {
	read := func(text string) (int, string, error) {
		response, err := ReadResponse(reader(text), &http.Request{Method: "POST"})
		if err != nil {
			return 0, "", err
		}
		body, err := ReadBody(response.Body, response.ContentLength, 10)
		return response.StatusCode, string(body), err
	}
	for name, text := range map[string]string{
		"with a length":          "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
		"in chunks":              "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"up to the end":          "HTTP/1.0 200 OK\r\n\r\n{}",
		"without a word of good": "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}",
	} {
		if status, body, err := read(text); status != 200 || body != "{}" || err != nil {
			t.Errorf("%s: got %d %q, %v", name, status, body, err)
		}
	}
	for name, text := range map[string]string{
		"ssh":              "SSH-2.0-OpenSSH_10.0\r\n\r\n",
		"a bad length":     "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}",
		"a bad status":     "HTTP/1.1 2000 OK\r\n\r\n",
		"line feeds alone": "HTTP/1.1 200 OK\ncontent-length: 2\n\n{}" + strings.Repeat("\n", MaxHead),
		"a cut body":       "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
	} {
		if status, body, err := read(text); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %d %q, %v, want %v", name, status, body, err, ErrMalformed)
		}
	}
}

// FuzzReadRequest looks for a request that net/http would read in another way than it was checked.
func FuzzReadRequest(f *testing.F) {
	f.Add(get)
	f.Add(post)
	f.Fuzz(func(t *testing.T, text string) {
		request, err := ReadRequest(reader(text))
		if err != nil {
			return
		}
		head, _, ok := strings.Cut(text, "\r\n\r\n")
		if !ok || strings.ContainsAny(strings.ReplaceAll(head, "\r\n", ""), "\r\n\x00") {
			t.Fatalf("accepted the head %q", head)
		}
		if len(request.TransferEncoding) > 0 && strings.Contains(strings.ToLower(head), "\r\ncontent-length:") {
			t.Fatalf("accepted a length and chunks: %q", head)
		}
		if want := strings.Split(strings.Split(head, "\r\n")[0], " ")[1]; request.RequestURI != want {
			t.Fatalf("read the target %q, want %q", request.RequestURI, want)
		}
	})
}
