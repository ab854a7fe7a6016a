package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
)

func TestADeviceThatIsSilentTwiceLosesItsTurn(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	r.silence(first)
	if state := r.States()["s0"]; state.Ready || !state.Answers {
		t.Errorf("got %+v, want it answering and not ready", state)
	}
	r.expect("the same bytes", r.sign(vote(10, 1, 1), ""), 200, "sig")
	if second.asked.Load() != 1 {
		t.Errorf("the other was asked %d times, want once", second.asked.Load())
	}
}

func TestASilentDeviceIsAskedByOneRequestAtATime(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	r.silence(d)
	var all sync.WaitGroup
	var refused atomic.Int32
	for i := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			if got := r.sign(vote(10, 10, 1), fmt.Sprintf("?version=%d", i)); strings.Contains(got.text, "device can't sign: silent") {
				refused.Add(1)
			}
		}()
	}
	all.Wait()
	if refused.Load() != 3 || d.asked.Load() != 3 {
		t.Errorf("refused %d, asked %d, want 3 and 3", refused.Load(), d.asked.Load())
	}
	d.answers(signs)
	r.expect("the one that is let through", r.sign(vote(11, 0, 1), ""), 200, "sig")
	if !r.States()["s0"].Ready {
		t.Error("it is not ready after an answer")
	}
}

func TestWithoutMemoryOnlyTheFirstDeviceIsAsked(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	r.othersFrom = time.Now().Add(time.Hour)
	r.SessionEnds("s0", 1)
	first.server.Close()
	time.Sleep(downAfter + 100*time.Millisecond)
	r.expect("without its first device", r.sign(vote(10, 0, 1), ""), 502, "no tunnel")
	r.othersFrom = time.Now()
	r.expect("later", r.sign(vote(10, 0, 1), ""), 200, "sig")
}

func TestADeviceThatIsTakenOutOfTheListIsWaitedFor(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	r.silence(first)
	first.answers(signs)
	second.answers(signsAfter(600 * time.Millisecond))
	slow := make(chan reply)
	go func() { slow <- r.sign(vote(11, 0, 1), "") }()
	r.until("the second is asked", func() bool { return second.asked.Load() == 1 })
	r.SessionOpens("s0")
	alone := config.Config{Signers: slices.Clone(r.config.Signers)}
	alone.Signers[0].Fallbacks = nil
	if err := r.Configure(alone); err != nil {
		t.Fatal(err)
	}
	r.expect("while the second is at work", r.sign(vote(12, 0, 1), ""), 502, "no tunnel")
	r.expect("the second's", <-slow, 200, "sig")
	r.expect("then", r.sign(vote(12, 0, 1), ""), 200, "sig")
	if first.asked.Load() != 3 {
		t.Errorf("the first was asked %d times, want 3", first.asked.Load())
	}
}

