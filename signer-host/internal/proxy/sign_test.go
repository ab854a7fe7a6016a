package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-host/internal/device"
)

func TestWhichRequestsAreTheSame(t *testing.T) {
	var asked atomic.Int64
	r := newRig(t, serveDaemon(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"signature":"sig%d"}`, asked.Add(1))
	}), time.Minute)
	target := r.url + "/keys/" + key
	first := vote(payload.Attestation, 7, 0)
	for i, test := range []struct {
		target, body string
		want         string
	}{
		{target, first, "sig1"},
		{target, first, "sig1"},
		{target + "?version=3", first, "sig2"},
		{target + "?version=3", first, "sig2"},
		{target + "?version=3&authentication=a", first, "sig3"},
		{target + "?version=3&authentication=b", first, "sig4"},
		{r.url + "/keys/" + otherKey, first, "sig5"},
		{target, vote(payload.Preattestation, 7, 0), "sig6"},
		{target, vote(payload.Block, 7, 0), "sig7"},
		{target + "?version=3&authentication=b", first, "sig4"},
		{target, vote(payload.Attestation, 7, 1), "sig8"},
		{target + "?version=3&authentication=b", first, "sig4"},
		{target, first, "sig1"},
		// Not of a block or a vote: the daemon decides each time.
		{target, `"03ff"`, "sig9"},
		{target, `"03ff"`, "sig10"},
		{target, `"13ff"`, "sig11"},
		{target, `"13ff"`, "sig12"},
		{target, `{}`, "sig13"},
		{target, ``, "sig14"},
	} {
		got, err := post(http.DefaultClient, test.target, test.body)
		if want := `{"signature":"` + test.want + `"}`; err != nil || got.body != want {
			t.Errorf("%d: got %s, %v, want %s", i, got.body, err, want)
		}
	}
}

func TestOnlySignaturesAreKept(t *testing.T) {
	for _, refusal := range []struct {
		status int
		body   string
	}{
		{500, `[{"kind":"temporary"}]`},
		{200, `{}`},
		{200, `{"signature":""}`},
		{200, `{"signature":7}`},
		{200, `sig`},
		{404, `{"signature":"sig"}`},
	} {
		var isRefused atomic.Bool
		isRefused.Store(true)
		r := newRig(t, serveDaemon(t, func(w http.ResponseWriter, _ *http.Request) {
			if isRefused.Load() {
				w.WriteHeader(refusal.status)
				fmt.Fprint(w, refusal.body)
				return
			}
			fmt.Fprint(w, `{"signature":"good"}`)
		}), time.Minute)
		ask := func(want string) {
			t.Helper()
			got, err := post(http.DefaultClient, r.url+"/keys/"+key, vote(payload.Block, 7, 0))
			if err != nil || got.body != want {
				t.Errorf("%+v: got %q, %v, want %q", refusal, got.body, err, want)
			}
		}
		ask(refusal.body)
		isRefused.Store(false)
		ask(`{"signature":"good"}`)
		isRefused.Store(true)
		ask(`{"signature":"good"}`)
	}
}

func TestWhileTheDeviceCantSignOnlyKnownSignaturesAreGiven(t *testing.T) {
	goOn := make(chan struct{})
	r := newRig(t, serveDaemon(t, func(w http.ResponseWriter, request *http.Request) {
		if strings.Contains(request.URL.RawQuery, "slow") {
			<-goOn
		}
		fmt.Fprint(w, `{"signature":"sig"}`)
	}), 400*time.Millisecond)
	target := r.url + "/keys/" + key
	known := vote(payload.Attestation, 7, 0)
	if got, _ := post(http.DefaultClient, target, known); got.status != 200 {
		t.Fatalf("got %+v", got)
	}
	// A request hangs, and its client leaves.
	slow := vote(payload.Block, 7, 0)
	ctx, leave := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer leave()
	request, _ := http.NewRequestWithContext(ctx, "POST", target+"?slow", strings.NewReader(slow))
	request.Header.Set("content-type", "application/json")
	if _, err := http.DefaultClient.Do(request); err == nil {
		t.Fatal("want no answer")
	}
	for r.device.Status().State != device.Busy {
		time.Sleep(time.Millisecond)
	}

	var page struct {
		Device string
		Since  time.Time
	}
	for _, ask := range []func() (answer, error){
		func() (answer, error) { return get(r.url + "/authorized_keys") },
		func() (answer, error) { return post(http.DefaultClient, target, vote(payload.Attestation, 8, 0)) },
		func() (answer, error) { return post(http.DefaultClient, target, `"03ff"`) },
	} {
		began := time.Now()
		got, err := ask()
		if err != nil || got.status != 503 || got.contentType != "application/json" {
			t.Errorf("got %+v, %v", got, err)
		}
		if json.Unmarshal([]byte(got.body), &page) != nil || page.Device != "busy" || time.Since(page.Since) > time.Minute {
			t.Errorf("got %s", got.body)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %s", took)
		}
	}
	if got, err := get(target); err != nil || got.status != 200 {
		t.Errorf("a public key needs no device: got %+v, %v", got, err)
	}
	if got, err := post(http.DefaultClient, target, known); err != nil || got.status != 200 {
		t.Errorf("a known signature needs no device: got %+v, %v", got, err)
	}
	joined := make(chan answer)
	go func() {
		got, _ := post(http.DefaultClient, target+"?slow", slow)
		joined <- got
	}()
	time.Sleep(100 * time.Millisecond)
	close(goOn)
	if got := <-joined; got.status != 200 {
		t.Errorf("the one under way: got %+v", got)
	}
	if got := r.device.Status().State; got != device.Ready {
		t.Errorf("got %s after the answer", got)
	}
	if got, err := get(r.url + "/authorized_keys"); err != nil || got.status != 200 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestALockedLedgerIsAskedAndSaysSo(t *testing.T) {
	var isLocked, isGone atomic.Bool
	isLocked.Store(true)
	asked := atomic.Int32{}
	r := newRig(t, serveDaemon(t, func(w http.ResponseWriter, request *http.Request) {
		switch {
		case isGone.Load():
			panic(http.ErrAbortHandler)
		case request.Method == http.MethodGet:
			fmt.Fprintln(w, "{}")
			return
		}
		asked.Add(1)
		if isLocked.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `[{"kind":"temporary","id":"failure","msg":"Found no ledger corresponding to ledger://a."}]`)
			return
		}
		fmt.Fprint(w, `{"signature":"sig"}`)
	}), time.Minute)
	sign := func(level int32) answer {
		got, _ := post(http.DefaultClient, r.url+"/keys/"+key, vote(payload.Attestation, level, 0))
		return got
	}
	greet := func() answer {
		got, _ := get(r.url + "/authorized_keys")
		return got
	}
	says := func(what string, got answer, greeting string) {
		t.Helper()
		var page struct{ Device, Greeting string }
		if json.Unmarshal([]byte(got.body), &page) != nil || got.status != 503 || page.Device != "locked" || page.Greeting != greeting {
			t.Errorf("%s: got %+v, want 503, locked and the greeting %q", what, got, greeting)
		}
	}
	if got := greet(); got.status != 200 || got.body != "{}\n" {
		t.Errorf("before: got %+v", got)
	}
	says("a vote", sign(7), "")
	says("a check", greet(), "{}\n")
	says("the same vote", sign(7), "")
	says("another one", sign(8), "")
	if got := asked.Load(); got != 3 {
		t.Errorf("the daemon was asked %d times, want 3", got)
	}
	isGone.Store(true)
	says("a check without the daemon", greet(), "")
	isGone.Store(false)
	isLocked.Store(false)
	if got := sign(8); got.status != 200 {
		t.Errorf("unlocked: got %+v", got)
	}
	if got := greet(); got.status != 200 {
		t.Errorf("after: got %+v", got)
	}
}

func TestAHungDaemonThatIsStartedAnewSignsAgain(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	first := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// Without its body read, net/http does not see that the client has gone.
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	address := first.Listener.Addr().String()
	r := newRig(t, first.URL, 30*time.Millisecond)
	target := r.url + "/keys/" + key
	answers := make(chan answer, 1)
	go func() {
		got, _ := post(http.DefaultClient, target, vote(payload.Block, 7, 0))
		answers <- got
	}()
	for r.device.Status().State != device.Busy {
		time.Sleep(time.Millisecond)
	}
	first.CloseClientConnections()
	first.Close()
	if got := <-answers; got.status != http.StatusBadGateway {
		t.Errorf("got %+v, want a 502, which Octez repeats", got)
	}
	if got := r.device.Status().State; got != device.Ready {
		t.Errorf("got %s", got)
	}
	second := httptest.NewUnstartedServer(http.HandlerFunc(newOctez(0).ServeHTTP))
	if !listenAt(second, address) {
		t.Skip("the port was taken meanwhile")
	}
	defer second.Close()
	if got, err := post(http.DefaultClient, target, vote(payload.Block, 7, 0)); err != nil || got.status != 200 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestARequestThatNeverEndsIsGivenUp(t *testing.T) {
	hang := make(chan struct{})
	r := newRig(t, serveDaemon(t, func(http.ResponseWriter, *http.Request) { <-hang }), 20*time.Millisecond)
	defer close(hang)
	r.proxy.options.Patience = 60 * time.Millisecond
	got, err := post(http.DefaultClient, r.url+"/keys/"+key, vote(payload.Block, 7, 0))
	if err != nil || got.status != http.StatusBadGateway || !strings.Contains(got.body, "in time") {
		t.Errorf("got %+v, %v", got, err)
	}
	if got := r.device.Status().State; got != device.Ready {
		t.Errorf("got %s, want it to be tried again", got)
	}
}

func TestWhatWasSignedIsOnTheKeysPageAndInTheMetrics(t *testing.T) {
	r := newRig(t, serveDaemon(t, func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodGet && request.URL.Path != "/keys/"+key {
			http.NotFound(w, request)
			return
		}
		fmt.Fprint(w, `{"signature":"sig"}`)
	}), time.Minute)
	for _, body := range []string{vote(payload.Block, 7, 2), vote(payload.Attestation, 9, 0), vote(payload.Attestation, 9, 0)} {
		if got, err := post(http.DefaultClient, r.url+"/keys/"+key, body); err != nil || got.status != 200 {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	page := func(address string) (status int, text string) {
		got, err := get(r.url + "/statusz/" + address + "?ledger_url=x")
		if err != nil {
			t.Fatal(err)
		}
		before, after, _ := strings.Cut(got.body, `"since":"`)
		return got.status, before + strings.TrimPrefix(after, after[:len("2026-11-28T12:00:00Z")])
	}
	if status, text := page(key); status != 200 || text != `{"key":"`+key+`","known":true,"device":"ready",","watermark":`+
		`{"attestation":{"level":9,"round":0},"block":{"level":7,"round":2}}}`+"\n" {
		t.Errorf("got %d, %s", status, text)
	}
	if status, text := page(otherKey); status != 503 || text != `{"key":"`+otherKey+`","known":false,"device":"ready","}`+"\n" {
		t.Errorf("got %d, %s", status, text)
	}
	r.device.SetReachable(false)
	if status, text := page(key); status != 503 || !strings.Contains(text, `"device":"unknown"`) {
		t.Errorf("got %d, %s", status, text)
	}
	healthz, err := get(r.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`signer_host_last_signature_level{key="` + key + `",kind="block"} 7`,
		`signer_host_last_signature_round{key="` + key + `",kind="block"} 2`,
		`signer_host_signature_duration_seconds_count{key="` + key + `",kind="attestation"} 1`,
		`signer_host_repeats_total{how="remembered"} 1`,
		`signer_host_repeats_total{how="joined"} 0`,
	} {
		if !strings.Contains(healthz.body, line+"\n") {
			t.Errorf("found no line %s in\n%s", line, healthz.body)
		}
	}
}
