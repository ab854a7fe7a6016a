package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/gateway"
	"remote-signer-cloud/signer-forwarder/internal/keys"
	"remote-signer-cloud/signer-forwarder/internal/metrics"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

// session is a connection of a signer that has logged in. Its fields do not change.
type session struct {
	keys.SignerKey
	id         uint64 // the gateway's number of it
	connection *connection
	since      time.Time
}

func (s *session) String() string {
	return fmt.Sprintf("%s %s", s.connection.address, s.Fingerprint)
}

// sessions knows the signers, and which of them are connected. A signer has one session at most: the
// newest that has proved a key.
//
// The order of locks, in all of the door: a signer's turn, then sessions.mu, then connection.mu.
// admission.Queue's lock also comes before connection.mu, and is never taken together with
// sessions.mu. The locks of sshd.Processes, gateway.Gateway and refusalLog come last: nothing of ours is
// locked while one of them is held.
type sessions struct {
	gateway *gateway.Gateway
	metrics *metrics.Metrics

	// mu guards the fields below.
	mu     sync.Mutex
	keys   keys.SignerKeys
	former map[string]string // signers of removed keys, by fingerprint
	live   map[string]*session
	turns  map[string]*sync.Mutex // a signer's turn: it opens one session at a time
	recent map[string][]time.Time // a signer's takeovers of the last minute
}

func newSessions(gateway *gateway.Gateway, metrics *metrics.Metrics) *sessions {
	return &sessions{
		gateway: gateway,
		metrics: metrics,
		former:  map[string]string{},
		live:    map[string]*session{},
		turns:   map[string]*sync.Mutex{},
		recent:  map[string][]time.Time{},
	}
}

var (
	errNoSigner = errors.New("its key was removed a moment ago")
	errEnded    = errors.New("its connection is gone")
)

// open makes a connection that has proved a key the session of that key's signer. If the signer has an
// older session, open ends it and waits until all of it is gone, so its ports are free. sshd waits for
// open before it opens the new session's forwards.
func (s *sessions) open(c *connection, keyText string) error {
	key, turn, ok := s.turn(keyText)
	if !ok {
		return errNoSigner
	}
	turn.Lock()
	defer turn.Unlock()
	now := time.Now()
	opened := &session{SignerKey: key, connection: c, since: now}
	if older := s.connected()[key.Signer]; older != nil {
		s.replace(older, c)
		s.countTakeover(key.Signer, now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Meanwhile the keys may have changed, and the connection may be gone.
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.keys.Has(key) {
		return errNoSigner
	}
	if c.ended {
		return errEnded
	}
	if c.reason.kind != notEnded {
		return errors.New(c.reason.text)
	}
	// From here on requests go to the new tunnel, and wait until sshd has opened it.
	opened.id = s.gateway.SessionOpens(key.Signer)
	c.session = opened
	s.live[key.Signer] = opened
	s.metrics.CountConnect(key.Signer)
	logf.Printf("%s: connected from %s", key.Signer, opened)
	return nil
}

// turn returns the line of a key, and the turn of its signer.
func (s *sessions) turn(keyText string) (keys.SignerKey, *sync.Mutex, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.keys.Find(keyText)
	if ok && s.turns[key.Signer] == nil {
		s.turns[key.Signer] = &sync.Mutex{}
	}
	return key, s.turns[key.Signer], ok
}

// replace ends a session because its signer is back with a newer connection, and waits for its end.
func (s *sessions) replace(older *session, newer *connection) {
	older.connection.end(endReason{replaced, "an older session ends, the signer is back from " + newer.address.String()})
	select {
	case <-older.connection.over:
	case <-time.After(sshd.EndTimeout):
		logf.Printf("%s: an older session does not end", older.Signer)
	}
}

// remove takes a session off the list.
func (s *sessions) remove(closed *session) {
	s.mu.Lock()
	isCurrent := s.live[closed.Signer] == closed
	if isCurrent {
		delete(s.live, closed.Signer)
	}
	s.mu.Unlock()
	if isCurrent {
		s.gateway.SessionEnds(closed.Signer, closed.id)
	}
}

// setKeys takes new keys. A session ends if the line of its key is no longer there, word for word.
func (s *sessions) setKeys(current keys.SignerKeys) {
	s.mu.Lock()
	for _, key := range s.keys {
		s.former[key.Fingerprint] = key.Signer
	}
	for _, key := range current {
		delete(s.former, key.Fingerprint)
	}
	names := current.Names()
	removed := slices.DeleteFunc(s.keys.Names(), func(name string) bool { return slices.Contains(names, name) })
	s.keys = current
	var ending []*session
	for _, each := range s.live {
		if !current.Has(each.SignerKey) {
			ending = append(ending, each)
		}
	}
	s.mu.Unlock()
	s.metrics.SetSigners(names, removed)
	for _, each := range ending {
		go each.connection.end(endReason{revoked, "removed or changed, its session ends"})
	}
}

// connected returns the sessions that are open, by signer.
func (s *sessions) connected() map[string]*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.live)
}

// refusal returns why a connection was refused.
func (s *sessions) refusal(log *sshd.LoginLog) sshd.Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return log.Refusal(s.keys, s.former)
}

// manyTakeovers is how many takeovers in a minute are more than one host with a bad link would cause.
const manyTakeovers = 6

func (s *sessions) countTakeover(signer string, now time.Time) {
	s.metrics.CountTakeover(signer)
	s.mu.Lock()
	defer s.mu.Unlock()
	recent := slices.DeleteFunc(s.recent[signer], func(each time.Time) bool { return now.Sub(each) > time.Minute })
	recent = append(recent, now)
	if len(recent) >= manyTakeovers {
		logf.Printf("%s: %d takeovers within a minute: do two hosts have its keys?", signer, len(recent))
		recent = nil
	}
	s.recent[signer] = recent
}

// names returns the signers, connected or not.
func (s *sessions) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys.Names()
}
