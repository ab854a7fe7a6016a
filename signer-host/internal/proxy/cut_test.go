package proxy

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
)

// votesThrough asks for signatures as a baker does through the gateway: all keys at once, a kind after the
// other, the same bytes again after no answer or a 502. At a random moment of each signature the tunnel is
// cut. It returns how many votes are lost.
func votesThrough(t *testing.T, to string, levels int, takes time.Duration) (lost int) {
	through := newTunnel(t, strings.TrimPrefix(to, "http://"))
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	for level := range int32(levels) {
		for _, kind := range payload.Kinds {
			var all sync.WaitGroup
			for _, each := range []string{key, otherKey} {
				all.Add(1)
				go func() {
					defer all.Done()
					target := fmt.Sprintf("http://%s/keys/%s?version=3", through.listener.Addr(), each)
					for try := 0; ; try++ {
						got, err := post(client, target, vote(kind, level+1, 0))
						if err == nil && got.status == http.StatusOK {
							return
						}
						if err == nil && got.status != http.StatusBadGateway || try == 10 {
							mu.Lock()
							lost++
							mu.Unlock()
							return
						}
						time.Sleep(time.Millisecond)
					}
				}()
			}
			time.Sleep(rand.N(3 * takes))
			through.cut()
			all.Wait()
		}
	}
	return lost
}

func TestATunnelThatIsCutAtAnyMomentLosesNoVote(t *testing.T) {
	const takes = 10 * time.Millisecond
	const levels = 40
	device := newOctez(takes)
	r := newRig(t, serveDaemon(t, device.ServeHTTP), 5*time.Second)
	if lost := votesThrough(t, r.url, levels, takes); lost != 0 {
		t.Errorf("lost %d of %d votes", lost, levels*6)
	}
	if device.asked != levels*6 {
		t.Errorf("the daemon was asked %d times for %d signatures", device.asked, levels*6)
	}
}

func TestWithoutTheWrapperSuchATunnelLosesVotes(t *testing.T) {
	const takes = 10 * time.Millisecond
	if lost := votesThrough(t, serveDaemon(t, newOctez(takes).ServeHTTP), 40, takes); lost == 0 {
		t.Error("lost no vote, so the test of the wrapper proves nothing")
	}
}
