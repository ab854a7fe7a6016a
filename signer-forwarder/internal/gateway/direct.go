package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// A router is beside a baker, and chooses signer and replica itself. It asks at a signer's port for what
// a baker asks for, below /direct. Such a request goes to that signer and to no other, for each key that
// any list leads there with, and it is held to the guard as every other. GET /direct/state tells how the
// signer is, from memory: that costs its uplink nothing.
const (
	directPrefix = "/direct"
	statePath    = "/state"
	// doubtQuery has a replica check the signer soon: another one has heard that its device can't sign.
	doubtQuery = "?doubt"
	// causeHeader has the cause of an answer that is none of the signer's.
	causeHeader = "cause"
)

// cutDirect cuts the prefix off a router's target.
func cutDirect(target string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(target, directPrefix)
	return rest, ok && strings.HasPrefix(rest, "/")
}

// signerState is the answer to GET /direct/state.
type signerState struct {
	// Ready says that a tunnel is there and that the device can sign, as far as is known.
	Ready bool `json:"ready"`
	// Cause is why it is not ready; empty if it is.
	Cause Cause `json:"cause"`
	// Askable says that it is not ready, and that only a request can show that it is again.
	Askable bool `json:"askable,omitempty"`
	// Joins says that its host joins requests for the same bytes, so a second one costs the device nothing.
	Joins bool `json:"joins"`
	// Greeting is what it answers to /authorized_keys, so that a router need not ask; empty unless it is ready and that is
	// known and not long.
	Greeting string `json:"greeting,omitempty"`
	// Draining says that this replica is about to end. What it is asked meanwhile is answered.
	Draining bool `json:"draining"`
}

// state answers how the signer of a direct route is.
func (g *Gateway) state(r *route, a *ask) result {
	g.routerAsked.Store(time.Now().UnixNano())
	s, ok := r.sole().(*signer)
	if !ok {
		return refused(RefusedPath)
	}
	if strings.HasSuffix(a.target, doubtQuery) {
		s.checkSoon()
	}
	state := s.direct(time.Now())
	state.Draining = g.draining.Load()
	body, _ := json.Marshal(state)
	return result{answer: answer{status: http.StatusOK, contentType: "application/json", body: append(body, '\n')}, signer: s.name}
}

// direct is how the signer is for a router. Unlike a route here, a router does not wait for a tunnel that
// was there a moment ago, because another replica may have one.
func (s *signer) direct(now time.Time) signerState {
	s.doubtAfterLoss()
	readiness, cause := s.readiness(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session == 0 {
		readiness, cause = gone, NoTunnel
	}
	state := signerState{Ready: readiness == ready, Cause: cause, Askable: readiness == silent, Joins: s.joins}
	if state.Ready && s.greeting != nil && len(s.greeting.body) <= maxTold {
		state.Greeting = string(s.greeting.body)
	}
	return state
}

// maxTold is how long a greeting may be that a router is told with each state, in bytes: some 40 keys.
const maxTold = 2048

// Drain has the routers ask another replica from now on. It reports whether a router has asked lately.
func (g *Gateway) Drain() bool {
	g.draining.Store(true)
	return time.Since(time.Unix(0, g.routerAsked.Load())) < routerAbsent
}

// routerAbsent is after how long without a question for a state there is no router. It asks each 500 ms.
const routerAbsent = 5 * time.Second

// IsBusy reports whether a request for a signature is under way.
func (g *Gateway) IsBusy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.signers {
		if s.isInside() {
			return true
		}
	}
	return false
}
