package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"remote-signer-cloud/internal/logf"
)

// A check asks a signer for /authorized_keys, through its tunnel. It costs about 370 bytes of a link
// that may be metered: each 15 s that would be 2.1 MB a day, as much as the client's own probes. So a
// signer is asked when its session opens, when a kept link ends, when it refuses a request that is not
// authenticated, and each minute while it answers; each second while it does not, or while a request has
// waited for a second.
const (
	checkInterval   = time.Minute
	recheckInterval = time.Second
	// patientLimit is how long a check may take: ssh logs in over a link with a round trip of 2.4 s, and a
	// check takes two, one to open a channel.
	patientLimit = 5500 * time.Millisecond
	// quickLimit is the same where an earlier check of this session took less than slowTrip: a link that
	// was quick is cut if it is silent for so long.
	quickLimit = 3 * time.Second
	// maxFailures is how many checks in a row may fail at once, without a time-out, before a signer
	// counts as down: octez-signer may be starting anew.
	maxFailures = 3
	// maxGreeting is the largest answer, in bytes.
	maxGreeting = 8000
)

// checkRequest has a host by which a signer's log, and a test, tell it from a baker's.
const checkRequest = "GET /authorized_keys HTTP/1.1\r\nhost: signer.check\r\n\r\n"

// object is a JSON object, all of it.
var object = regexp.MustCompile(`^\s*\{(?s:.*)\}\s*$`)

// watch checks the signer, again and again, until it is removed.
func (s *signer) watch() {
	var due time.Time
	var checked uint64
	for {
		s.mu.Lock()
		session, changed, isRemoved, isStale := s.session, s.changed, s.removed, s.isStale
		s.mu.Unlock()
		if isRemoved {
			return
		}
		now := time.Now()
		if session != 0 && (session != checked || isStale || !now.Before(due)) {
			checked = session
			due = time.Now().Add(s.look(session))
			continue
		}
		select {
		case <-changed:
		case <-s.nudge:
			// Not more than one a second, however many ask for it.
			if soon := now.Add(recheckInterval); soon.Before(due) {
				due = soon
			}
		case <-time.After(recheckInterval):
			if s.hasLostLink() {
				due = now
			}
		}
	}
}

// look checks the signer once, and returns when to do so again.
func (s *signer) look(session uint64) time.Duration {
	s.mu.Lock()
	s.isStale = false
	most := patientLimit
	if s.trip > 0 && s.trip < slowTrip {
		most = quickLimit
	}
	s.mu.Unlock()
	began := time.Now()
	got, err := s.ask(limit(began.Add(most)))
	trip := time.Since(began)
	device := ""
	if err == nil {
		device, got.body, err = readGreeting(got)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != session {
		return 0
	}
	defer s.tell()
	s.greeting = nil
	if err != nil {
		s.failures++
		if !s.isDown && (s.failures >= maxFailures || errors.Is(err, errTimeout)) {
			s.isDown = true
			logf.Printf("%s: nothing answers through its tunnel (%v); its bakers get 502", s.name, err)
		}
		return recheckInterval
	}
	if s.isDown {
		logf.Printf("%s: answers again through its tunnel", s.name)
	}
	if isSlow := trip > slowTrip; isSlow != s.toldSlow {
		s.toldSlow = isSlow
		if isSlow {
			logf.Printf("%s: slow, not down: a check took %dms", s.name, trip.Milliseconds())
		} else {
			logf.Printf("%s: quick again: a check took %dms", s.name, trip.Milliseconds())
		}
	}
	s.isDown, s.failures, s.trip, s.joins = false, 0, trip, got.joins
	s.setDevice(device)
	if !s.isStale && got.body != nil {
		got.status = http.StatusOK
		s.greeting = &greeting{got, time.Now()}
	}
	if device != "" {
		return recheckInterval
	}
	return checkInterval
}

// setDevice notes why the signer's device can't sign; an empty word if it can. The caller holds mu.
func (s *signer) setDevice(word string) {
	switch {
	case word == s.device:
		return
	case word == "":
		logf.Printf("%s: its device can sign again", s.name)
	default:
		logf.Printf("%s: connected, but its device can't sign: %s; its bakers get 502", s.name, word)
	}
	s.device = word
}

// noteSigned notes that the device has signed, whatever was known of it.
func (s *signer) noteSigned() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device != "" {
		s.setDevice("")
		s.tell()
	}
}

// noteDevice notes that a request for a signature was refused in a session, because the device can't
// sign. The signer is checked each second from then on.
func (s *signer) noteDevice(session uint64, word string) {
	s.checkSoon()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != session {
		return
	}
	s.setDevice(word)
	s.greeting = nil
	s.tell()
}

// ask sends a check, which needs no place in the line, on a link that is open or on a new one. Links
// that were kept may have ended; then the next one is tried.
func (s *signer) ask(wait patience) (answer, error) {
	for {
		taken, err := s.take(time.Now().Add(holdTime))
		if err != nil {
			// While it is down, take does not dial.
			if taken, err = s.redial(); err != nil {
				return answer{}, err
			}
		}
		wasUsed := taken.isUsed
		got, err := s.exchange(taken, []byte(checkRequest), http.MethodGet, wait, maxGreeting)
		if errors.Is(err, errLost) && wasUsed {
			continue
		}
		return got, err
	}
}

// redial dials the tunnel's end once, whatever is known of it.
func (s *signer) redial() (*link, error) {
	s.mu.Lock()
	session, port := s.session, s.port
	s.mu.Unlock()
	if session == 0 {
		return nil, errNoTunnel
	}
	return dial(session, port)
}

// devices are the words for a device that can't sign. The wrapper on a signer's host answers them, with
// 503; octez-signer alone never does.
var devices = []string{"absent", "locked", "busy", "unknown"}

// readDevice returns why the device can't sign, as the host says it with 503; an empty word if the host
// says nothing of it. The greeting is what the signer answers to /authorized_keys, if only a request can
// show that the device can sign again; else nil.
func readDevice(got answer) (device string, greeting []byte) {
	var page struct {
		Device   string `json:"device"`
		Greeting string `json:"greeting"`
	}
	if got.status != http.StatusServiceUnavailable || json.Unmarshal(got.body, &page) != nil || page.Device == "" {
		return "", nil
	}
	if object.MatchString(page.Greeting) {
		greeting = []byte(page.Greeting)
	}
	if !slices.Contains(devices, page.Device) {
		return "unknown", greeting
	}
	return page.Device, greeting
}

// readGreeting returns why the device can't sign and the signer's greeting, as far as there is one, or
// what is wrong with the answer to a check.
func readGreeting(got answer) (device string, greeting []byte, err error) {
	if device, greeting := readDevice(got); device != "" {
		return device, greeting, nil
	}
	if got.status != http.StatusOK {
		return "", nil, fmt.Errorf("it answers %d to a check", got.status)
	}
	if !object.Match(got.body) {
		return "", nil, errors.New("it answers no JSON object to a check")
	}
	return "", got.body, nil
}
