package device

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"sync"
	"time"

	"remote-signer-cloud/signer-host/internal/daemon"
)

// tezsign looks whether the keys of a tezsign are unlocked.
//
// Its HTTP interface has no page for that, but it refuses a vote of level 0 and round 0 in a telling
// way, whatever it has signed before (tezsign ed07a398, app/host/http.go and keychain/keyring.go): 403 if
// the key is locked, 404 if it was not unlocked since the device's start, 409 as not above its watermark
// if it is unlocked. Nothing is signed.
type tezsign struct {
	daemon *daemon.Daemon
	keys   []string
}

// tezsignInterval is how often the keys are looked at while one of them can't sign.
const tezsignInterval = time.Second

// WatchTezsign looks at the keys of a tezsign now, when there is doubt, and each second while one of them
// can't sign, until the context ends.
func (d *Device) WatchTezsign(ctx context.Context, to *daemon.Daemon, keys []string) {
	t := tezsign{to, keys}
	go func() {
		for ctx.Err() == nil {
			state := t.look(ctx)
			d.say(fromItsDaemon, state)
			var again <-chan time.Time
			if state != Ready {
				again = time.After(tezsignInterval)
			}
			select {
			case <-ctx.Done():
			case <-again:
			case <-d.doubt:
			}
		}
	}()
}

// look looks at all keys side by side.
func (t tezsign) look(ctx context.Context) State {
	states := make([]State, len(t.keys))
	var all sync.WaitGroup
	for i, key := range t.keys {
		all.Add(1)
		go func() {
			defer all.Done()
			states[i] = t.lookAt(ctx, key)
		}()
	}
	all.Wait()
	for _, state := range []State{Locked, Unknown} {
		if slices.Contains(states, state) {
			return state
		}
	}
	return Ready
}

// firstVote is an attestation of level 0 and round 0, without a chain: the magic byte, then a chain (4), a
// branch (32), a kind (1), level (4) and round (4).
var firstVote = []byte(`"13` + hex.EncodeToString(make([]byte, 4+32+1+4+4)) + `"`)

func (t tezsign) lookAt(ctx context.Context, key string) State {
	got, err := t.daemon.Ask(ctx, daemon.Request{
		Method: http.MethodPost, Target: "/keys/" + key, ContentType: "application/json", Body: firstVote,
	})
	switch {
	case err != nil:
		// Whether the daemon is there is known from elsewhere.
		return Ready
	case got.Status == http.StatusForbidden:
		return Locked
	case got.Status == http.StatusNotFound && t.isServed(ctx, key):
		return Locked
	case got.Status >= 500:
		return Unknown
	}
	return Ready
}

// isServed reports whether the daemon serves a key. If it doesn't, unlocking is of no use.
func (t tezsign) isServed(ctx context.Context, key string) bool {
	got, err := t.daemon.Ask(ctx, daemon.Request{Method: http.MethodGet, Target: "/keys/" + key})
	return err == nil && got.Status == http.StatusOK
}
