// Package gateway takes the requests of bakers to the tunnels of their signers, and refuses what a baker
// does not need. The way of a request leads through these files:
//
//	port.go      a signer's port, and the connections of bakers to it
//	client.go    such a connection: its requests one after the other, and their answers
//	ask.go       what a request asks for, and whether that may pass
//	direct.go    the requests of a router, which chooses the signer itself
//	job.go       a signature: asked for once, whoever repeats it, and marked by the guard
//	greeting.go  whether a signer wants authenticated requests
//	route.go     which signer a request goes to
//	way.go       what leads to a signer: its tunnel, or the replicas that have one
//	signer.go    what is known of a signer that dials in
//	request.go   a request to a signer, with a second try, and what became of it
//	links.go     the links through a signer's tunnel: kept, opened, given back
//	link.go      a request and its answer through one of them
//	check.go     how a signer is found to be there, slow, down, or without its device
//	remote.go    the way of a router: by the replicas
//	race.go      a request by one replica, and by the next
//	lane.go      a replica, and what it says of a signer
//	record.go    what is written down of it
//	page.go      the pages of a signer's host, for monitoring
//	health.go    the one that is scraped, and spares a metered uplink
package gateway

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/guard"
	"remote-signer-cloud/signer-forwarder/internal/keeper"
)

// Gateway is the gateway while it runs.
//
// The order of its locks: Gateway.mu, then route.mu, then signer.mu. The others come last: nothing is
// locked while one of them is held.
type Gateway struct {
	address string
	guard   *guard.Guard
	// keeper keeps the ports and connections of a router; nil keeps none.
	keeper *keeper.Child
	// newWay makes the way to a signer.
	newWay func(name string) way
	jobs   *jobs
	record func(Record)
	// othersFrom is when a signer that is not the first of its list may be asked.
	othersFrom time.Time
	draining   atomic.Bool
	// routerAsked is when a router last asked for a state, in nanoseconds since 1970.
	routerAsked atomic.Int64

	// mu guards the fields below.
	mu      sync.Mutex
	signers map[string]way
	ports   map[string]*port // by the signer whose port it is
	routes  map[string]*route
	direct  map[string]*route // to a signer alone, with all keys that any route leads there with
	lastID  uint64            // the number of the newest session; the first has 1
}

// StrangeTime is for how long after a start without memory only the first signer of a list is asked.
// Another one may have been chosen before, and both devices may be coming back: 15 s is more than a
// device that was chosen takes to be back, and to answer what it was asked.
const StrangeTime = 15 * time.Second

// GuardNews is what there is to say of a guard that was opened: see guard.Open.
func GuardNews(file string, remembers bool, problem error) (lines []string) {
	if problem != nil {
		lines = append(lines, fmt.Sprintf("the guard has lost its memory: %v; kept as %s.bad", problem, file))
	}
	if !remembers {
		lines = append(lines, fmt.Sprintf("the guard begins without memory: for %s only the first signer of a list is asked", StrangeTime))
	}
	return lines
}

// New returns a gateway that listens on an address once it is configured. `remembers` says that the
// guard knows what was signed before the program started. `record` is called for each request for a
// signature, and each one that failed or was refused.
func New(address string, guard *guard.Guard, remembers bool, record func(Record)) *Gateway {
	g := &Gateway{
		address: address, guard: guard, jobs: newJobs(),
		signers: map[string]way{}, ports: map[string]*port{}, routes: map[string]*route{},
		direct: map[string]*route{},
	}
	g.record = func(r Record) {
		if r.IsSignature() || r.Refused != "" || r.Cause != "" {
			record(r)
		}
	}
	g.newWay = func(name string) way {
		s := newSigner(name, time.Now())
		go s.watch()
		return s
	}
	if !remembers {
		g.othersFrom = time.Now().Add(StrangeTime)
	}
	return g
}

