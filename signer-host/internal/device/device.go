// Package device knows whether the device can sign, without asking it for a signature. It puts together
// what several sources say; docs/design/wrapper.md has the picture.
//
//	device.go     what the sources say, requests that wait for long, and the state that follows
//	usb.go        whether a device is plugged in
//	ledger.go     what octez-signer's answers say of a Ledger
//	tezsign.go    whether tezsign's keys are unlocked
//	signatory.go  whether Signatory's vaults are ready
package device

import (
	"net/http"
	"sync"
	"time"

	"remote-signer-cloud/signer-host/internal/daemon"
)

// State is whether the device can sign.
type State string

// The states. In all but the first one it can't sign.
const (
	Ready State = "ready"
	// Absent is a device that is not plugged in.
	Absent State = "absent"
	// Locked is a device that waits for somebody to unlock its keys.
	Locked State = "locked"
	// Busy is a device that has not answered a request for a signature in its time.
	Busy State = "busy"
	// Unknown is a device that can't be asked: the daemon is not there, or says that it can't.
	Unknown State = "unknown"
)

// States are all of them.
var States = []State{Ready, Absent, Locked, Busy, Unknown}

// Status is a state, and since when.
type Status struct {
	State State
	Since time.Time
	// MayAsk says that the device can't sign as far as is known, and that only a request can show that it
	// can again. So requests for signatures are passed on.
	MayAsk bool
}

// Change is a change of state.
type Change struct{ From, To Status }

// source is who says something about the device.
type source int

const (
	fromUSB source = iota
	fromItsDaemon
	fromConnections
	fromAnswers
	sources
)

// Device is what is known of the device.
type Device struct {
	answer  time.Duration
	changes chan Change
	doubt   chan struct{}

	// mu guards the fields below. Nothing else is locked while it is held.
	mu       sync.Mutex
	said     [sources]State
	waiting  map[*Request]bool
	signedAt time.Time
	foundAt  time.Time // when it was found at the USB, or found anew
	current  Status
}

// New returns a device that is ready until a source says something else. `answer` is how long a request
// may go without an answer.
func New(answer time.Duration) *Device {
	d := &Device{
		answer: answer, changes: make(chan Change, 64), doubt: make(chan struct{}, 1),
		waiting: map[*Request]bool{}, current: Status{State: Ready, Since: time.Now()},
	}
	for i := range d.said {
		d.said[i] = Ready
	}
	return d
}

// Changes has each change of state, for the log. One that nobody reads is left out.
func (d *Device) Changes() <-chan Change { return d.changes }

// Status returns the state of this moment.
func (d *Device) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.look(time.Now())
}

// Doubt has the device looked at again where that costs it something: the daemon is back, or has refused
// to sign.
func (d *Device) Doubt() {
	select {
	case d.doubt <- struct{}{}:
	default:
	}
}

// say takes what a source says.
func (d *Device) say(who source, what State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if who == fromUSB && what == Ready && d.said[who] != Ready {
		d.Doubt()
	}
	d.said[who] = what
	d.look(time.Now())
}

// findAnew notes that it is another device than before to the USB: what was answered counts no more.
func (d *Device) findAnew() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.foundAt, d.said[fromAnswers] = time.Now(), Ready
	d.look(d.foundAt)
}

// SetReachable takes whether the daemon can be asked.
func (d *Device) SetReachable(isReachable bool) {
	if isReachable {
		d.say(fromConnections, Ready)
	} else {
		d.say(fromConnections, Unknown)
	}
}

// look puts together what is known. The order is that of the reasons: a request also waits because the
// device was pulled out, and the daemon may be silent because its device is. The caller holds mu.
func (d *Device) look(now time.Time) Status {
	state, mayAsk := Ready, false
	switch {
	case d.said[fromUSB] != Ready:
		state = d.said[fromUSB]
	case d.isBusy(now):
		state = Busy
	case d.said[fromItsDaemon] != Ready:
		state = d.said[fromItsDaemon]
	case d.said[fromConnections] != Ready:
		state = d.said[fromConnections]
	case d.said[fromAnswers] != Ready:
		state, mayAsk = d.said[fromAnswers], true
	}
	if state != d.current.State {
		change := Change{d.current, Status{State: state, Since: now}}
		d.current = change.To
		select {
		case d.changes <- change:
		default:
		}
	}
	d.current.MayAsk = mayAsk
	return d.current
}

// Request is a request for a signature that is under way to the daemon.
type Request struct {
	device *Device
	began  time.Time
}

// Begin notes that the daemon is asked for a signature.
func (d *Device) Begin() *Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &Request{d, time.Now()}
	d.waiting[r] = true
	return r
}

// End notes that it is no longer under way: whether there is a signature, and the daemon's answer if there
// is one. It reports whether the answer says that the device is locked.
func (r *Request) End(isSigned bool, answer daemon.Answer) (isFoundLocked bool) {
	isFoundLocked = !isSigned && isLocked(answer)
	d := r.device
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	delete(d.waiting, r)
	switch status := answer.Status; {
	case isSigned:
		d.signedAt, d.said[fromAnswers] = now, Ready
	case isFoundLocked && r.began.After(d.foundAt):
		d.said[fromAnswers] = Locked
	case status >= 500 || status == http.StatusForbidden || status == http.StatusNotFound:
		d.Doubt()
	}
	d.look(now)
	return isFoundLocked
}

// isBusy reports whether a request waits for too long. A device signs for one key after the other, so the
// time begins anew with each signature, as at the gateway. The way back is the same: the request gets
// its signature or comes to its end, also because the daemon was started anew. The caller holds mu.
func (d *Device) isBusy(now time.Time) bool {
	for r := range d.waiting {
		since := r.began
		if d.signedAt.After(since) {
			since = d.signedAt
		}
		if now.Sub(since) >= d.answer {
			return true
		}
	}
	return false
}
