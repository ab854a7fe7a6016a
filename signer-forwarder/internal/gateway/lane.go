package gateway

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/http1"
)

// lane is the way to a signer by one replica of the forwarder. The replica is asked again and again how the
// signer is there.
type lane struct {
	signer  string
	replica string // the replica's host name
	nudge   chan struct{}
	ended   chan struct{} // closed when it is of no use any more

	// mu guards the fields below. Nothing else is locked while it is held.
	mu        sync.Mutex
	port      int
	links     pool
	state     signerState // as it was said last
	missed    int         // how many questions for it in a row had no answer
	isKnown   bool        // it was said once
	isDoubted bool        // another replica has heard that the device can't sign
	lastReady time.Time   // or when it began
}

const (
	// stateInterval is how often a replica is asked how a signer is. It answers from memory.
	stateInterval = 500 * time.Millisecond
	// stateLimit is how long it may take, and a connection to it.
	stateLimit = 300 * time.Millisecond
	// maxMissed is how many questions in a row may have no answer before a replica counts as gone: one
	// that is silent is so after 1.3 s at most.
	maxMissed = 2
	// maxLinks is how many connections in no use are kept.
	maxLinks = 8
	// tryLimit is how long one try may take at a replica that is there. The replica itself gives up long before, unless its
	// device signs for many keys, one after the other.
	tryLimit = 10 * time.Minute
)

var replicaDialer = net.Dialer{Timeout: stateLimit}

func newLane(signer, replica string, port int) *lane {
	l := &lane{
		signer: signer, replica: replica, port: port, lastReady: time.Now(),
		nudge: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	go l.watch()
	return l
}

// watch asks for the signer's state until the lane is of no use any more.
func (l *lane) watch() {
	for {
		l.look()
		select {
		case <-l.ended:
			l.mu.Lock()
			defer l.mu.Unlock()
			l.links.close()
			return
		case <-l.nudge:
		case <-time.After(stateInterval):
		}
	}
}

// lookSoon has the state asked for at once.
func (l *lane) lookSoon() {
	select {
	case l.nudge <- struct{}{}:
	default:
	}
}

// look asks for the state once.
func (l *lane) look() {
	target := directPrefix + statePath
	l.mu.Lock()
	isDoubted := l.isDoubted
	if isDoubted {
		target += doubtQuery
	}
	l.isDoubted = false
	l.mu.Unlock()
	request := []byte("GET " + target + " HTTP/1.1\r\nhost: " + l.signer + "\r\n\r\n")
	got, _, err := l.exchange(request, http.MethodGet, limit(time.Now().Add(stateLimit)))
	var state signerState
	if err == nil && (got.status != http.StatusOK || json.Unmarshal(got.body, &state) != nil) {
		err = errUnreadable
	}
	if err != nil {
		l.noteMissed(err, isDoubted)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.missed >= maxMissed {
		logf.Printf("%s: the replica %s is there", l.signer, l.replica)
	}
	l.state, l.missed, l.isKnown = state, 0, true
	if state.Ready {
		l.lastReady = time.Now()
	}
}

// noteMissed notes that the replica gave no answer. A doubt is said again with the next question.
func (l *lane) noteMissed(err error, isDoubted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isDoubted = l.isDoubted || isDoubted
	if l.missed++; l.missed == maxMissed {
		logf.Printf("%s: the replica %s does not answer: %v", l.signer, l.replica, err)
		l.links.close()
	}
}

// noteBroken notes that a request had no answer because its connection broke.
func (l *lane) noteBroken() {
	l.mu.Lock()
	l.missed = max(l.missed, 1)
	l.mu.Unlock()
	l.lookSoon()
}

// noteCause notes why a request for a signature was not passed on to the device, before the next state says so.
func (l *lane) noteCause(cause Cause) {
	l.mu.Lock()
	l.state.Ready, l.state.Cause, l.state.Askable = false, cause, false
	l.mu.Unlock()
	l.lookSoon()
}

// doubt has the replica check the signer: by another one its device can't sign. Otherwise it does so once a
// minute, and its metrics and the router take the device for ready until then.
func (l *lane) doubt() {
	l.mu.Lock()
	l.isDoubted = true
	l.mu.Unlock()
	l.lookSoon()
}

// greeting returns what the signer answers to /authorized_keys; empty if the replica has to be asked.
func (l *lane) greeting() string {
	if l.rank() > 0 {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.Greeting
}

// doubtGreeting forgets what the signer answers to /authorized_keys until the replica says it again.
func (l *lane) doubtGreeting() {
	l.mu.Lock()
	l.state.Greeting = ""
	l.mu.Unlock()
	l.lookSoon()
}

func (l *lane) setPort(port int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.port != port {
		l.port = port
		l.links.close()
	}
}

func (l *lane) end() { close(l.ended) }

// isGone reports whether the replica does not answer.
func (l *lane) isGone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.missed >= maxMissed
}

// rank orders the lanes: the lower, the better to be asked.
func (l *lane) rank() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.isKnown || l.missed >= maxMissed:
		return 3
	case !l.state.Ready:
		return 2
	case l.missed > 0 || l.state.Draining:
		return 1
	default:
		return 0
	}
}

// said returns the state that was said last, and whether it is to be believed.
func (l *lane) said() (state signerState, isFresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.isKnown && l.missed < maxMissed
}

// wasReady reports whether the signer was ready by this lane a moment ago, and so may be about to be back.
func (l *lane) wasReady(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Sub(l.lastReady) < downAfter
}

// exchange sends a request and returns its answer. isSent says that the replica may have it. A kept link
// that has ended counts for nothing: the request then goes through another one.
func (l *lane) exchange(request []byte, method string, wait patience) (got answer, isSent bool, err error) {
	for {
		taken, err := l.take()
		if err != nil {
			return answer{}, isSent, err
		}
		wasUsed := taken.isUsed
		got, isOpen, err := taken.exchange(request, method, wait, maxAnswer)
		l.giveBack(taken, isOpen)
		isSent = true
		if wasUsed && errors.Is(err, errLost) {
			continue
		}
		return got, isSent, err
	}
}

// take returns a link to the replica, one of those that are open or a new one.
func (l *lane) take() (*link, error) {
	for {
		l.mu.Lock()
		port, kept := l.port, l.links.pop()
		l.mu.Unlock()
		if kept == nil {
			conn, err := replicaDialer.Dial("tcp", net.JoinHostPort(l.replica, strconv.Itoa(port)))
			if err != nil {
				return nil, err
			}
			return &link{session: uint64(port), conn: conn.(*net.TCPConn), reader: bufio.NewReaderSize(conn, http1.MaxHead)}, nil
		}
		if kept.isAlive() {
			return kept, nil
		}
		kept.close()
	}
}

func (l *lane) giveBack(used *link, isOpen bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.ended:
		isOpen = false
	default:
	}
	if !isOpen || int(used.session) != l.port || len(l.links) >= maxLinks {
		used.close()
		return
	}
	l.links = append(l.links, used)
}

// tryTime is the patience for a try: for as long as the replica is there.
type tryTime struct {
	lane *lane
	sent time.Time
}

func (t tryTime) until(now time.Time) time.Time {
	if t.lane.isGone() || now.Sub(t.sent) >= tryLimit {
		return time.Time{}
	}
	return now.Add(50 * time.Millisecond)
}
