package device

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-host/internal/daemon"
)

// fakeTezsign answers as tezsign's HTTP interface does, from what its keys are.
type fakeTezsign struct {
	mu   sync.Mutex
	keys map[string]string // unlocked, locked, fresh (not unlocked since its start), broken; others are unknown
}

func (f *fakeTezsign) set(key, state string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys[key] = state
}

func (f *fakeTezsign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	state, ok := f.keys[strings.TrimPrefix(r.URL.Path, "/keys/")]
	status := http.StatusOK
	switch {
	case !ok:
		status = http.StatusNotFound
	case r.Method == http.MethodGet:
	default:
		var digits string
		_ = json.NewDecoder(r.Body).Decode(&digits)
		bytes, _ := hex.DecodeString(digits)
		vote, err := payload.Read(bytes, true)
		switch {
		case state == "fresh":
			status = http.StatusNotFound
		case err != nil:
			status = http.StatusBadRequest
		case state == "locked":
			status = http.StatusForbidden
		case state == "broken":
			status = http.StatusInternalServerError
		case vote.Level == 0 && vote.Round == 0:
			status = http.StatusConflict
		}
	}
	w.WriteHeader(status)
}

func TestTezsignsKeys(t *testing.T) {
	fake := &fakeTezsign{keys: map[string]string{"tz4a": "unlocked", "tz4b": "unlocked"}}
	server := httptest.NewServer(fake)
	defer server.Close()
	address, _ := url.Parse(server.URL)
	look := tezsign{daemon.New(address), []string{"tz4a", "tz4b"}}.look
	for _, test := range []struct {
		a, b string
		want State
	}{
		{"unlocked", "unlocked", Ready},
		{"unlocked", "locked", Locked},
		{"fresh", "unlocked", Locked},
		{"broken", "unlocked", Unknown},
		{"broken", "locked", Locked},
	} {
		fake.set("tz4a", test.a)
		fake.set("tz4b", test.b)
		if got := look(context.Background()); got != test.want {
			t.Errorf("%s, %s: got %s, want %s", test.a, test.b, got, test.want)
		}
	}
	if got := (tezsign{daemon.New(address), []string{"tz4c"}}).look(context.Background()); got != Ready {
		t.Errorf("a key that tezsign does not serve: got %s", got)
	}
	server.Close()
	if got := look(context.Background()); got != Ready {
		t.Errorf("without a daemon: got %s", got)
	}
}

func TestALockedTezsignIsReadyOnceItIsUnlocked(t *testing.T) {
	fake := &fakeTezsign{keys: map[string]string{"tz4a": "unlocked"}}
	server := httptest.NewServer(fake)
	defer server.Close()
	address, _ := url.Parse(server.URL)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	d := New(time.Minute)
	d.WatchTezsign(ctx, daemon.New(address), []string{"tz4a"})
	fake.set("tz4a", "locked")
	d.Begin().End(false, daemon.Answer{Status: http.StatusForbidden})
	expect(t, d, Locked, 10*time.Second)
	fake.set("tz4a", "unlocked")
	expect(t, d, Ready, 10*time.Second)
}
