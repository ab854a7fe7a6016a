package gateway

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/guard"
)

// job is one signature that is being asked for. Octez repeats a request that had no answer, and a
// second one for the same bytes joins the first: so a device is asked once.
type job struct {
	done   chan struct{} // closed when the result is there
	result result
}

// jobs are the requests for signatures that are under way, and the last signature of each mark.
type jobs struct {
	// mu guards the fields below. Nothing else is locked while it is held.
	mu      sync.Mutex
	running map[jobID]*job
	signed  map[guard.Place]signed
}

// jobID tells whether two requests are the same: in their target, which may have a proof that the baker
// is authorized, and in their body.
type jobID struct{ target, body string }

// signed is a signature that was given. It is no secret: it goes on the chain.
type signed struct {
	id     jobID
	result result
}

func newJobs() *jobs {
	return &jobs{running: map[jobID]*job{}, signed: map[guard.Place]signed{}}
}

// sign gets a signature: from a request for the same bytes that is under way or was answered, or from
// the signer.
func (g *Gateway) sign(r *route, a *ask) result {
	if reason := g.guard.Check(a.guarded, time.Now()); reason != "" {
		return refused(Refusal(reason))
	}
	id := jobID{a.target, string(a.body)}
	at := a.guarded.Place()
	g.jobs.mu.Lock()
	if given, ok := g.jobs.signed[at]; ok && given.id == id {
		g.jobs.mu.Unlock()
		return given.result
	}
	if other := g.jobs.running[id]; other != nil {
		g.jobs.mu.Unlock()
		<-other.done
		return other.result
	}
	own := &job{done: make(chan struct{})}
	g.jobs.running[id] = own
	g.jobs.mu.Unlock()

	own.result = g.askDevice(r, a)
	g.jobs.mu.Lock()
	delete(g.jobs.running, id)
	if own.result.cause == "" && own.result.refused == "" {
		g.jobs.signed[at] = signed{id, own.result}
	}
	g.jobs.mu.Unlock()
	close(own.done)
	return own.result
}

// askDevice asks the chosen signer for a signature. If its host says that its device can't sign, the
// next one of the list has its turn by the same rules: nothing of this request is under way then, and
// the guard's mark has these bytes. Each signer of a list is asked once, whatever it says meanwhile.
func (g *Gateway) askDevice(r *route, a *ask) result {
	var got result
	for range r.length() {
		s, cause := r.choose(time.Now(), g.othersFrom)
		if s == nil && got.unsigned {
			return got
		}
		if s == nil {
			return failed(r.owner, cause)
		}
		got = g.askSigner(s, a)
		s.leave()
		if !got.unsigned {
			return got
		}
	}
	return got
}

// askSigner asks a signer for a signature. The guard's mark is written when there is a way to the
// signer, immediately before the request is passed on.
func (g *Gateway) askSigner(s *signer, a *ask) result {
	pass := func() (Refusal, error) {
		reason, err := g.guard.Pass(a.guarded, time.Now())
		return Refusal(reason), err
	}
	got := s.request(a, func() patience { return workTime{s, time.Now()} }, maxAnswer, pass)
	switch got.cause {
	case "":
		if got.refused != "" {
			break
		}
		s.noteAnswer(time.Now(), true)
		if got.status == http.StatusOK && !hasSignature(got.answer) {
			return failed(s.name, BadAnswer)
		}
	case SignerError:
		s.noteAnswer(time.Now(), true)
		// It may want authenticated requests since a moment ago.
		s.checkSoon()
	case Timeout:
		s.noteAnswer(time.Now(), false)
	}
	return got
}

// hasSignature reports whether a good answer is one to a request for a signature.
func hasSignature(a answer) bool { return bytes.Contains(a.body, []byte("signature")) }