// Configure takes a configuration. What has not changed in it goes on as it is. The error has the ports
// that could not be opened; the rest of the configuration is taken, and OpenPorts tries them again.
func (g *Gateway) Configure(c config.Config) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	wanted := map[string]bool{}
	for _, each := range c.Signers {
		wanted[each.Name] = true
		s := g.signers[each.Name]
		if s == nil {
			s = g.newWay(each.Name)
			g.signers[each.Name], g.routes[each.Name] = s, &route{owner: each.Name}
			g.direct[each.Name] = &route{owner: each.Name}
		}
		s.configure(each)
	}
	for name, s := range g.signers {
		p := g.ports[name]
		if p != nil && (!wanted[name] || p.number != s.number()) {
			p.close()
			delete(g.ports, name)
		}
		if !wanted[name] {
			s.remove()
			delete(g.signers, name)
			delete(g.routes, name)
			delete(g.direct, name)
		}
	}
	direct := map[string]map[string]config.Key{}
	for _, each := range c.Signers {
		direct[each.Name] = map[string]config.Key{}
	}
	for _, each := range c.Signers {
		keys := map[string]config.Key{}
		for _, key := range each.Keys {
			keys[key.Address] = key
		}
		order := []way{g.signers[each.Name]}
		for _, name := range each.Fallbacks {
			order = append(order, g.signers[name])
		}
		g.routes[each.Name].set(keys, order)
		for _, s := range order {
			maps.Copy(direct[s.signerName()], keys)
		}
	}
	for name, keys := range direct {
		g.direct[name].set(keys, []way{g.signers[name]})
	}
	return g.openPorts()
}

// OpenPorts opens the ports that could not be opened before.
func (g *Gateway) OpenPorts() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.openPorts()
}

// openPorts opens the ports that are not open. The caller holds mu.
func (g *Gateway) openPorts() error {
	var problems []error
	for name, r := range g.routes {
		if g.ports[name] != nil {
			continue
		}
		opened, err := g.open(r, g.direct[name], g.signers[name].number())
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: can't open its port: %w", name, err))
			continue
		}
		g.ports[name] = opened
	}
	return errors.Join(problems...)
}

// SessionOpens notes that a signer's session is about to open its forwards, and returns the session's
// number. What an older session of it has said counts no more.
func (g *Gateway) SessionOpens(name string) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lastID++
	if s := g.signer(name); s != nil {
		s.opens(g.lastID)
	}
	return g.lastID
}

// SessionEnds notes that a session is over.
func (g *Gateway) SessionEnds(name string, id uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.signer(name); s != nil {
		s.ends(id)
	}
}

// signer returns a signer that dials in here; nil if there is none. The caller holds mu.
func (g *Gateway) signer(name string) *signer {
	s, _ := g.signers[name].(*signer)
	return s
}

// result answers a request that may pass.
func (g *Gateway) result(r *route, a *ask) result {
	switch {
	case a.wantsState:
		return g.state(r, a)
	case a.signs:
		return g.sign(r, a)
	case a.address != "":
		return g.publicKey(r, a)
	default:
		return g.greet(r, a)
	}
}

// State is what the gateway knows of a signer, for metrics and tests.
type State struct {
	// Answers says that the checks of its tunnel are passed; Ready, that its device can sign as well.
	Answers, Ready bool
	// Trip is how long the last check took.
	Trip time.Duration
	// Inside is how many requests are under way to it, Waiting how many wait for a place in its tunnel, Connections how
	// many its port has.
	Inside, Waiting, Connections int
	// Chosen is the signer that the requests of its port go to; empty while none was chosen.
	Chosen string
	// Replicas is how it is at each replica; nothing but for a router.
	Replicas []Replica
	// Greeted says that it has answered a check in this session.
	Greeted bool
}

// States returns the state of each signer.
func (g *Gateway) States() map[string]State {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	states := map[string]State{}
	for name, s := range g.signers {
		each := s.state(now)
		each.Chosen = g.routes[name].chosenName()
		if p := g.ports[name]; p != nil {
			each.Connections = p.connections()
		}
		states[name] = each
	}
	return states
}
