package main

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/admission"
)

// refusalLog logs refused connections, but never so many that they bury a signer's own failure. Each
// address has a limit, and so have all unknown addresses together. Lines about a signer have a limit
// for each signer and reason. Lines that are left out are counted.
type refusalLog struct {
	// mu guards the fields below. Nothing else is locked while it is held.
	mu      sync.Mutex
	unknown logf.Limit                 // for all addresses that no signer has logged in from
	sources map[netip.Addr]*logf.Limit // for each address
	signers map[string]*logf.Limit     // for each signer and reason
	leftOut int
}

// maxSources is how many addresses are told apart at a time.
const maxSources = 4096

func newRefusalLog() *refusalLog {
	return &refusalLog{
		unknown: logf.Limit{Burst: 20, Interval: 6 * time.Second},
		sources: map[netip.Addr]*logf.Limit{},
		signers: map[string]*logf.Limit{},
	}
}

// pending logs the refusal of a connection that concerns no signer. `known` says whether a signer has
// logged in from its address.
func (r *refusalLog) pending(now time.Time, address netip.AddrPort, known bool, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	source := admission.Source(address.Addr())
	own := r.sources[source]
	if own == nil && len(r.sources) < maxSources {
		own = &logf.Limit{Burst: 3, Interval: 30 * time.Second}
		r.sources[source] = own
	}
	if own == nil || !own.Allow(now) || !known && !r.unknown.Allow(now) {
		r.leftOut++
		return
	}
	logf.Printf("refused %s: %s", address, message)
}

// signer logs the refusal of a connection that came with a signer's key, or its name as user name.
func (r *refusalLog) signer(now time.Time, name string, address netip.AddrPort, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// These have a limit as well, because anybody can name a public key.
	reason := name + ": refused: " + strings.TrimSpace(strings.SplitN(message, "(", 2)[0])
	own := r.signers[reason]
	if own == nil {
		own = &logf.Limit{Burst: 5, Interval: 10 * time.Second}
		r.signers[reason] = own
	}
	if own.Allow(now) {
		logf.Printf("%s: refused from %s: %s", name, address, message)
	}
}

// summarize logs how many lines were left out, and forgets the limits that are idle. It is called once
// a minute.
func (r *refusalLog) summarize(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leftOut > 0 {
		logf.Printf("refused %d more strangers in the last minute", r.leftOut)
		r.leftOut = 0
	}
	for source, own := range r.sources {
		if own.Idle(now) {
			delete(r.sources, source)
		}
	}
	for reason, own := range r.signers {
		if count := own.TakeDropped(); count > 0 {
			logf.Printf("%s: %d more times in the last minute", reason, count)
		} else if own.Idle(now) {
			delete(r.signers, reason)
		}
	}
}
