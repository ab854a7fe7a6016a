package gateway

import (
	"fmt"
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
