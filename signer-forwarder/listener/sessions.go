package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// session is a signer's connection that has logged in.
type session struct {
	signerKey
	id         string
	connection *connection
	since      time.Time
}

func (s *session) String() string {
	return fmt.Sprintf("%s %s", s.connection.address, s.fingerprint)
}

// sessions knows the signers, and which of them are connected: one session each, the newest that has logged in.
type sessions struct {
	processes *processes
	gateway   *gateway
	metrics   *metrics

	mutex  sync.Mutex
	keys   signerKeys
	former map[string]string // signers of keys that were removed, by fingerprint
	live   map[string]*session
	turns  map[string]*sync.Mutex // for each signer: one session opens at a time
	recent map[string][]time.Time // for each signer: the takeovers of the last minute
}

func newSessions(all *processes, gateway *gateway, metrics *metrics) *sessions {
	return &sessions{
		processes: all,
		gateway:   gateway,
		metrics:   metrics,
		former:    map[string]string{},
		live:      map[string]*session{},
		turns:     map[string]*sync.Mutex{},
		recent:    map[string][]time.Time{},
	}
}

var errNoSigner = errors.New("its key was removed a moment ago")

// open makes a connection that has proved a key the session of that key's signer. The older session, if there is one, is
// ended first and all of it is gone when open returns, so the ports are free: sshd waits for that before it takes the new
// one's forwards.
func (all *sessions) open(c *connection, keyText string) (*session, error) {
	all.mutex.Lock()
	key, isKnown := all.keys.find(keyText)
	turn := all.turns[key.signer]
	if isKnown && turn == nil {
		turn = &sync.Mutex{}
		all.turns[key.signer] = turn
	}
	all.mutex.Unlock()
	if !isKnown {
		return nil, errNoSigner
	}
	turn.Lock()
	defer turn.Unlock()
	opened := &session{signerKey: key, connection: c, since: time.Now()}
	opened.id = strconv.FormatInt(opened.since.UnixNano(), 36)
	all.gateway.announce(key.signer, opened.id)
	all.mutex.Lock()
	older := all.live[key.signer]
	all.mutex.Unlock()
	if older != nil {
		older.connection.end(all.processes, backFrom+c.address.String())
		select {
		case <-older.connection.over:
		case <-time.After(patienceEnd):
			say("%s: an older session does not end", key.signer)
		}
		all.countTakeover(key.signer, opened.since)
	}
	all.mutex.Lock()
	defer all.mutex.Unlock()
	// The keys may have changed meanwhile, and the connection may be gone.
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !all.keys.has(key.line) {
		return nil, errNoSigner
	}
	if c.isGone {
		return nil, errors.New("its connection is gone")
	}
	if c.ending != "" {
		return nil, errors.New(c.ending)
	}
	c.session = opened
	all.live[key.signer] = opened
	all.metrics.connects.WithLabelValues(key.signer).Inc()
	say("%s: connected from %s", key.signer, opened)
	return opened, nil
}

// The causes for which we end a session; its line in the log begins with their words.
const (
	backFrom  = "an older session ends, the signer is back from "
	isRevoked = "removed or changed, its session ends"
)

// closed takes a session off the list and says why it ended. `cause` is sshd's reason, where we had none of our own.
func (all *sessions) closed(gone *session, ourCause, cause string) {
	all.mutex.Lock()
	isLast := all.live[gone.signer] == gone
	if isLast {
		delete(all.live, gone.signer)
	}
	all.mutex.Unlock()
	if isLast {
		all.gateway.forget(gone.signer, gone.id)
	}
	duration := lasted(time.Since(gone.since))
	switch {
	case ourCause == isRevoked || strings.HasPrefix(ourCause, backFrom):
		say("%s: %s (%s, after %s)", gone.signer, ourCause, gone, duration)
	case ourCause != "":
		say("%s: disconnected after %s: %s (%s)", gone.signer, duration, ourCause, gone)
	default:
		say("%s: disconnected after %s: %s (%s)", gone.signer, duration, cause, gone)
	}
}

// setKeys takes new keys. A session whose line is no longer there, word for word, ends.
func (all *sessions) setKeys(keys signerKeys) {
	all.mutex.Lock()
	for _, key := range all.keys {
		all.former[key.fingerprint] = key.signer
	}
	for _, key := range keys {
		delete(all.former, key.fingerprint)
	}
	removed := slices.DeleteFunc(all.keys.names(), func(name string) bool { return slices.Contains(keys.names(), name) })
	all.keys = keys
	var revoked []*session
	for _, each := range all.live {
		if !keys.has(each.line) {
			revoked = append(revoked, each)
		}
	}
	all.mutex.Unlock()
	all.metrics.setSigners(keys.names(), removed)
	for _, each := range revoked {
		go each.connection.end(all.processes, isRevoked)
	}
}

// connected gives the sessions that there are, by signer.
func (all *sessions) connected() map[string]*session {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	copied := make(map[string]*session, len(all.live))
	for name, each := range all.live {
		copied[name] = each
	}
	return copied
}

// judge tells why a connection was refused.
func (all *sessions) judge(j *journal) verdict {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	return j.judge(all.keys, all.former)
}

// manyTakeovers is how many in a minute are no longer one host with a bad link.
const manyTakeovers = 6

func (all *sessions) countTakeover(signer string, now time.Time) {
	all.metrics.takeovers.WithLabelValues(signer).Inc()
	all.mutex.Lock()
	defer all.mutex.Unlock()
	recent := slices.DeleteFunc(all.recent[signer], func(each time.Time) bool { return now.Sub(each) > time.Minute })
	recent = append(recent, now)
	if len(recent) >= manyTakeovers {
		say("%s: %d takeovers within a minute: do two hosts have its keys?", signer, len(recent))
		recent = nil
	}
	all.recent[signer] = recent
}

// names gives the signers that there are.
func (all *sessions) names() []string {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	return all.keys.names()
}

func (all *sessions) isSigner(name string) bool {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	return slices.ContainsFunc(all.keys, func(key signerKey) bool { return key.signer == name })
}
