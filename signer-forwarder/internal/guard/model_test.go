package guard

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"remote-signer-cloud/internal/payload"
)

// TestNoTwoDifferentBytes compares the guard with what must hold, in any order of requests and restarts.
func TestNoTwoDifferentBytes(t *testing.T) {
	for seed := range uint64(200) {
		checkModel(t, rand.New(rand.NewPCG(seed, 1)), 300)
	}
}

func FuzzNoTwoDifferentBytes(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkModel(t, rand.New(rand.NewPCG(seed, 2)), 100) })
}

func checkModel(t *testing.T, random *rand.Rand, count int) {
	t.Helper()
	g := open(t, filepath.Join(t.TempDir(), "marks"))
	type what struct {
		address string
		payload.Payload
	}
	passed := map[what]Digest{}
	highest := map[Place]what{}
	for range count {
		r := ask(payload.Kinds[random.IntN(3)], int32(random.IntN(12)), int32(random.IntN(3)), string('a'+rune(random.IntN(2))))
		r.Chain[0] = byte(random.IntN(2))
		if random.IntN(2) == 0 {
			r.Address = "tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm"
		}
		if random.IntN(20) == 0 {
			g = reopen(t, g)
		}
		at, asked := r.Place(), what{r.Address, r.Payload}
		top, hasTop := highest[at]
		digest, hasPassed := passed[asked]
		isBelow := hasTop && (r.Level < top.Level || r.Level == top.Level && r.Round < top.Round)
		want := Reason("")
		if isBelow || hasPassed && digest != r.Digest {
			want = Watermark
		}
		if got := pass(t, g, r, begin); got != want {
			t.Fatalf("%v after %v: got %q, want %q", asked, top, got, want)
		}
		if want == "" {
			passed[asked], highest[at] = r.Digest, asked
		}
	}
}
