// Package proxy passes requests on to the signer daemon, and answers for its health. The way of a request
// leads through these files:
//
//	server.go   the limits of a client
//	proxy.go    which requests are answered, and how the daemon's answer is passed on
//	sign.go     a request for a signature: passed on once, whoever repeats it
//	statusz.go  the page of a key
package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"remote-signer-cloud/internal/once"
	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-host/internal/daemon"
	"remote-signer-cloud/signer-host/internal/device"
	"remote-signer-cloud/signer-host/internal/signed"
)

// Proxy answers the requests that come through the tunnel.
type Proxy struct {
	daemon  *daemon.Daemon
	device  *device.Device
	signed  *signed.Signed
	answers *once.Answers[place, question, daemon.Answer]
	options Options
}

// Options are what the proxy is told.
type Options struct {
	// Patience is how long a request for a signature may be under way.
	Patience time.Duration
	// Healthz answers /healthz.
	Healthz http.Handler
	// Marks returns the daemon's own watermarks of a key, as far as they can be known.
	Marks func(address string) map[payload.Kind]daemon.Mark
}

// New returns a proxy in front of a daemon.
func New(to *daemon.Daemon, behind *device.Device, counts *signed.Signed, options Options) *Proxy {
	return &Proxy{to, behind, counts, once.New[place, question, daemon.Answer](), options}
}

// ServeHTTP implements http.Handler. The path is taken as it came: what is not exactly one of these is
// not found. Not a ServeMux, which would lead a path that is not clean to another one.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if r.Method == http.MethodGet && r.ContentLength != 0 {
		// What is behind us might take the body for the next request.
		fail(w, http.StatusBadRequest, "A GET has no body.")
		return
	}
	key, isKey := address(path, "/keys/")
	page, isPage := address(path, "/statusz/")
	switch {
	case path == "/authorized_keys" && r.Method == http.MethodGet:
		p.greet(w, r)
	case isKey && r.Method == http.MethodGet:
		p.pass(w, r)
	case isKey && r.Method == http.MethodPost:
		p.sign(w, r, key)
	case path == "/healthz" && r.Method == http.MethodGet:
		limitWriting(w)
		p.options.Healthz.ServeHTTP(w, r)
	case isPage && r.Method == http.MethodGet:
		p.statusz(w, r, page)
	default:
		fail(w, http.StatusNotFound, "Not found.")
	}
}

// address returns the address of a key behind a prefix, which is all of the rest.
func address(path, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(path, prefix)
	return rest, ok && payload.IsAddress(rest)
}

// greet answers whether the daemon wants authenticated requests, unless the device can't sign: by this
// the gateway knows. If only a request for a signature can show that it can again, the daemon's answer is
// in that one: a baker asks for nothing else without it.
func (p *Proxy) greet(w http.ResponseWriter, r *http.Request) {
	status := p.device.Status()
	if status.State == device.Ready {
		p.pass(w, r)
		return
	}
	greeting := ""
	if status.MayAsk {
		if answer := p.ask(r); answer.Status == http.StatusOK {
			greeting = string(answer.Body)
		}
	}
	write(w, unable(status, greeting))
}

// pass passes on a request that nothing is signed by.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request) { write(w, p.ask(r)) }

func (p *Proxy) ask(r *http.Request) daemon.Answer {
	answer, err := p.daemon.Ask(r.Context(), request(r, nil))
	if err != nil {
		return unanswered(err)
	}
	return answer
}

// request is what the daemon gets of a client's request: the target and the body as they came, and the
// headers that it understands.
func request(r *http.Request, body []byte) daemon.Request {
	return daemon.Request{
		Method: r.Method, Target: r.RequestURI, Body: body,
		Accept: r.Header.Get("Accept"), ContentType: r.Header.Get("Content-Type"),
	}
}

// unable is the answer while the device can't sign. The greeting is what the daemon answers to
// /authorized_keys, if the device may be asked all the same; else empty.
func unable(status device.Status, greeting string) daemon.Answer {
	page, _ := json.Marshal(struct {
		Device   device.State `json:"device"`
		Since    string       `json:"since"`
		Greeting string       `json:"greeting,omitempty"`
	}{status.State, since(status), greeting})
	return daemon.Answer{Status: http.StatusServiceUnavailable, ContentType: "application/json", Body: append(page, '\n')}
}

func since(status device.Status) string { return status.Since.UTC().Format(time.RFC3339) }

// unanswered is the answer for a daemon that has not given one. Octez tries again after a 502, and after
// nothing else.
func unanswered(err error) daemon.Answer {
	text := "The signer daemon does not answer.\n"
	if errors.Is(err, context.DeadlineExceeded) {
		text = "The signer daemon did not answer in time.\n"
	}
	return daemon.Answer{Status: http.StatusBadGateway, ContentType: "text/plain", Body: []byte(text)}
}

// writeTime is how long an answer may take to be written. It fits into a socket's buffer, and a page of
// health is read from its sources meanwhile.
const writeTime = 5 * time.Second

func limitWriting(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime))
}

func write(w http.ResponseWriter, answer daemon.Answer) {
	limitWriting(w)
	w.Header().Set(once.Header, once.Joins)
	// A list of nothing keeps net/http from guessing a type.
	w.Header()["Content-Type"] = nil
	if answer.ContentType != "" {
		w.Header().Set("Content-Type", answer.ContentType)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.Body)))
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// fail answers what is not passed on. The connection ends, as there may be a body that nobody has read.
func fail(w http.ResponseWriter, status int, text string) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Second))
	w.Header().Set("Connection", "close")
	write(w, daemon.Answer{Status: status, ContentType: "text/plain", Body: []byte(text + "\n")})
}
