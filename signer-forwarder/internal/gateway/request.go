package gateway

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"remote-signer-cloud/internal/logf"
)

// result is what became of a request.
type result struct {
	answer
	signer  string // that was asked
	replica string // by which it was, for a router
	cause   Cause
	refused Refusal
	// unsigned says that the signer's host has refused the request because its device can't sign, and that
	// no other try of it was under way there.
	unsigned bool
}

// failed is a result without a signer's answer. Octez tries again after a 502, and after nothing else.
func failed(signer string, cause Cause) result {
	text := "The signer's answer is missing or unreadable.\n"
	switch cause {
	case NoTunnel:
		text = "There is no tunnel of the signer.\n"
	case Timeout:
		text = "The signer did not answer in time.\n"
	case Crowded:
		text = "The signer's tunnel has as many requests as it may.\n"
	case GuardFailed:
		text = "The guard's mark can't be written.\n"
	}
	if state, ok := strings.CutPrefix(string(cause), causeDevice); ok {
		text = "The signer's device can't sign: " + state + ".\n"
	}
	return result{answer: answer{status: http.StatusBadGateway, contentType: "text/plain", body: []byte(text)}, signer: signer, cause: cause}
}

// refused is the result of a request that must not be passed on.
func refused(reason Refusal) result {
	text := "Refused: " + string(reason) + "\n"
	return result{answer: answer{status: http.StatusForbidden, contentType: "text/plain", body: []byte(text)}, refused: reason}
}

// maxAnswer is the largest answer of a signer, in bytes.
const maxAnswer = 12_000

// request asks a signer. A link that breaks before an answer has one more try, at this signer alone,
// which waits for the tunnel to be back. `pass` is asked before each try.
func (s *signer) request(a *ask, wait func() patience, most int, pass func() (Refusal, error)) result {
	if !s.getPlace() {
		return failed(s.name, Crowded)
	}
	defer func() { <-s.slots }()
	text := a.text(s.name)
	lost := 0
	for {
		taken, err := s.take(time.Now().Add(a.hold()))
		if err != nil {
			return failed(s.name, NoTunnel)
		}
		if reason, err := pass(); reason != "" || err != nil {
			s.giveBack(taken)
			if err != nil {
				logf.Printf("%s: can't write the guard's mark, so nothing is signed: %v", s.name, err)
				return failed(s.name, GuardFailed)
			}
			return refused(reason)
		}
		wasUsed := taken.isUsed
		got, err := s.exchange(taken, text, a.method, wait(), most)
		device := ""
		if err == nil && a.signs {
			device, _ = readDevice(got)
		}
		switch {
		case device != "":
			s.noteDevice(taken.session, device)
			refusal := failed(s.name, causeDevice+Cause(device))
			refusal.unsigned = lost == 0
			return refusal
		case err == nil && got.status >= 400:
			if a.signs && isUnauthenticated(got) {
				s.noteUnauthenticated(taken.session)
			}
			return result{answer: got, signer: s.name, cause: SignerError}
		case err == nil:
			return result{answer: got, signer: s.name}
		case errors.Is(err, errTimeout):
			return failed(s.name, Timeout)
		case !errors.Is(err, errLost):
			return failed(s.name, BadAnswer)
		case wasUsed:
			// A kept link that has ended says nothing of the tunnel.
			s.checkSoon()
		}
		if lost++; lost > maxLost {
			return failed(s.name, BadAnswer)
		}
	}
}

// maxLost is how many links may break under one request.
const maxLost = 1

// getPlace waits for a place among the requests in the tunnel.
func (s *signer) getPlace() bool {
	select {
	case s.slots <- struct{}{}:
		return true
	default:
	}
	s.wait(1)
	defer s.wait(-1)
	select {
	case s.slots <- struct{}{}:
		return true
	case <-time.After(holdTime):
		return false
	}
}

func (s *signer) wait(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting += change
}

// text is the request as it goes into the tunnel. Of a baker's headers those are passed on that a signer
// understands.
func (a *ask) text(host string) []byte {
	text := make([]byte, 0, 256+len(a.target)+len(a.body))
	text = append(append(append(append(text, a.method...), ' '), a.target...), " HTTP/1.1\r\nhost: "...)
	text = append(append(text, host...), "\r\n"...)
	for _, each := range [][2]string{
		{"accept", a.accept}, {"accept-encoding", a.encoding}, {"content-type", a.contentType},
	} {
		if each[1] != "" {
			text = append(append(append(append(text, each[0]...), ": "...), each[1]...), "\r\n"...)
		}
	}
	if a.method == http.MethodPost {
		text = append(strconv.AppendInt(append(text, "content-length: "...), int64(len(a.body)), 10), "\r\n"...)
	}
	return append(append(text, "\r\n"...), a.body...)
}

// passAll lets a request pass that nothing is signed by.
func passAll() (Refusal, error) { return "", nil }

// publicKey asks for a public key.
func (g *Gateway) publicKey(r *route, a *ask) result {
	s, cause := r.look(time.Now(), g.othersFrom)
	if s == nil {
		return failed(r.owner, cause)
	}
	return s.publicKey(a)
}

func (s *signer) publicKey(a *ask) result {
	return s.request(a, func() patience { return limit(time.Now().Add(readTimeout + s.allowance())) }, maxAnswer, passAll)
}

// allowance is how much longer than usual an answer may take because the link is slow.
func (s *signer) allowance() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slowness()
}
