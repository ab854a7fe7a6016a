package gateway

import (
	"slices"
	"sync"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
)

// route is where the requests of a signer's port go: to the first signer of a list that can sign, and
// then to that one for as long as it can. It is never spread: two devices that hold one key share no
// watermark.
type route struct {
	owner string // the signer whose port it is

	// mu guards the fields below. A signer's lock may be taken while it is held.
	mu     sync.Mutex
	keys   map[string]config.Key // by address
	order  []way
	chosen way // nil while none was
	left   way // was chosen until the configuration changed; nil once it has no request of that time
}

// set takes a changed configuration.
func (r *route) set(keys map[string]config.Key, order []way) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.order = keys, order
	if r.chosen != nil && !slices.Contains(order, r.chosen) {
		r.left, r.chosen = r.chosen, nil
	}
}

// allowed returns the keys that may be asked for. The map is not changed.
func (r *route) allowed() map[string]config.Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys
}

// sole returns the one signer of a direct route.
func (r *route) sole() way {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order[0]
}

// length returns how many signers are in the list.
func (r *route) length() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.order)
}

// leadsTo reports whether requests for a key may go to a signer.
func (r *route) leadsTo(s way, address string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.keys[address]
	return ok && slices.Contains(r.order, s)
}

// refusals are the signers whose hosts have refused a request because their device can't sign, and why.
type refusals map[way]Cause

// readiness is a signer's for a request that some have refused.
func (r refusals) readiness(s way, now time.Time) (readiness, Cause) {
	if cause, isRefused := r[s]; isRefused {
		return unable, cause
	}
	return s.readiness(now)
}

// choose returns the signer for a request for a signature, which is noted as under way to it until
// `leave`; or no signer and the cause. It is none that has refused the request.
func (r *route) choose(now, othersFrom time.Time, refused refusals) (way, Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, cause := r.pick(now, othersFrom, refused)
	if s != nil {
		s.enter()
	}
	return s, cause
}

// look returns the signer for a request that nothing is signed by.
func (r *route) look(now, othersFrom time.Time) (way, Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pick(now, othersFrom, nil)
}

// pick chooses the first signer that can sign, which stays chosen. The caller holds mu.
//
// Before `othersFrom` that may only be the first of the list. One that was chosen and can't sign, or is
// no longer in the list, keeps the requests of others back until its own have ended: it may still be
// signing them.
func (r *route) pick(now, othersFrom time.Time, refused refusals) (way, Cause) {
	if r.left != nil && r.left.isInside() {
		return nil, NoTunnel
	}
	r.left = nil
	var cause Cause
	var mute way // the one to ask although its device is silent
	if r.chosen != nil {
		state, why := refused.readiness(r.chosen, now)
		if state == ready {
			return r.chosen, ""
		}
		cause = why
		if r.chosen.isInside() {
			return nil, cause
		}
		if state == silent {
			mute = r.chosen
		}
	}
	for i, each := range r.order {
		state, why := refused.readiness(each, now)
		if cause == "" {
			cause = why
		}
		if i > 0 && each != r.chosen && now.Before(othersFrom) {
			continue
		}
		if state == silent && mute == nil && !each.isInside() {
			mute = each
		}
		if state == ready {
			r.chosen = each
			return each, ""
		}
	}
	// A silent device is found to answer again by asking it: one request at a time.
	if mute == nil {
		return nil, cause
	}
	r.chosen = mute
	return mute, ""
}

// chosenName returns the signer that requests go to; empty while none was chosen.
func (r *route) chosenName() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.chosen == nil {
		return ""
	}
	return r.chosen.signerName()
}
