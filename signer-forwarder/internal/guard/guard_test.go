package guard

import (
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
)

const alice = "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx"

var begin = time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)

func ask(kind payload.Kind, level, round int32, bytes string) Request {
	return Request{
		Payload: payload.Payload{Kind: kind, Chain: payload.Chain{1}, Level: level, Round: round},
		Address: alice, Digest: sha256.Sum256([]byte(bytes)), BlockTime: time.Second,
	}
}

func open(t *testing.T, path string) *Guard {
	t.Helper()
	g, _, problem, err := Open(path, "")
	if problem != nil || err != nil {
		t.Fatal(problem, err)
	}
	t.Cleanup(g.Close)
	return g
}

// reopen opens the file again, as the next start of the program does.
func reopen(t *testing.T, g *Guard) *Guard {
	t.Helper()
	g.Close()
	return open(t, g.file.path)
}

func pass(t *testing.T, g *Guard, r Request, now time.Time) Reason {
	t.Helper()
	checked := g.Check(r, now)
	reason, err := g.Pass(r, now)
	if err != nil {
		t.Fatal(err)
	}
	if checked != reason {
		t.Errorf("checked %q, passed %q", checked, reason)
	}
	return reason
}

func TestTheRuleIsThatOfOctezSigner(t *testing.T) {
	for _, test := range []struct {
		name         string
		kind         payload.Kind
		level, round int32
		bytes        string
		want         Reason
	}{
		{"the same bytes again", payload.Attestation, 100, 2, "a", ""},
		{"other bytes at the mark", payload.Attestation, 100, 2, "b", Watermark},
		{"a lower round", payload.Attestation, 100, 1, "b", Watermark},
		{"a lower level", payload.Attestation, 99, 9, "b", Watermark},
		{"a negative level", payload.Attestation, -1, 0, "b", Watermark},
		{"a higher round", payload.Attestation, 100, 3, "b", ""},
		{"a higher level and a lower round", payload.Attestation, 101, 0, "b", ""},
		{"another kind at the mark", payload.Preattestation, 100, 2, "b", ""},
		{"another kind below the mark", payload.Block, 99, 0, "b", ""},
	} {
		g := open(t, filepath.Join(t.TempDir(), "marks"))
		if got := pass(t, g, ask(payload.Attestation, 100, 2, "a"), begin); got != "" {
			t.Fatalf("the first: got %q", got)
		}
		if got := pass(t, g, ask(test.kind, test.level, test.round, test.bytes), begin); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestMarksAreOfOneKeyAndChain(t *testing.T) {
	g := open(t, filepath.Join(t.TempDir(), "marks"))
	first := ask(payload.Block, 100, 0, "a")
	pass(t, g, first, begin)
	other := first
	other.Address, other.Level, other.Digest = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6", 5, Digest{}
	if got := pass(t, g, other, begin); got != "" {
		t.Errorf("another key: got %q", got)
	}
	for chain := byte(2); chain <= maxChains; chain++ {
		other = first
		other.Chain, other.Level, other.Digest = payload.Chain{chain}, 5, Digest{}
		if got := pass(t, g, other, begin); got != "" {
			t.Errorf("chain %d: got %q", chain, got)
		}
	}
	other.Chain = payload.Chain{maxChains + 1}
	if got := pass(t, g, other, begin); got != Chain {
		t.Errorf("one chain too many: got %q", got)
	}
}

func TestALevelIsNotFurtherAheadThanTimeAllows(t *testing.T) {
	g := open(t, filepath.Join(t.TempDir(), "marks"))
	pass(t, g, ask(payload.Attestation, 1000, 0, "a"), begin)
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	for _, test := range []struct {
		level   int32
		seconds float64
		want    Reason
	}{
		{1021, 0, Ahead}, {2_000_000_000, 0, Ahead}, {2_000_000_000, 86_400, Ahead}, {1021, 0.9, Ahead}, {1021, -5, Ahead},
		{1020, 0, ""}, {1021, 1, ""}, {1120, 100, ""}, {1121, 100, Ahead},
	} {
		// A kind that has no mark of its own is held to the key's other marks.
		for _, kind := range []payload.Kind{payload.Block, payload.Attestation} {
			if got := g.Check(ask(kind, test.level, 0, "b"), at(test.seconds)); got != test.want {
				t.Errorf("%s of level %d after %g s: got %q, want %q", kind, test.level, test.seconds, got, test.want)
			}
		}
	}
}

func TestForgetRemovesTheMarksOfOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "marks")
	g := open(t, path)
	pass(t, g, ask(payload.Block, 2_000_000_000, 0, "a"), begin)
	other := ask(payload.Block, 5, 0, "a")
	other.Address = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6"
	pass(t, g, other, begin)
	removed, err := g.Forget(alice)
	if err != nil || len(removed) != 1 || removed[0].String() != alice+" NetXHAiqfeSqpBH block level 2000000000 round 0" {
		t.Errorf("got %v, %v", removed, err)
	}
	for range 2 {
		if marks := g.Marks(); len(marks) != 1 || marks[0].Address != other.Address {
			t.Errorf("left: %v", marks)
		}
		g = reopen(t, g)
	}
	if got := pass(t, g, ask(payload.Block, 8, 0, "b"), begin); got != "" {
		t.Errorf("got %q", got)
	}
}

func BenchmarkPass(b *testing.B) {
	g, _, _, err := Open(filepath.Join(b.TempDir(), "marks"), "")
	if err != nil {
		b.Fatal(err)
	}
	bytes := make([]byte, 150)
	for i := range b.N {
		r := ask(payload.Attestation, int32(i), 0, "")
		r.Digest = sha256.Sum256(bytes)
		now := begin.Add(time.Duration(i) * time.Second)
		if g.Check(r, now) != "" {
			b.Fatal("refused")
		}
		if reason, err := g.Pass(r, now); reason != "" || err != nil {
			b.Fatal(reason, err)
		}
	}
}
