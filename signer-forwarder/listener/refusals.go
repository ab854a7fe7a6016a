package main

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// refusals writes a line for each refused connection, but never so many that a signer's own failure is buried: each
// address and all strangers together have a limit, and what was left out is counted. What concerns a signer's key has a
// limit of its own, and what comes from an address that a signer has logged in from is not subject to the strangers'.
type refusals struct {
	mutex   sync.Mutex
	all     limit
	sources map[netip.Addr]*limit
	signers map[string]*limit
	leftOut int
}

// maxSources is how many addresses are told apart at a time.
const maxSources = 4096

func newRefusals() *refusals {
	return &refusals{
		all:     limit{burst: 20, interval: 6 * time.Second},
		sources: map[netip.Addr]*limit{},
		signers: map[string]*limit{},
	}
}

// stranger says that somebody was refused who is no signer, as far as one can tell.
func (r *refusals) stranger(now time.Time, address netip.AddrPort, isFamiliar bool, cause string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	own := r.sources[sourceOf(address.Addr())]
	if own == nil && len(r.sources) < maxSources {
		own = &limit{burst: 3, interval: 30 * time.Second}
		r.sources[sourceOf(address.Addr())] = own
	}
	if own == nil || !own.allow(now) || !isFamiliar && !r.all.allow(now) {
		r.leftOut++
		return
	}
	say("refused %s: %s", address, cause)
}

// signer says that somebody was refused who came with a signer's key, or its name as user.
func (r *refusals) signer(now time.Time, name string, address netip.AddrPort, cause string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	// Anybody can name a public key, so these have a limit as well, for each signer and reason.
	reason := name + ": refused: " + strings.TrimSpace(strings.SplitN(cause, "(", 2)[0])
	own := r.signers[reason]
	if own == nil {
		own = &limit{burst: 5, interval: 10 * time.Second}
		r.signers[reason] = own
	}
	if own.allow(now) {
		say("%s: refused from %s: %s", name, address, cause)
	}
}

// sum says how many lines were left out, and forgets those who are quiet. It is called once a minute.
func (r *refusals) sum(now time.Time) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.leftOut > 0 {
		say("refused %d more strangers in the last minute", r.leftOut)
		r.leftOut = 0
	}
	for source, own := range r.sources {
		if own.left(now) == 0 {
			delete(r.sources, source)
		}
	}
	for reason, own := range r.signers {
		if count := own.takeLeftOut(); count > 0 {
			say("%s: %d more times in the last minute", reason, count)
		} else if own.left(now) == 0 {
			delete(r.signers, reason)
		}
	}
}
