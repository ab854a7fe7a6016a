package gateway

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

const authorizedKeys = `{ "authorized_keys": [ "tz1BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx" ] }`

// requires has a device require authentication, with the signature "good", as octez-signer does with
// --require-authentication (src/bin_signer/handler.ml, check_authorization, v25.1).
func (d *device) requires() {
	greets := http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(response, authorizedKeys)
	})
	d.answers(func(response http.ResponseWriter, request *http.Request) {
		authentication := request.URL.Query()["authentication"]
		switch {
		case len(authentication) == 0:
			http.Error(response, `[{"id":"failure","msg":"missing authentication signature field"}]`, 500)
		case authentication[0] != "good":
			http.Error(response, `[{"id":"failure","msg":"invalid authentication signature"}]`, 500)
		default:
			signs(response, request)
		}
	})
	d.greets.Store(&greets)
}

// greeting returns what a baker is told of authentication.
func (r *rig) greeting() reply {
	began := time.Now()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	response, err := client.Get(fmt.Sprintf("http://%s:%d/authorized_keys", podAddress, r.config.Signers[0].Port))
	if err != nil {
		return reply{text: err.Error()}
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return reply{response.StatusCode, string(text), time.Since(began)}
}

func TestASignatureIsOnlyForTheAuthenticationThatWasAskedWith(t *testing.T) {
	d := newDevice(t)
	d.requires()
	r := newRig(t, nil, d)
	decides := *d.answer.Load()
	goOn := make(chan struct{})
	d.answers(func(response http.ResponseWriter, request *http.Request) {
		<-goOn
		decides(response, request)
	})
	queries := map[string]reply{
		"?authentication=good&version=3": {200, `"sig"`, 0},
		"?version=3":                     {500, "missing authentication", 0},
		"?authentication=bad&version=3":  {500, "invalid authentication", 0},
		"?authentication=&version=3":     {500, "invalid authentication", 0},
	}
	var all sync.WaitGroup
	for query, want := range queries {
		all.Add(1)
		go func() {
			defer all.Done()
			r.expect(query, r.sign(vote(10, 0, 1), query), want.status, want.text)
		}()
	}
	r.until("each is under way by itself", func() bool { return d.asked.Load() == int32(len(queries)) })
	close(goOn)
	all.Wait()
	for query, want := range queries {
		r.expect("again: "+query, r.sign(vote(10, 0, 1), query), want.status, want.text)
	}
	if got, want := d.asked.Load(), int32(2*len(queries)-1); got != want {
		t.Errorf("asked %d times, want %d", got, want)
	}
}

func TestABakerIsToldWhatTheDeviceSaysThatIsAskedNext(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	first.requires()
	r := newRig(t, nil, first, second)
	r.expect("the first's word", r.greeting(), 200, authorizedKeys)
	r.expect("the first", r.sign(vote(10, 0, 1), "?authentication=good"), 200, "sig")
	// It goes between a baker's two requests: the other one takes what it does not require.
	first.loses("absent")
	r.expect("the second", r.sign(vote(11, 0, 1), "?authentication=good"), 200, "sig")
	r.expect("the second's word", r.greeting(), 200, "{}\n")
	r.expect("the second again", r.sign(vote(12, 0, 1), ""), 200, "sig")
}