func TestARefusalOfTheHostIsTheDevicesStateAtOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		text   string
		cause  Cause
		ready  bool
	}{
		{"absent", saysOf("absent"), 502, "device can't sign: absent", "device absent", false},
		{"locked", saysOf("locked"), 502, "device can't sign: locked", "device locked", false},
		{"a word that is new", saysOf("asleep"), 502, "device can't sign: unknown", "device unknown", false},
		{"no word", saysOf(""), 503, `"device":""`, SignerError, true},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusServiceUnavailable) }, 503, "busy", SignerError, true},
		{"another status", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"device":"absent"}`, http.StatusInternalServerError)
		}, 500, "absent", SignerError, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDevice(t)
			r := newRig(t, nil, d)
			d.answers(c.answer)
			r.expect("the answer", r.sign(vote(10, 0, 1), ""), c.status, c.text)
			if state := r.States()["s0"]; state.Ready != c.ready || !state.Answers {
				t.Errorf("got %+v, want ready %t", state, c.ready)
			}
			r.until("it is written down", func() bool { return len(r.written()) == 1 })
			if got := r.written()[0].Cause; got != c.cause {
				t.Errorf("got the cause %q, want %q", got, c.cause)
			}
		})
	}
}

func TestADeviceIsCheckedEachSecondUntilItIsBack(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	d.loses("absent")
	r.expect("without it", r.sign(vote(10, 0, 1), ""), 502, "absent")
	before := d.checks.Load()
	r.expect("again", r.sign(vote(10, 0, 1), ""), 502, "absent")
	if d.asked.Load() != 1 {
		t.Errorf("asked %d times, want once", d.asked.Load())
	}
	time.Sleep(2500 * time.Millisecond)
	if got := d.checks.Load() - before; got != 2 {
		t.Errorf("checked %d times in 2.5 s, want 2", got)
	}
	d.isBack()
	r.until("it is back", func() bool { return r.States()["s0"].Ready })
	r.expect("with it", r.sign(vote(10, 0, 1), ""), 200, "sig")
}

func TestALockedDeviceThatOnlyARequestShowsToBeBackIsAsked(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	d.isFoundLocked()
	r.expect("at first", r.sign(vote(10, 0, 1), ""), 502, "device can't sign: locked")
	askable := func() bool { return r.stateOf(0).Askable }
	r.until("its host says that it may be asked", askable)
	if got := r.stateOf(0); got.Ready || got.Cause != "device locked" || got.Greeting != "" {
		t.Errorf("got %+v, want it not ready because it is locked", got)
	}
	if got, text := r.direct(0, http.MethodGet, "/authorized_keys", ""); got.status != 200 || got.text != "{}\n" {
		t.Errorf("its greeting: got %+v %s", got, text)
	}
	r.expect("the next", r.sign(vote(10, 0, 1), ""), 502, "device can't sign: locked")
	if got := d.asked.Load(); got != 2 {
		t.Errorf("asked %d times, want 2", got)
	}
	r.expect("at once after that", r.sign(vote(10, 0, 1), ""), 502, "device can't sign: locked")
	if got := d.asked.Load(); got != 2 {
		t.Errorf("asked %d times, want 2 until it is checked again", got)
	}
	r.until("it may be asked again", askable)
	d.answers(signs)
	r.expect("unlocked", r.sign(vote(10, 0, 1), ""), 200, "sig")
	if !r.States()["s0"].Ready {
		t.Error("it is not ready after a signature")
	}
}

func TestALockedDeviceThatMayBeAskedComesAfterOneThatIsReady(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	first.isFoundLocked()
	r.expect("the second's", r.sign(vote(10, 0, 1), ""), 200, "sig")
	r.until("the first may be asked", func() bool { return r.stateOf(0).Askable })
	r.expect("the second's again", r.sign(vote(11, 0, 1), ""), 200, "sig")
	if first.asked.Load() != 1 || second.asked.Load() != 2 {
		t.Errorf("asked %d and %d times, want 1 and 2", first.asked.Load(), second.asked.Load())
	}
	second.loses("absent")
	first.answers(signs)
	r.expect("the first's, without the second", r.sign(vote(12, 0, 1), ""), 200, "sig")
}

func TestARequestThatIsRefusedUnsignedGoesToTheNextDeviceAtOnce(t *testing.T) {
	first, second, third := newDevice(t), newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second, third)
	first.loses("absent")
	second.loses("locked")
	got := r.sign(vote(10, 0, 1), "")
	r.expect("the third's", got, 200, "sig")
	if got.took > 500*time.Millisecond {
		t.Errorf("took %s", got.took)
	}
	first.isBack()
	second.isBack()
	r.until("they are back", func() bool { return r.States()["s0"].Ready && r.States()["s1"].Ready })
	r.expect("other bytes of the same level", r.sign(vote(10, 0, 2), ""), 403, "Refused: watermark")
	r.expect("the next one stays", r.sign(vote(11, 0, 1), ""), 200, "sig")
	for i, d := range []*device{first, second, third} {
		if want := []int32{1, 1, 2}[i]; d.asked.Load() != want {
			t.Errorf("s%d was asked %d times, want %d", i, d.asked.Load(), want)
		}
	}
	if chosen := r.States()["s0"].Chosen; chosen != "s2" {
		t.Errorf("got %s chosen, want s2", chosen)
	}
}

func TestEachDeviceOfAListRefusesARequestOnce(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	// Their checks are passed, so both seem to be ready again and again.
	first.answers(saysOf("absent"))
	second.answers(saysOf("locked"))
	r.expect("the last one's word", r.sign(vote(10, 0, 1), ""), 502, "device can't sign: locked")
	if first.asked.Load() != 1 || second.asked.Load() != 1 {
		t.Errorf("asked %d and %d times, want once each", first.asked.Load(), second.asked.Load())
	}
	r.until("it is written down", func() bool { return len(r.written()) == 1 })
	if got := r.written()[0]; got.Signer != "s1" || got.Cause != "device locked" {
		t.Errorf("got %+v, want s1's", got)
	}
}

func TestNoOtherDeviceIsAskedWhileTheOneThatRefusesHasARequest(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	first.answers(signsAfter(700 * time.Millisecond))
	r := newRig(t, nil, first, second)
	slow := make(chan reply)
	go func() { slow <- r.sign(vote(10, 0, 1), "") }()
	r.until("the first is at work", func() bool { return first.asked.Load() == 1 })
	first.answers(saysOf("busy"))
	r.expect("meanwhile", r.sign(vote(11, 0, 1), ""), 502, "device can't sign: busy")
	if second.asked.Load() != 0 {
		t.Error("the second was asked while the first may sign")
	}
	r.expect("the first's", <-slow, 200, "sig")
	r.expect("then", r.sign(vote(11, 0, 1), "?again"), 200, "sig")
}

func TestARequestWhoseFirstTryWasLostStaysWithItsDevice(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	first.answers(func(response http.ResponseWriter, _ *http.Request) {
		// The host has the request, and may sign it; then it is back without its device.
		first.answers(saysOf("absent"))
		conn, _, err := response.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
	})
	r.expect("it", r.sign(vote(10, 0, 1), ""), 502, "device can't sign: absent")
	if first.asked.Load() != 2 || second.asked.Load() != 0 {
		t.Errorf("asked %d and %d times, want 2 and 0", first.asked.Load(), second.asked.Load())
	}
}

func TestWithoutMemoryARefusedRequestDoesNotMoveOn(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	r.othersFrom = time.Now().Add(time.Hour)
	first.loses("absent")
	r.expect("it", r.sign(vote(10, 0, 1), ""), 502, "device can't sign: absent")
	if second.asked.Load() != 0 {
		t.Error("the second was asked")
	}
}
