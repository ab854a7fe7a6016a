package proxy

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
)

// requiring answers as octez-signer does that requires authentication with the signature "good"
// (src/bin_signer/handler.ml, check_authorization, v25.1). It answers no earlier than `goOn`.
func requiring(asked *atomic.Int64, goOn <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		authentication := r.URL.Query()["authentication"]
		asked.Add(1)
		<-goOn
		switch {
		case r.Method == http.MethodGet:
			fmt.Fprint(w, `{ "authorized_keys": [ "`+otherKey+`" ] }`)
		case len(authentication) == 0:
			http.Error(w, `[{"kind":"temporary","id":"failure","msg":"missing authentication signature field"}]`, 500)
		case authentication[0] != "good":
			http.Error(w, `[{"kind":"temporary","id":"failure","msg":"invalid authentication signature"}]`, 500)
		default:
			fmt.Fprint(w, `{"signature":"sig"}`)
		}
	}
}

func TestAnAnswerIsOnlyForTheAuthenticationThatWasAskedWith(t *testing.T) {
	var asked atomic.Int64
	goOn := make(chan struct{})
	r := newRig(t, serveDaemon(t, requiring(&asked, goOn)), time.Minute)
	target, body := r.url+"/keys/"+key, vote(payload.Attestation, 7, 0)
	queries := map[string]int{
		"?authentication=good&version=3": 200, "?version=3": 500, "?authentication=bad&version=3": 500,
		"?authentication=&version=3": 500, "?authentication=good2&version=3": 500,
	}
	ask := func(query string, want int) {
		if got, err := post(http.DefaultClient, target+query, body); err != nil || got.status != want {
			t.Errorf("%s: got %+v, %v, want %d", query, got, err, want)
		}
	}
	done := make(chan struct{})
	for query, want := range queries {
		go func() { ask(query, want); done <- struct{}{} }()
	}
	// Each is under way by itself: none has joined the good one.
	for end := time.Now().Add(5 * time.Second); asked.Load() != int64(len(queries)); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("asked %d times, want %d", asked.Load(), len(queries))
		}
	}
	close(goOn)
	for range queries {
		<-done
	}
	// And none has the answer to the good one that is remembered now.
	for query, want := range queries {
		ask(query, want)
	}
	if got, want := asked.Load(), int64(2*len(queries)-1); got != want {
		t.Errorf("asked %d times, want %d", got, want)
	}
}

func TestWhetherAuthenticationIsRequiredIsTheDaemonsWord(t *testing.T) {
	var asked atomic.Int64
	goOn := make(chan struct{})
	close(goOn)
	r := newRig(t, serveDaemon(t, requiring(&asked, goOn)), time.Minute)
	if got, err := get(r.url + "/authorized_keys"); err != nil || got.body != `{ "authorized_keys": [ "`+otherKey+`" ] }` {
		t.Errorf("got %+v, %v", got, err)
	}
}
