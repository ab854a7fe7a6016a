package gateway

import (
	"errors"
	"slices"
	"time"
)

var errNoTunnel = errors.New("no tunnel")

// dialInterval is how often a tunnel's end is dialled while it is not there. sshd opens it a few
// milliseconds after the session.
const dialInterval = 10 * time.Millisecond

// pool has links that are open and in no use. The last was used last.
type pool []*link

// pop takes the last link out; nil if there is none.
func (p *pool) pop() *link {
	last := len(*p) - 1
	if last < 0 {
		return nil
	}
	kept := (*p)[last]
	*p = (*p)[:last]
	return kept
}

// close closes all of them.
func (p *pool) close() {
	for _, each := range *p {
		each.close()
	}
	*p = nil
}

// take returns a link through the signer's tunnel, one of those that are open or a new one. It waits
// for the tunnel for as long as the signer is not down, and until a time.
func (s *signer) take(until time.Time) (*link, error) {
	for {
		s.mu.Lock()
		session, port, changed, isDown := s.session, s.port, s.changed, s.isDown
		kept := s.links.pop()
		s.mu.Unlock()
		switch {
		case kept != nil && kept.isAlive():
			return kept, nil
		case kept != nil:
			kept.close()
			s.checkSoon()
			continue
		case isDown:
			return nil, errNoTunnel
		case session != 0:
			opened, err := dial(session, port)
			if err == nil {
				return opened, nil
			}
			s.checkSoon()
			changed = nil // sshd opens the port without a word
		}
		left := time.Until(until)
		if left <= 0 {
			return nil, errNoTunnel
		}
		pause := left
		if session != 0 {
			pause = min(left, dialInterval)
		}
		select {
		case <-changed:
		case <-time.After(pause):
		}
	}
}

// exchange sends a request through a link and returns its answer. The link is kept for the next request
// if it can be used again.
func (s *signer) exchange(l *link, request []byte, method string, wait patience, most int) (answer, error) {
	got, isOpen, err := l.exchange(request, method, wait, most)
	if isOpen {
		s.giveBack(l)
	} else {
		l.close()
	}
	return got, err
}

// giveBack keeps a link for the next request.
func (s *signer) giveBack(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != l.session || len(s.links) >= maxInside {
		l.close()
		return
	}
	s.links = append(s.links, l)
}

// hasLostLink reports whether a link that is in no use was closed at its other end, and drops those.
func (s *signer) hasLostLink() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.links)
	s.links = slices.DeleteFunc(s.links, func(each *link) bool {
		isLost := !each.isAlive()
		if isLost {
			each.close()
		}
		return isLost
	})
	return len(s.links) < before
}
