// Package daemon asks the signer daemon: octez-signer, or another program with its HTTP interface, such
// as tezsign's and Signatory.
package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// octez-signer has 100 connections at most, and lets the next one wait for ever (Octez 25,
// src/lib_rpc_http/RPC_server.ml). Signatures and questions have places of their own, so that neither
// waits for the other. The gateway has 32 requests at most in a tunnel.
const (
	maxSignatures  = 64
	maxQuestions   = 16
	maxConnections = maxSignatures + maxQuestions + 1 // one to look at it
)

const (
	// maxAnswer is the largest answer, in bytes. The largest one, a list of authorized keys, has 40 a key.
	maxAnswer = 64 << 10
	// dialTime is enough for a program on the same host that is busy.
	dialTime = time.Second
	// idleTime is how long a connection is kept that is in no use. tezsign closes one after 60 s.
	idleTime = 50 * time.Second
)

// ErrFull says that as many requests for signatures are under way as may be.
var ErrFull = errors.New("as many requests for signatures are under way as may be")

// Daemon is the signer daemon, and the one pool of connections to it.
type Daemon struct {
	address    *url.URL
	transport  *http.Transport
	signatures chan struct{}
	questions  chan struct{}
	doubt      chan struct{}
}

// Request is what the daemon is asked.
type Request struct {
	Method string
	// Target is the path and the query string. It is passed on as it is.
	Target string
	// Accept and ContentType are headers; empty: none.
	Accept, ContentType string
	Body                []byte
}

// Answer is the daemon's answer.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// New returns the daemon at a URL: a scheme, a host and a port. Nothing is dialled.
func New(address *url.URL) *Daemon {
	dialer := &net.Dialer{Timeout: dialTime}
	return &Daemon{
		address: address,
		// Neither a proxy of the environment, nor compression, nor HTTP/2: what came is passed on.
		transport: &http.Transport{
			DialContext:            dialer.DialContext,
			DisableCompression:     true,
			MaxConnsPerHost:        maxConnections,
			MaxIdleConns:           maxConnections,
			MaxIdleConnsPerHost:    maxConnections,
			IdleConnTimeout:        idleTime,
			MaxResponseHeaderBytes: 16 << 10,
		},
		signatures: make(chan struct{}, maxSignatures),
		questions:  make(chan struct{}, maxQuestions),
		doubt:      make(chan struct{}, 1),
	}
}

// Sign passes on a request for a signature. It doesn't wait for a place: the error is ErrFull then.
func (d *Daemon) Sign(ctx context.Context, r Request) (Answer, error) {
	select {
	case d.signatures <- struct{}{}:
	default:
		return Answer{}, ErrFull
	}
	defer func() { <-d.signatures }()
	return d.exchange(ctx, r)
}

// questionTime is how long any other request may take. The daemon answers these without its device.
const questionTime = 3 * time.Second

// Ask passes on any other request. If there is no answer in time, the daemon is looked at.
func (d *Daemon) Ask(ctx context.Context, r Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, questionTime)
	defer cancel()
	select {
	case d.questions <- struct{}{}:
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
	defer func() { <-d.questions }()
	answer, err := d.exchange(ctx, r)
	if errors.Is(err, context.DeadlineExceeded) {
		select {
		case d.doubt <- struct{}{}:
		default:
		}
	}
	return answer, err
}

// exchange sends a request and reads the whole of its answer.
func (d *Daemon) exchange(ctx context.Context, r Request) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, "", bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, err
	}
	// Opaque is written as it is, without a look at what is in it.
	request.URL = &url.URL{Scheme: d.address.Scheme, Host: d.address.Host, Opaque: r.Target}
	// A kept connection may have ended at the daemon's end. With the second header, which is not sent, the
	// request is then sent again on a new one, a POST as well: the same bytes have the same signature.
	request.Header = http.Header{"User-Agent": nil, "Idempotency-Key": nil}
	for name, value := range map[string]string{"Accept": r.Accept, "Content-Type": r.ContentType} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := d.transport.RoundTrip(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return Answer{}, err
	}
	if len(body) > maxAnswer {
		return Answer{}, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	return Answer{response.StatusCode, response.Header.Get("Content-Type"), body}, nil
}
