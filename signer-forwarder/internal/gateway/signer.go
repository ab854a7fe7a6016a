package gateway

import (
	"sync"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
)

// signer is what the gateway knows of a signer, and the links through its tunnel.
type signer struct {
	name string

	// slots limit the requests that are in the tunnel at a time. octez-signer has 100 connections at most,
	// and lets the next one wait.
	slots chan struct{}
	// nudge has the signer checked soon.
	nudge chan struct{}

	// mu guards the fields below. Nothing else is locked while it is held.
	mu      sync.Mutex
	port    int
	answer  time.Duration // how long a request may go without an answer of the signer to any request
	session uint64        // the number of its tunnel; zero while there is none
	endedAt time.Time     // when it last had one; the program's start, if it had none yet
	changed chan struct{} // closed and replaced when something that others wait for has changed
	links   pool
	inside  int  // requests that are under way to it
	waiting int  // requests that wait for a place in its tunnel
	removed bool // it is no longer in the configuration

	// What the checks have found in this session: see check.go.
	isDown   bool
	failures int
	trip     time.Duration // how long the last check took that was passed; zero while none was
	greeting *greeting     // what it answers to /authorized_keys; nil while that is unknown, or it must not be asked
	isStale  bool          // it is to be checked at once
	joins    bool          // its host joins requests for the same bytes into one signature
	device   string        // why its device can't sign, in its own words; empty if it can
	toldSlow bool
	kept     health // the last page of its host that is served again: see health.go

	// What the requests for signatures have found.
	unanswered   int       // that in a row had no answer in their time
	unansweredAt time.Time // when the last of them was given up
	answeredAt   time.Time // when the last one was answered
}

const (
	// maxInside is how many requests are in a tunnel at a time.
	maxInside = 32
	// holdTime is how long a request waits for a tunnel that is not there, and for a place in it.
	holdTime = time.Second
	// downAfter is how long after its session's end a signer counts as down: a signer redials in 1 s.
	downAfter = 3 * time.Second
	// silentAfter is after how many unanswered requests in a row a signer's device counts as silent.
	silentAfter = 2
	// silentFor is how long it does so, unless it answers: then it may be asked as if nothing had been.
	silentFor = 30 * time.Second
	// slowTrip is what a check takes over a link that has to be allowed for.
	slowTrip = 400 * time.Millisecond
)

func newSigner(name string, now time.Time) *signer {
	return &signer{
		name:    name,
		slots:   make(chan struct{}, maxInside),
		nudge:   make(chan struct{}, 1),
		changed: make(chan struct{}),
		endedAt: now,
	}
}

// tell wakes those who wait for a change. The caller holds mu.
func (s *signer) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// checkSoon has the signer checked soon.
func (s *signer) checkSoon() {
	select {
	case s.nudge <- struct{}{}:
	default:
	}
}

// configure takes a signer's configuration. The links to another port are of no use.
func (s *signer) configure(c config.Signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.port != c.Port {
		s.links.close()
	}
	s.port, s.answer = c.Port, c.Answer
}

func (s *signer) signerName() string { return s.name }

func (s *signer) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port
}

// remove ends what is done for a signer that is no longer there.
func (s *signer) remove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removed = true
	s.drop()
	s.tell()
}

// opens notes a new session. What is known of the one before counts no more.
func (s *signer) opens(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	s.session = id
	s.tell()
}

// ends notes the end of a session, unless there is a newer one.
func (s *signer) ends(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != id {
		return
	}
	s.drop()
	s.endedAt = time.Now()
	s.tell()
}

// drop forgets the session, and closes its links. The caller holds mu.
func (s *signer) drop() {
	s.session = 0
	s.links.close()
	s.isDown, s.failures, s.trip, s.greeting, s.isStale, s.device, s.unanswered, s.toldSlow = false, 0, 0, nil, false, "", 0, false
	s.joins = false
}

// slowness is how much longer an answer may take because the link is slow. The caller holds mu.
func (s *signer) slowness() time.Duration {
	if s.trip > slowTrip {
		return s.trip
	}
	return 0
}

// readiness is whether a signer can be asked for a signature.
type readiness int

const (
	ready  readiness = iota
	gone             // there is no tunnel, or nothing behind it
	unable           // the signer says that its device can't sign
	silent           // it can't sign as far as is known, and only a request can show that it can again
)

func (s *signer) readiness(now time.Time) (readiness, Cause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.isDown || s.session == 0 && now.Sub(s.endedAt) > downAfter:
		return gone, NoTunnel
	case s.device != "" && s.greeting != nil:
		return silent, causeDevice + Cause(s.device)
	case s.device != "":
		return unable, causeDevice + Cause(s.device)
	case s.unanswered >= silentAfter && now.Sub(s.unansweredAt) < silentFor:
		return silent, causeDevice + "silent"
	default:
		return ready, ""
	}
}

// state is what metrics and tests are told of the signer.
func (s *signer) state(now time.Time) State {
	readiness, _ := s.readiness(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{
		Answers: s.session != 0 && !s.isDown, Ready: s.session != 0 && readiness == ready,
		Trip: s.trip, Inside: s.inside, Waiting: s.waiting, Greeted: s.greeting != nil,
	}
}

// enter and leave count a request that is under way to the signer.
func (s *signer) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside++
}

func (s *signer) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
}

func (s *signer) isInside() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inside > 0
}

// noteAnswer notes that a request for a signature was answered, or was not in its time.
func (s *signer) noteAnswer(now time.Time, isAnswered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isAnswered {
		s.unanswered++
		s.unansweredAt = now
		return
	}
	s.unanswered, s.answeredAt = 0, now
}

// workTime is the patience for a signature. A signer that answers others is at work: octez-signer, and
// the device behind it, sign for one key after the other. octez-signer cancels what its client gives
// up, while the device signs on, and then refuses the same level.
type workTime struct {
	signer *signer
	sent   time.Time
}

// workTick is how often it is looked whether the signer has answered others, and whether it is there.
const workTick = time.Second

func (w workTime) until(now time.Time) time.Time {
	s := w.signer
	s.mu.Lock()
	last := w.sent
	if s.answeredAt.After(last) {
		last = s.answeredAt
	}
	end := last.Add(s.answer + s.slowness())
	s.mu.Unlock()
	if now.Sub(w.sent) >= workTick {
		s.checkSoon()
	}
	if !now.Before(end) {
		return time.Time{}
	}
	if tick := now.Add(workTick); tick.Before(end) {
		return tick
	}
	return end
}
