package gateway

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Whatever happens to tunnels, replicas and devices, a level is signed with one payload, and never two
// devices are at work at a time.
func TestNoLevelIsSignedTwiceWhateverHappensToReplicasAndDevices(t *testing.T) {
	two := newTwo(t, 2)
	random := rand.New(rand.NewPCG(1, 2))
	var atWork sync.Map
	bytes := map[int32]byte{}
	var mu sync.Mutex
	overlaps := 0
	for i, h := range two.hosts {
		h.set(20*time.Millisecond, true)
		sign := h.answer.Load()
		h.answers(func(response http.ResponseWriter, request *http.Request) {
			atWork.Store(i, true)
			if _, isOther := atWork.Load(1 - i); isOther {
				mu.Lock()
				overlaps++
				mu.Unlock()
			}
			(*sign)(response, request)
			atWork.Delete(i)
		})
	}
	signed := 0
	for step := range int32(120) {
		level := 10 + step/8
		switch random.IntN(8) {
		case 0, 1:
			at, name := random.IntN(2), []string{"s0", "s1"}[random.IntN(2)]
			two.ends(at, name)
			time.AfterFunc(time.Duration(random.IntN(200))*time.Millisecond, func() { two.replicas[at].SessionOpens(name) })
		case 2:
			h := two.hosts[random.IntN(2)]
			greets, answer := h.greets.Load(), h.answer.Load()
			h.loses("absent")
			time.AfterFunc(time.Duration(random.IntN(200))*time.Millisecond, func() { h.greets.Store(greets); h.answers(*answer) })
		case 3:
			at := random.IntN(2)
			two.config.Replicas = [][]string{{two.replicas[at].address}, {two.replicas[0].address, two.replicas[1].address}}[random.IntN(2)]
			two.configure()
		}
		filler := byte(random.IntN(3) + 1)
		got := two.sign(vote(level, 0, filler))
		if got.status != 200 {
			continue
		}
		signed++
		if former, ok := bytes[level]; ok && former != filler {
			t.Fatalf("level %d is signed with two payloads", level)
		}
		bytes[level] = filler
	}
	if overlaps > 0 || signed < 10 {
		t.Errorf("got %d overlaps and %d signatures, want none and at least 10", overlaps, signed)
	}
}
