package gateway

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"remote-signer-cloud/internal/logf"
)

// hedgeAfter is how long an answer is waited for before a second replica is asked for the same bytes. A
// device takes 0.2 to 0.9 s, and an uplink that is cut is noticed after 6 s.
const hedgeAfter = 300 * time.Millisecond

// hedgeAgain is how long it takes until that is looked at again, if the second replica could not be asked:
// how its signer is may not be known yet.
const hedgeAgain = 50 * time.Millisecond

// race is a request at one signer, by one replica after the other or by two at a time.
//
// The next replica is asked at once if a connection breaks, or if a replica has no tunnel. It is asked
// beside the first after hedgeAfter, or as soon then as it is known that this costs the device nothing: the
// signer's host joins the same bytes into one signature, or nothing is signed. It is always the same signer.
type race struct {
	way  *remote
	ask  *ask
	pass func() (Refusal, error)

	rest    []*lane // that were not asked yet
	ends    chan try
	inside  int  // tries under way
	isSent  bool // a try that had no answer may have reached the device
	failure *result
}

// try is one request at one replica that has ended.
type try struct {
	lane    *lane
	isHedge bool
	isSent  bool
	got     answer
	err     error
}

func (r *race) run(lanes []*lane) result {
	r.rest, r.ends = lanes, make(chan try, len(lanes))
	if refusal := r.start(false); refusal != nil {
		return *refusal
	}
	hedge := time.NewTimer(hedgeAfter)
	defer hedge.Stop()
	for r.inside > 0 {
		select {
		case <-hedge.C:
			if r.mayHedge() {
				// A refusal of the second is none of the first.
				_ = r.start(true)
			} else if len(r.rest) > 0 {
				hedge.Reset(hedgeAgain)
			}
		case end := <-r.ends:
			r.inside--
			if got, isLast := r.judge(end); isLast {
				return got
			}
		}
	}
	if r.failure != nil {
		return *r.failure
	}
	return failed(r.way.name, NoTunnel)
}

// mayHedge reports whether the next replica may be asked beside the first.
func (r *race) mayHedge() bool {
	if len(r.rest) == 0 || r.rest[0].rank() > 1 {
		return false
	}
	state, _ := r.rest[0].said()
	return state.Joins || !r.ask.signs
}

// start asks the next replica, if there is one. It returns why the request must not be passed on.
func (r *race) start(isHedge bool) *result {
	if len(r.rest) == 0 {
		return nil
	}
	reason, err := r.pass()
	if err != nil {
		logf.Printf("%s: can't write the guard's mark, so nothing is signed: %v", r.way.name, err)
		got := failed(r.way.name, GuardFailed)
		return &got
	}
	if reason != "" {
		got := refused(reason)
		return &got
	}
	lane := r.rest[0]
	r.rest = r.rest[1:]
	r.inside++
	if isHedge {
		r.way.observe(Hedge{Signer: r.way.name, Replica: lane.replica})
	}
	direct := *r.ask
	direct.target = directPrefix + r.ask.target
	text := direct.text(r.way.name)
	// Counted apart from the request: a try that is left behind keeps other signers from being asked.
	r.way.enter()
	go func() {
		defer r.way.leave()
		got, isSent, err := lane.exchange(text, r.ask.method, tryTime{lane, time.Now()})
		r.ends <- try{lane, isHedge, isSent, got, err}
	}()
	return nil
}

// judge returns the result of the request if a try decides it.
func (r *race) judge(end try) (result, bool) {
	name := r.way.name
	if end.err != nil {
		r.isSent = r.isSent || end.isSent
		if !errors.Is(end.err, errUnreadable) {
			end.lane.noteBroken()
		}
		return r.next(end, failed(name, NoTunnel))
	}
	cause := Cause(end.got.cause)
	got := result{answer: end.got, signer: name, replica: end.lane.replica}
	switch {
	case end.got.status == http.StatusOK && r.ask.signs && !hasSignature(end.got):
		return r.keep(end, failed(name, BadAnswer))
	case end.got.status == http.StatusOK:
		if r.ask.signs {
			r.way.prefer(end.lane)
		}
		if end.isHedge {
			r.way.observe(Hedge{name, end.lane.replica, true})
		}
		return got, true
	case end.got.status == http.StatusForbidden && cause == "":
		reason, _ := strings.CutPrefix(strings.TrimSpace(string(end.got.body)), "Refused: ")
		got.refused = Refusal(reason)
		return r.keep(end, got)
	case cause == NoTunnel:
		// It may have ended under the request.
		r.isSent = true
		end.lane.noteCause(cause)
		return r.next(end, failed(name, cause))
	case cause == GuardFailed:
		// This replica has passed on nothing.
		return r.next(end, failed(name, cause))
	case strings.HasPrefix(string(cause), causeDevice):
		end.lane.noteCause(cause)
		for _, each := range r.way.all() {
			if each != end.lane {
				each.doubt()
			}
		}
		refusal := failed(name, cause)
		refusal.unsigned = !r.isSent && r.inside == 0
		return r.keep(end, refusal)
	case cause == "" || cause == SignerError:
		got.cause = SignerError
		if r.ask.signs && isUnauthenticated(end.got) {
			end.lane.doubtGreeting()
		}
		return r.keep(end, got)
	default:
		return r.keep(end, failed(name, cause))
	}
}

// next asks the next replica at once, in the place of a try that has failed.
func (r *race) next(end try, failure result) (result, bool) {
	if r.inside == 0 {
		if refusal := r.start(false); refusal != nil {
			return *refusal, true
		}
	}
	return r.keep(end, failure)
}

// keep keeps a failure, which is the result unless another try does better.
func (r *race) keep(end try, failure result) (result, bool) {
	failure.replica = end.lane.replica
	// What a device or a signer says tells more than that a replica has no tunnel.
	if r.failure == nil || r.failure.cause == NoTunnel {
		r.failure = &failure
	}
	return result{}, false
}
