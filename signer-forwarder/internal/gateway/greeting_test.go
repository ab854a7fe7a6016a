package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const (
	noAuthentication = "{}\n"
	aliceOnly        = `{"authorized_keys":["tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6"]}` + "\n"
	bobOnly          = `{ "authorized_keys" : [ "tz1bobobobobobobobobobobobobobobobob" ] }`
)

// wants has a device want authenticated requests, or none, as its daemon says it.
func (d *device) wants(greeting string) {
	greets := http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(response, greeting) })
	d.greets.Store(&greets)
	d.answers(func(response http.ResponseWriter, request *http.Request) {
		if greeting != noAuthentication && !request.URL.Query().Has("authentication") {
			http.Error(response, `[{"kind":"temporary","id":"failure","msg":"missing authentication signature field"}]`, 500)
			return
		}
		signs(response, request)
	})
}

// restarts has all that a device was asked with end, as of a program that is started anew.
func (d *device) restarts() {
	d.t.Helper()
	d.server.Close()
	d.open()
}

// greeting asks what a baker asks before each request.
func (r *rig) greeting() reply {
	began := time.Now()
	response, err := http.Get(fmt.Sprintf("http://%s:%d/authorized_keys", podAddress, r.config.Signers[0].Port))
	if err != nil {
		return reply{text: err.Error()}
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return reply{response.StatusCode, string(text), time.Since(began)}
}

func TestAnAnswerIsOfOneAuthentication(t *testing.T) {
	d := newDevice(t)
	d.wants(aliceOnly)
	r := newRig(t, nil, d)
	for i, test := range []struct {
		query  string
		status int
		asked  int32
	}{
		{"?authentication=a&version=3", 200, 1},
		{"?authentication=a&version=3", 200, 1},
		{"?version=3", 500, 2},
		{"?authentication=b&version=3", 200, 3},
		// It is still kept beside the other one. The same bytes pass the guard.
		{"?authentication=a&version=3", 200, 3},
		{"?version=3", 500, 4},
	} {
		got := r.sign(vote(10, 0, 1), test.query)
		if got.status != test.status || d.asked.Load() != test.asked {
			t.Errorf("%d: got %d %s, asked %d times, want %d and %d", i, got.status, got.text, d.asked.Load(), test.status, test.asked)
		}
	}
}

func TestARequestThatIsUnderWayIsJoinedByTheSameAuthenticationAlone(t *testing.T) {
	d := newDevice(t)
	d.answers(signsAfter(300 * time.Millisecond))
	r := newRig(t, nil, d)
	ended := make(chan reply, 4)
	for _, query := range []string{"?authentication=a", "?authentication=a", "?authentication=b", ""} {
		go func() { ended <- r.sign(vote(10, 0, 1), query) }()
	}
	for range 4 {
		r.expect("each", <-ended, 200, "sig")
	}
	if got := d.asked.Load(); got != 3 {
		t.Errorf("asked %d times, want 3", got)
	}
}

func TestABakerIsToldWhatTheDeviceSaysThatIsAskedNext(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	first.wants(aliceOnly)
	second.wants(noAuthentication)
	r := newRig(t, nil, first, second)
	before := first.checks.Load() + second.checks.Load()
	r.expect("what the first says", r.greeting(), 200, aliceOnly)
	r.expect("the first's", r.sign(vote(10, 0, 1), "?authentication=a"), 200, "sig")
	if got := first.checks.Load() + second.checks.Load() - before; got != 0 {
		t.Errorf("asked %d times through the tunnels, want none", got)
	}
	// It goes between a baker's two requests: the other one takes what it does not want.
	first.loses("absent")
	r.expect("the second's", r.sign(vote(11, 0, 1), "?authentication=a"), 200, "sig")
	r.expect("what the second says", r.greeting(), 200, noAuthentication)
	r.expect("the second's again", r.sign(vote(12, 0, 1), ""), 200, "sig")
}

func TestTheNextDeviceThatWantsAuthenticationHasItFromTheNextRequestOn(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	second.wants(aliceOnly)
	r := newRig(t, nil, first, second)
	// A second device of somebody else's keys keeps nobody from the first one.
	r.expect("what the first says", r.greeting(), 200, noAuthentication)
	first.loses("absent")
	r.expect("under way", r.sign(vote(10, 0, 1), ""), 500, "missing authentication signature field")
	r.expect("what the second says", r.greeting(), 200, aliceOnly)
	r.expect("the second's", r.sign(vote(10, 0, 1), "?authentication=a"), 200, "sig")
}

func TestARefusalForWantOfAuthenticationHasTheDeviceAskedAtOnce(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	// Its daemon is started anew behind the wrapper, whose links stay.
	d.wants(aliceOnly)
	time.Sleep(recheckInterval)
	r.expect("a request as before", r.sign(vote(10, 0, 1), ""), 500, "missing authentication signature field")
	if got := r.greeting(); got.text != aliceOnly || got.took > 500*time.Millisecond {
		t.Errorf("got %q after %s, want %q at once", got.text, got.took, aliceOnly)
	}
	before := d.checks.Load()
	for level := range int32(20) {
		r.expect("of nobody", r.sign(vote(11+level, 0, 1), ""), 500, "missing authentication signature field")
		time.Sleep(50 * time.Millisecond)
	}
	if got := d.checks.Load() - before; got > 2 {
		t.Errorf("asked %d times in a second, want at most 2", got)
	}
}

func TestWhatAProgramHasSaidThatIsGoneIsNotToldABaker(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	r.expect("a link is kept", r.sign(vote(10, 0, 1), ""), 200, "sig")
	d.wants(aliceOnly)
	d.restarts()
	if got := r.greeting(); got.text != aliceOnly || got.took > 500*time.Millisecond {
		t.Errorf("got %q after %s, want %q at once", got.text, got.took, aliceOnly)
	}
}

func TestWhatWasSaidBeforeACheckFailedIsNotToldABaker(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	r.expect("a link is kept", r.sign(vote(10, 0, 1), ""), 200, "sig")
	d.server.Close()
	ended := make(chan reply)
	go func() { ended <- r.greeting() }()
	time.Sleep(500 * time.Millisecond)
	d.wants(aliceOnly)
	d.open()
	if got := <-ended; got.text != aliceOnly || got.took > 2*recheckInterval {
		t.Errorf("got %q after %s, want %q when it is back", got.text, got.took, aliceOnly)
	}
}

func TestThePageOfMonitoringHasWhatTheSignerWants(t *testing.T) {
	d := newDevice(t)
	d.wants(bobOnly)
	r := newRig(t, nil, d)
	page := func() (int, string) {
		response := httptest.NewRecorder()
		r.ServePage(response, httptest.NewRequest(http.MethodGet, "/signers/s0/authorized_keys", nil))
		return response.Code, response.Body.String()
	}
	before := d.checks.Load()
	if status, text := page(); status != 200 || text != bobOnly {
		t.Errorf("got %d %q, want %q", status, text, bobOnly)
	}
	if got := d.checks.Load() - before; got != 0 {
		t.Errorf("asked %d times through the tunnel, want none", got)
	}
	d.loses("locked")
	r.expect("without it", r.sign(vote(10, 0, 1), ""), 502, "locked")
	if status, text := page(); status != 502 || !strings.Contains(text, "locked") {
		t.Errorf("got %d %q, want 502", status, text)
	}
}
