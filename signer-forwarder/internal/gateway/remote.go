package gateway

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/keeper"
)

// remote is a router's way to a signer: by the replicas of the forwarder, each of which may have a tunnel
// of it. Its choice among signers is a route's, as in the gateway.
type remote struct {
	name    string
	observe func(Hedge)

	// mu guards the fields below. A lane's lock may be taken while it is held.
	mu     sync.Mutex
	port   int
	lanes  []*lane
	last   *lane // the one that gave the last signature
	inside int
}

// Hedge is a request that was sent to a second replica as well.
type Hedge struct {
	Signer, Replica string
	// HasWon says that the second replica's answer came first.
	HasWon bool
}

// NewRouter returns a gateway for the baker beside it, which leads to the replicas of the forwarder. It
// listens on loopback. Its ports and connections are kept by `keeper`, if there is one. `observe` is called for
// each request that was sent to a second replica too.
func NewRouter(g *Gateway, keeper *keeper.Child, observe func(Hedge)) *Router {
	r := &Router{Gateway: g}
	g.keeper = keeper
	g.newWay = func(name string) way {
		w := &remote{name: name, observe: observe}
		w.setReplicas(r.replicas)
		return w
	}
	return r
}

// Router is a gateway that leads to the replicas of the forwarder.
type Router struct {
	*Gateway
	replicas []string // their host names
}

// Configure takes a configuration, and the host names of the replicas.
func (r *Router) Configure(c config.Router) error {
	r.mu.Lock()
	r.replicas = c.Replicas
	for _, each := range r.signers {
		each.(*remote).setReplicas(c.Replicas)
	}
	r.mu.Unlock()
	return r.Gateway.Configure(c.Config)
}

// setReplicas makes a lane for each replica. Those of replicas that stay go on.
func (w *remote) setReplicas(replicas []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lanes []*lane
	for _, each := range replicas {
		i := slices.IndexFunc(w.lanes, func(l *lane) bool { return l.replica == each })
		if i >= 0 {
			lanes = append(lanes, w.lanes[i])
		} else {
			lanes = append(lanes, newLane(w.name, each, w.port))
		}
	}
	for _, each := range w.lanes {
		if !slices.Contains(lanes, each) {
			each.end()
		}
	}
	w.lanes = lanes
}

func (w *remote) signerName() string { return w.name }

func (w *remote) configure(c config.Signer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.port = c.Port
	for _, each := range w.lanes {
		each.setPort(c.Port)
		each.lookSoon()
	}
}

func (w *remote) number() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.port
}

func (w *remote) remove() { w.setReplicas(nil) }

func (w *remote) enter() { w.count(1) }
func (w *remote) leave() { w.count(-1) }

func (w *remote) count(change int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside += change
}

func (w *remote) isInside() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inside > 0
}

// readiness is the best that the replicas say. What one says of the device holds for all, as it is one
// device.
func (w *remote) readiness(now time.Time) (readiness, Cause) {
	lanes := w.all()
	device, isAskable := Cause(""), false
	for _, each := range lanes {
		state, isFresh := each.said()
		if isFresh && state.Ready {
			return ready, ""
		}
		if isFresh && state.Cause != NoTunnel && device == "" {
			device = state.Cause
		}
		isAskable = isAskable || isFresh && state.Askable
	}
	switch {
	case isAskable:
		return silent, device
	case device != "":
		return unable, device
	case slices.ContainsFunc(lanes, func(l *lane) bool { return l.wasReady(now) }):
		return ready, ""
	default:
		return gone, NoTunnel
	}
}

func (w *remote) all() []*lane {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lanes
}

// order returns the lanes in the order in which they are asked: the best first, and of equals the one
// that gave the last signature.
func (w *remote) order() []*lane {
	w.mu.Lock()
	lanes, last := slices.Clone(w.lanes), w.last
	w.mu.Unlock()
	rank := func(l *lane) int {
		rank := 2 * l.rank()
		if l != last {
			rank++
		}
		return rank
	}
	slices.SortStableFunc(lanes, func(a, b *lane) int { return cmp.Compare(rank(a), rank(b)) })
	return lanes
}

func (w *remote) prefer(l *lane) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = l
}

func (w *remote) sign(a *ask, pass func() (Refusal, error)) result {
	return w.race(a, pass)
}

// maxRounds is how many times all replicas are asked for one signature.
const maxRounds = 3

// race asks the replicas. If none has a tunnel, it waits for one, which is back within a second after most
// breaks.
func (w *remote) race(a *ask, pass func() (Refusal, error)) result {
	end := time.Now().Add(holdTime)
	for round := 1; ; round++ {
		got := (&race{way: w, ask: a, pass: pass}).run(w.order())
		if got.cause != NoTunnel || round == maxRounds || !w.awaitReady(end) {
			return got
		}
	}
}

// awaitReady waits until the signer is ready at a replica, and reports whether it is.
func (w *remote) awaitReady(end time.Time) bool {
	for time.Now().Before(end) {
		for _, each := range w.all() {
			if each.rank() < 2 {
				return true
			}
			each.lookSoon()
		}
		time.Sleep(dialInterval)
	}
	return false
}

func (w *remote) publicKey(a *ask) result { return w.race(a, passAll) }

// greet answers with what the replica that is asked next has said with the signer's state, which is as old as that:
// 500 ms at most. So a signature takes one trip to a replica and not two. Without it the replica is asked. What another
// one has said may be older: each asks the signer itself, once a minute.
func (w *remote) greet(a *ask) result {
	if lanes := w.order(); len(lanes) > 0 {
		if body := lanes[0].greeting(); body != "" {
			got := answer{status: http.StatusOK, contentType: "application/json", body: []byte(body)}
			return result{answer: got, signer: w.name, replica: lanes[0].replica}
		}
	}
	return w.race(a, passAll)
}

// Replica is how a signer is at a replica, for metrics and tests.
type Replica struct {
	Name string
	// Up says that the replica answers, Ready that the signer has a tunnel there and can sign.
	Up, Ready bool
}

func (w *remote) state(now time.Time) State {
	readiness, _ := w.readiness(now)
	s := State{Ready: readiness == ready}
	for _, each := range w.all() {
		state, isFresh := each.said()
		s.Answers = s.Answers || isFresh && state.Cause != NoTunnel
		s.Replicas = append(s.Replicas, Replica{each.replica, isFresh, isFresh && state.Ready})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Inside = w.inside
	return s
}
