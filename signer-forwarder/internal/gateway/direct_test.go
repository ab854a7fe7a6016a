package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// direct asks a signer's port as a router does.
func (r *rig) direct(signer int, method, path, body string) (reply, string) {
	r.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	url := fmt.Sprintf("http://%s:%d/direct%s", podAddress, r.config.Signers[signer].Port, path)
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return reply{status: response.StatusCode, text: string(text)}, response.Header.Get("cause")
}

func (r *rig) directSign(signer int, body string) (reply, string) {
	return r.direct(signer, http.MethodPost, "/keys/"+alice, body)
}

func (r *rig) stateOf(signer int) signerState {
	r.t.Helper()
	got, _ := r.direct(signer, http.MethodGet, "/state", "")
	var state signerState
	if err := json.Unmarshal([]byte(got.text), &state); err != nil {
		r.t.Fatalf("got %q: %v", got.text, err)
	}
	return state
}

func TestADirectRequestGoesToTheSignerOfThePortAlone(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	got, _ := r.directSign(1, vote(10, 0, 1))
	r.expect("at the fall-back's port", got, 200, "sig")
	if first.asked.Load() != 0 || second.asked.Load() != 1 {
		t.Errorf("asked %d and %d times, want only the second", first.asked.Load(), second.asked.Load())
	}
	first.loses("absent")
	got, cause := r.directSign(0, vote(11, 0, 1))
	r.expect("at the first's, without its device", got, 502, "absent")
	if cause != "device absent" || second.asked.Load() != 1 {
		t.Errorf("got the cause %q, and the second was asked %d times, want device absent and once", cause, second.asked.Load())
	}
}

func TestADirectRequestIsHeldToTheGuardAndToTheListedKeys(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	got, _ := r.directSign(0, vote(10, 0, 1))
	r.expect("a vote", got, 200, "sig")
	got, _ = r.directSign(0, vote(10, 0, 2))
	r.expect("other bytes of its level", got, 403, "Refused: watermark")
	r.expect("the same, by the ordinary way", r.sign(vote(10, 0, 2), ""), 403, "Refused: watermark")
	got, _ = r.direct(0, http.MethodPost, "/keys/tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx", vote(11, 0, 1))
	r.expect("a key that is not listed", got, 403, "Refused: key")
	for _, path := range []string{"/", "/healthz", "/direct/state", "/keys/", "/state/x"} {
		got, _ = r.direct(0, http.MethodGet, path, "")
		r.expect(path, got, 403, "Refused: path")
	}
}

func TestTheSignerGetsADirectRequestWithoutItsPrefix(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	targets := make(chan string, 1)
	d.answers(func(response http.ResponseWriter, request *http.Request) {
		targets <- request.RequestURI
		signs(response, request)
	})
	got, _ := r.direct(0, http.MethodPost, "/keys/"+alice+"?version=3", vote(10, 0, 1))
	r.expect("a vote", got, 200, "sig")
	if target := <-targets; target != "/keys/"+alice+"?version=3" {
		t.Errorf("got the target %s", target)
	}
}

func TestTheSameBytesAreAskedForOnceByBothWays(t *testing.T) {
	d := newDevice(t)
	d.answers(signsAfter(300 * time.Millisecond))
	r := newRig(t, nil, d)
	ordinary := make(chan reply)
	go func() { ordinary <- r.sign(vote(10, 0, 1), "") }()
	r.until("the device is asked", func() bool { return d.asked.Load() == 1 })
	got, _ := r.directSign(0, vote(10, 0, 1))
	r.expect("the router's", got, 200, "sig")
	r.expect("the baker's", <-ordinary, 200, "sig")
	if d.asked.Load() != 1 {
		t.Errorf("asked %d times, want once", d.asked.Load())
	}
}

func TestARouterIsToldHowASignerIs(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	if got := r.stateOf(0); got != (signerState{Ready: true, Greeting: "{}\n"}) {
		t.Errorf("got %+v, want it ready, at a host that does not join", got)
	}
	joins := http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("signer-host", "joins")
		_, _ = io.WriteString(response, "{}\n")
	})
	d.greets.Store(&joins)
	r.SessionOpens("s0")
	r.until("it joins", func() bool { return r.stateOf(0) == signerState{Ready: true, Joins: true, Greeting: "{}\n"} })
	d.loses("locked")
	_, _ = r.directSign(0, vote(10, 0, 1))
	if got := r.stateOf(0); got.Ready || got.Cause != "device locked" {
		t.Errorf("got %+v, want the cause device locked", got)
	}
	d.isBack()
	r.SessionOpens("s0")
	r.until("it is ready", func() bool { return r.stateOf(0).Ready })
	r.SessionEnds("s0", 3)
	if got := r.stateOf(0); got.Ready || got.Cause != NoTunnel {
		t.Errorf("got %+v a moment after its session's end, want no tunnel", got)
	}
}

func TestARouterIsToldThatTheReplicaIsAboutToEnd(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	if r.Drain() {
		t.Error("a router has asked, want none")
	}
	if !r.stateOf(0).Draining || !r.Drain() {
		t.Error("got no word of it, or no router that has asked")
	}
	got, _ := r.directSign(0, vote(10, 0, 1))
	r.expect("meanwhile", got, 200, "sig")
}

func TestAGatewayIsBusyWhileADeviceIsAtWork(t *testing.T) {
	d := newDevice(t)
	d.answers(signsAfter(300 * time.Millisecond))
	r := newRig(t, nil, d)
	answer := make(chan reply)
	go func() { answer <- r.sign(vote(10, 0, 1), "") }()
	r.until("it is busy", r.IsBusy)
	r.expect("the vote", <-answer, 200, "sig")
	r.until("it is not", func() bool { return !r.IsBusy() })
}
