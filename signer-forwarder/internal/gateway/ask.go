package gateway

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/guard"
)

const (
	// maxBody is the largest body, in bytes. A baker's block has 824, with both quotes.
	maxBody = 1 << 20
	// maxChunked is the largest body that does not announce its length.
	maxChunked = 12_000
)

// ask is what a baker asks for: what the gateway has understood of a request.
type ask struct {
	method string
	// target is the path and the query string, as they came. It is passed on unchanged.
	target string
	path   string
	// address is of the key in the path; empty for /authorized_keys.
	address string
	// contentType and accept are passed on: octez-signer answers 415 to a body of another type.
	contentType, accept string
	// encoding is what may be done to the answer to make it smaller; empty: nothing.
	encoding string
	body     []byte
	key      config.Key
	guarded  guard.Request
	// signs says that `guarded` was read.
	signs bool
	// isDirect says that a router asks, which knows other replicas: see direct.go.
	isDirect bool
	// wantsState says that a router wants to know how the signer is: see direct.go.
	wantsState bool
}

// hold is how long it may wait for a tunnel that is not there. A router waits itself.
func (a *ask) hold() time.Duration {
	if a.isDirect {
		return 0
	}
	return holdTime
}

// kind says what is asked for, for the log.
func (a *ask) kind() string {
	switch {
	case a.signs:
		return a.guarded.Kind.String()
	case a.wantsState:
		return "state"
	case a.address == "":
		return "authorized_keys"
	default:
		return "public_key"
	}
}

// readHead decides by the head of a request whether it may pass. Keys are those that bakers may ask for
// at this port, by address.
func readHead(request *http.Request, keys map[string]config.Key) (*ask, Refusal) {
	target := request.RequestURI
	path, _, _ := strings.Cut(target, "?")
	a := &ask{
		method: request.Method, target: target, path: path,
		contentType: request.Header.Get("content-type"), accept: request.Header.Get("accept"),
	}
	// A target with a host in it, another protocol, or a GET with a body: nobody needs these, and to what
	// is behind us they might mean something else than to us.
	if !strings.HasPrefix(target, "/") {
		a.path = request.URL.EscapedPath()
		return a, RefusedMalformed
	}
	rest, isDirect := cutDirect(target)
	if isDirect {
		a.isDirect, a.target, path = true, rest, strings.TrimPrefix(path, directPrefix)
	}
	hasBody := request.ContentLength != 0 || len(request.TransferEncoding) > 0
	if request.Header.Get("upgrade") != "" || request.Method == http.MethodGet && hasBody {
		return a, RefusedMalformed
	}
	if address, ok := strings.CutPrefix(path, "/keys/"); ok && address != "" && !strings.Contains(address, "/") {
		a.address = address
	} else if isDirect && path == statePath {
		a.wantsState = true
	} else if path != "/authorized_keys" {
		return a, RefusedPath
	}
	if request.Method != http.MethodGet && (request.Method != http.MethodPost || a.address == "") {
		return a, RefusedMethod
	}
	if a.address == "" {
		return a, ""
	}
	key, ok := keys[a.address]
	if !ok {
		return a, RefusedKey
	}
	a.key = key
	return a, ""
}

// readBody decides by the body of a POST whether it may pass, but for the guard.
func (a *ask) readBody(body []byte) Refusal {
	a.body = body
	signed, ok := payload.Decode(bytes.TrimRight(body, " \t\r\n"))
	if !ok {
		return RefusedMalformed
	}
	read, err := payload.Read(signed, payload.IsBLS(a.address))
	if errors.Is(err, payload.ErrMagic) {
		return RefusedMagic
	}
	if err != nil {
		return RefusedMalformed
	}
	a.signs = true
	a.guarded = guard.Request{
		Payload: read, Address: a.address, Digest: sha256.Sum256(signed), BlockTime: a.key.BlockTime,
	}
	if a.key.Chain != nil && *a.key.Chain != read.Chain {
		return RefusedChain
	}
	return ""
}
