package gateway

import "time"

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
