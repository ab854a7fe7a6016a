package gateway

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"remote-signer-cloud/internal/once"
	"remote-signer-cloud/signer-forwarder/internal/guard"
)

// jobs are the requests for signatures that are under way, and the last signature of each mark. A
// signature is no secret: it goes on the chain.
type jobs = once.Answers[guard.Place, jobID, result]

// jobID tells whether two requests are the same: in their target, which may have a proof that the baker
// is authorized, and in their body.
type jobID struct{ target, body string }

func newJobs() *jobs { return once.New[guard.Place, jobID, result]() }

// sign gets a signature: from a request for the same bytes that is under way or was answered, or from
// the signer.
func (g *Gateway) sign(r *route, a *ask) result {
	if reason := g.guard.Check(a.guarded, time.Now()); reason != "" {
		return refused(Refusal(reason))
	}
	got, _, _ := g.jobs.Get(context.Background(), a.guarded.Place(), jobID{a.target, string(a.body)}, func() (result, bool) {
		got := g.askDevice(r, a)
		return got, got.cause == "" && got.refused == ""
	})
	return got
}

// askDevice asks the chosen signer for a signature. The guard's mark is written when there is a way to
// it, immediately before the request is passed on. If its host says that its device can't sign, the
// next one of the list has its turn by the same rules: nothing of this request is under way then, and
// the guard's mark has these bytes. Each signer of a list is asked once, whatever it says meanwhile.
func (g *Gateway) askDevice(r *route, a *ask) result {
	var got result
	refused := refusals{}
	for range r.length() {
		s, cause := r.choose(time.Now(), g.othersFrom, refused)
		if s == nil && got.unsigned {
			return got
		}
		if s == nil {
			return failed(r.owner, cause)
		}
		got = s.sign(a, func() (Refusal, error) {
			reason, err := g.guard.Pass(a.guarded, time.Now())
			return Refusal(reason), err
		})
		s.leave()
		if !got.unsigned {
			return got
		}
		refused[s] = got.cause
	}
	return got
}

// sign asks the signer for a signature through its tunnel.
func (s *signer) sign(a *ask, pass func() (Refusal, error)) result {
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
		s.noteSigned()
	case SignerError:
		s.noteAnswer(time.Now(), true)
	case Timeout:
		s.noteAnswer(time.Now(), false)
	}
	return got
}

// hasSignature reports whether a good answer is one to a request for a signature.
func hasSignature(a answer) bool { return bytes.Contains(a.body, []byte("signature")) }
