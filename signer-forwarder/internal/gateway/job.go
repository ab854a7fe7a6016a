package gateway

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/guard"
	"remote-signer-cloud/signer-forwarder/internal/logf"
)

// job is one signature that is being asked for. Octez repeats a request that had no answer, and a
// second one for the same bytes joins the first: so a device is asked once.
type job struct {
	done   chan struct{} // closed when the result is there
	result result
}

// jobs are the requests for signatures that are under way, and the last signature of each mark.
type jobs struct {
	// mu guards the fields below. Nothing else is locked while it is held.
	mu      sync.Mutex
	running map[jobID]*job
	signed  map[guard.Place]signed
}

// jobID tells whether two requests are the same: in their target, which may have a proof that the baker
// is authorized, and in their body.
type jobID struct{ target, body string }

// signed is a signature that was given. It is no secret: it goes on the chain.
type signed struct {
	id     jobID
	result result
}

func newJobs() *jobs {
	return &jobs{running: map[jobID]*job{}, signed: map[guard.Place]signed{}}
}

// result is what became of a request.
type result struct {
	answer
	signer  string // that was asked
	cause   Cause
	refused Refusal
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
	return result{answer: answer{http.StatusBadGateway, "text/plain", []byte(text)}, signer: signer, cause: cause}
}

// refused is the result of a request that must not be passed on.
func refused(reason Refusal) result {
	text := "Refused: " + string(reason) + "\n"
	return result{answer: answer{http.StatusForbidden, "text/plain", []byte(text)}, refused: reason}
}

// sign gets a signature: from a request for the same bytes that is under way or was answered, or from
// the signer.
func (g *Gateway) sign(r *route, a *ask) result {
	if reason := g.guard.Check(a.guarded, time.Now()); reason != "" {
		return refused(Refusal(reason))
	}
	id := jobID{a.target, string(a.body)}
	at := a.guarded.Place()
	g.jobs.mu.Lock()
	if given, ok := g.jobs.signed[at]; ok && given.id == id {
		g.jobs.mu.Unlock()
		return given.result
	}
	if other := g.jobs.running[id]; other != nil {
		g.jobs.mu.Unlock()
		<-other.done
		return other.result
	}
	own := &job{done: make(chan struct{})}
	g.jobs.running[id] = own
	g.jobs.mu.Unlock()

	own.result = g.askDevice(r, a)
	g.jobs.mu.Lock()
	delete(g.jobs.running, id)
	if own.result.cause == "" && own.result.refused == "" {
		g.jobs.signed[at] = signed{id, own.result}
	}
	g.jobs.mu.Unlock()
	close(own.done)
	return own.result
}

// askDevice asks the chosen signer for a signature. The guard's mark is written when there is a way to
// the signer, immediately before the request is passed on.
func (g *Gateway) askDevice(r *route, a *ask) result {
	s, cause := r.choose(time.Now(), g.othersFrom)
	if s == nil {
		return failed(r.owner, cause)
	}
	defer s.leave()
	pass := func() (Refusal, error) {
		reason, err := g.guard.Pass(a.guarded, time.Now())
		return Refusal(reason), err
	}
	got := s.request(a, func() patience { return workTime{s, time.Now()} }, maxAnswer, pass)
	switch got.cause {
	case "":
		if got.refused != "" {
			break
		}
		s.noteAnswer(time.Now(), true)
		if got.status == http.StatusOK && !hasSignature(got.answer) {
			return failed(s.name, BadAnswer)
		}
	case SignerError:
		s.noteAnswer(time.Now(), true)
		// It may want authenticated requests since a moment ago.
		s.checkSoon()
	case Timeout:
		s.noteAnswer(time.Now(), false)
	}
	return got
}

// hasSignature reports whether a good answer is one to a request for a signature.
func hasSignature(a answer) bool { return bytes.Contains(a.body, []byte("signature")) }

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
		taken, err := s.take(time.Now().Add(holdTime))
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
		switch {
		case err == nil && got.status >= 400:
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
	for _, each := range [][2]string{{"accept", a.accept}, {"content-type", a.contentType}} {
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
	return s.request(a, func() patience { return limit(time.Now().Add(readTimeout + s.allowance())) }, maxAnswer, passAll)
}

// greet answers whether the signer wants authenticated requests: with what it has said to the last
// check of this session, or of the check that is under way.
func (g *Gateway) greet(r *route) result {
	s, cause := r.look(time.Now(), g.othersFrom)
	if s == nil {
		return failed(r.owner, cause)
	}
	got, cause := s.awaitGreeting(time.Now())
	if got == nil {
		return failed(s.name, cause)
	}
	return result{answer: *got, signer: s.name}
}

// greetingTime is how long the first check of a session is waited for: one that fails at once is made
// again, and a patient one may take 5.5 s. Octez tries again after a 502, but waiting costs it no try.
const greetingTime = 10 * time.Second

// awaitGreeting returns what the signer has said to a check, and waits for it: for a tunnel as long as
// other requests do, and with a tunnel until checks have failed.
func (s *signer) awaitGreeting(began time.Time) (*answer, Cause) {
	for {
		s.mu.Lock()
		greeting, device, isDown, hasTunnel, changed := s.greeting, s.device, s.isDown, s.session != 0, s.changed
		s.mu.Unlock()
		most := holdTime
		if hasTunnel {
			most = greetingTime
		}
		left := most - time.Since(began)
		switch {
		case greeting != nil && !isDown:
			return greeting, ""
		case device != "":
			return nil, causeDevice + Cause(device)
		case isDown || left <= 0:
			return nil, NoTunnel
		}
		select {
		case <-changed:
		case <-time.After(left):
		}
	}
}

// allowance is how much longer than usual an answer may take because the link is slow.
func (s *signer) allowance() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slowness()
}
