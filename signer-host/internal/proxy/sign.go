package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-host/internal/daemon"
	"remote-signer-cloud/signer-host/internal/device"
)

const (
	// maxBody is the largest body, in bytes: an operation of Tezos has 32 KiB at most, in hex twice that.
	// A baker's block has 824.
	maxBody = 128 << 10
	// bodyTime is how long a client may take to send it.
	bodyTime = 5 * time.Second
)

// place is what has one last signature.
type place struct {
	address string
	kind    payload.Kind
}

// question is all that an answer depends on: the target with its version and authentication, the headers
// that are passed on, and the body.
type question struct{ target, accept, contentType, body string }

// sign answers a request for a signature.
func (p *Proxy) sign(w http.ResponseWriter, r *http.Request, address string) {
	body, err := readBody(w, r)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		fail(w, http.StatusRequestEntityTooLarge, "The body is too large.")
		return
	case err != nil:
		fail(w, http.StatusBadRequest, "The body did not come to its end.")
		return
	}
	asked := request(r, body)
	what, ok := consensus(body, address)
	if !ok {
		// The daemon decides, and nobody needs the answer later.
		answer, _ := p.askDevice(r.Context(), asked)
		write(w, answer)
		return
	}
	answer, how, err := p.answers.Get(r.Context(), place{address, what.Kind},
		question{asked.Target, asked.Accept, asked.ContentType, string(body)},
		func() (daemon.Answer, bool) { return p.signature(asked, address, what) })
	if err != nil {
		// The client has gone, and somebody else's request goes on.
		return
	}
	p.signed.NoteRepeat(how)
	write(w, answer)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		_ = control.SetReadDeadline(time.Time{})
	}
	return body, err
}

// consensus reads the payload of a block or a vote.
func consensus(body []byte, address string) (payload.Payload, bool) {
	signed, ok := payload.Decode(bytes.TrimSpace(body))
	if !ok {
		return payload.Payload{}, false
	}
	what, err := payload.Read(signed, payload.IsBLS(address))
	return what, err == nil
}

// signature asks for a signature of a block or a vote, whether its client is still there or not:
// octez-signer cancels a request when its client closes, while the device signs on, moves its watermark
// and refuses the level afterwards. It also returns whether the answer is one to keep.
func (p *Proxy) signature(asked daemon.Request, address string, what payload.Payload) (daemon.Answer, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), p.options.Patience)
	defer cancel()
	began := time.Now()
	answer, isSigned := p.askDevice(ctx, asked)
	if isSigned {
		now := time.Now()
		p.signed.Note(address, what, now.Sub(began), now)
	}
	return answer, isSigned
}

// askDevice passes on a request that needs the device, unless the device can't sign.
func (p *Proxy) askDevice(ctx context.Context, asked daemon.Request) (answer daemon.Answer, isSigned bool) {
	if status := p.device.Status(); status.State != device.Ready && !status.MayAsk {
		return unable(status, ""), false
	}
	under := p.device.Begin()
	answer, err := p.daemon.Sign(ctx, asked)
	isSigned = err == nil && hasSignature(answer)
	isFoundLocked := under.End(isSigned, answer)
	switch {
	case errors.Is(err, daemon.ErrFull):
		return unable(device.Status{State: device.Busy, Since: time.Now()}, ""), false
	case err != nil:
		return unanswered(err), false
	case isFoundLocked:
		return unable(device.Status{State: device.Locked, Since: p.device.Status().Since}, ""), false
	}
	return answer, isSigned
}

// hasSignature reports whether an answer is a signature.
func hasSignature(answer daemon.Answer) bool {
	var page struct {
		Signature string `json:"signature"`
	}
	return answer.Status == http.StatusOK && json.Unmarshal(answer.Body, &page) == nil && page.Signature != ""
}
