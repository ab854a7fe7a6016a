package gateway

import (
	"bytes"
	"time"
)

// greeting is what a signer answers to /authorized_keys: `{}`, or the list of the keys one of which has to
// sign each request.
type greeting struct {
	answer
	at time.Time // of the check
}

// greet answers whether the signer wants authenticated requests: with what it has said to the last
// check of this session, or of the check that is under way.
//
// The request for a signature that follows may go to another device of the list, if this one can't sign
// by then. A device that wants no authentication takes a request that has one. One that wants it refuses
// a request without, so the devices of a list should want the same.
func (g *Gateway) greet(r *route, a *ask) result {
	s, cause := r.look(time.Now(), g.othersFrom)
	if s == nil {
		return failed(r.owner, cause)
	}
	return s.greet(a)
}

func (s *signer) greet(a *ask) result {
	got, cause := s.awaitGreeting(time.Now(), a.hold())
	if got == nil {
		return failed(s.name, cause)
	}
	return result{answer: got.answer, signer: s.name}
}

// greetingTime is how long the first check of a session is waited for: one that fails at once is made
// again, and a patient one may take 5.5 s. Octez tries again after a 502, but waiting costs it no try.
const greetingTime = 10 * time.Second

// awaitGreeting returns what the signer has said to a check, and waits for it: for a tunnel as long as
// other requests do, and with a tunnel until checks have failed.
func (s *signer) awaitGreeting(began time.Time, hold time.Duration) (*greeting, Cause) {
	s.doubtAfterLoss()
	for {
		s.mu.Lock()
		greeting, device, isDown, hasTunnel, changed := s.greeting, s.device, s.isDown, s.session != 0, s.changed
		s.mu.Unlock()
		most := hold
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

// doubtAfterLoss doubts what the signer has said if a link to it has ended: the program behind it may be
// another one now, which wants something else.
func (s *signer) doubtAfterLoss() {
	if s.hasLostLink() {
		s.doubtGreeting()
	}
}

// doubtGreeting forgets what the signer has said, and has it asked at once.
func (s *signer) doubtGreeting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeting, s.isStale = nil, true
	s.tell()
}

// noteUnauthenticated notes that the signer has refused a request in a session for want of a right
// authentication. So what it has said is doubted, unless it was asked within the last second: nobody has
// it asked more often than that. The refusal is passed on, because after a 502 Octez repeats the request
// as it was, without asking again (src/lib_rpc_http/RPC_client_unix.ml, RetryClient, v25.1).
func (s *signer) noteUnauthenticated(session uint64) {
	s.mu.Lock()
	isOld := s.session == session && s.greeting != nil && time.Since(s.greeting.at) >= recheckInterval
	s.mu.Unlock()
	if isOld {
		s.doubtGreeting()
		return
	}
	s.checkSoon()
}

// isUnauthenticated reports whether an answer is the refusal of a request that is not authenticated, in
// the words of octez-signer (500; src/bin_signer/handler.ml, v25.1), which are those of Signatory (401 and
// 403) as well.
func isUnauthenticated(a answer) bool {
	return bytes.Contains(a.body, []byte("authentication signature"))
}
