package guard

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
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

func TestMarksOutliveTheProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "marks")
	g, remembers, problem, err := Open(path, "")
	if remembers || problem != nil || err != nil {
		t.Fatal("a new file:", remembers, problem, err)
	}
	g = reopen(t, g)
	pass(t, g, ask(payload.Block, 7, 0, "a"), begin)
	pass(t, g, ask(payload.Attestation, 7, 1, "b"), begin)
	pass(t, g, ask(payload.Block, 8, 3, "c"), begin.Add(time.Second))
	g.Close()
	again, remembers, problem, err := Open(path, "")
	if !remembers || problem != nil || err != nil {
		t.Fatal(remembers, problem, err)
	}
	defer again.Close()
	if got, want := again.Marks(), g.Marks(); len(want) != 2 || !slices.EqualFunc(got, want, func(a, b Mark) bool {
		return a.place() == b.place() && a.Payload == b.Payload && a.Digest == b.Digest && a.At.Equal(b.At)
	}) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := pass(t, again, ask(payload.Block, 8, 3, "d"), begin); got != Watermark {
		t.Errorf("got %q", got)
	}
}

func TestAFileThatCannotBeUsedIsKeptAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "marks")
	g := open(t, path)
	pass(t, g, ask(payload.Block, 7, 0, "a"), begin)
	pass(t, g, ask(payload.Attestation, 7, 0, "a"), begin)
	g.Close()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	second := text[len(header(""))+lineSize:]
	for name, bad := range map[string]string{
		"empty":              "",
		"of another version": strings.Replace(text, "guard 1", "guard 2", 1),
		"cut off":            text[:len(text)-10],
		"with a changed bit": strings.Replace(text, "          7 ", "          6 ", 1),
		"with a line twice":  text + second,
		"of something else":  strings.Repeat("x", len(text)),
		"with zero bytes":    text[:len(text)-lineSize] + strings.Repeat("\x00", lineSize),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		g, remembers, problem, err := Open(path, "")
		if remembers || problem == nil || err != nil {
			t.Errorf("%s: remembers %v, problem %v, error %v", name, remembers, problem, err)
			continue
		}
		if kept, _ := os.ReadFile(path + ".bad"); string(kept) != bad {
			t.Errorf("%s: the bad file is not kept", name)
		}
		if got := pass(t, g, ask(payload.Block, 1, 0, "a"), begin); got != "" {
			t.Errorf("%s: got %q", name, got)
		}
		g.Close()
	}
	if _, _, _, err := Open(filepath.Join(path, "below", "a", "file"), ""); err == nil {
		t.Error("a folder that does not exist: got no error")
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

func TestOneProgramHasTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "marks")
	g := open(t, path)
	want := path + ": found it in use by another program, wanted it for this one alone"
	second := func() error {
		_, _, _, err := Open(path, "")
		return err
	}
	if err := second(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	// The file is another one then.
	if _, err := g.Forget(alice); err != nil {
		t.Fatal(err)
	}
	if err := second(); err == nil || err.Error() != want {
		t.Errorf("after marks are forgotten: got %v, want %s", err, want)
	}
	pass(t, g, ask(payload.Block, 7, 0, "a"), begin)
	if marks := reopen(t, g).Marks(); len(marks) != 1 {
		t.Errorf("got %v, want the mark", marks)
	}
}

func TestAFullDiskLosesNoMark(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a mount needs root")
	}
	folder := t.TempDir()
	if err := syscall.Mount("none", folder, "tmpfs", 0, "size=16k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	path, other := filepath.Join(folder, "marks"), filepath.Join(folder, "other")
	g := open(t, path)
	pass(t, g, ask(payload.Block, 7, 0, "a"), begin)
	if err := os.WriteFile(other, make([]byte, 1<<15), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want a full disk", err)
	}
	// A mark is written in the place of the one before, and a good file is not written at a start.
	pass(t, g, ask(payload.Block, 8, 0, "a"), begin)
	g = reopen(t, g)
	if got := pass(t, g, ask(payload.Block, 8, 0, "b"), begin); got != Watermark {
		t.Errorf("got %q, want %q", got, Watermark)
	}
	// The marks of keys that are new need room at last. What has no mark does not pass.
	var err error
	for i := 0; err == nil && i < 100; i++ {
		r := ask(payload.Attestation, 8, 0, "a")
		r.Address = fmt.Sprintf("tz1%033d", i)
		_, err = g.Pass(r, begin)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want a full disk", err)
	}
	want := Describe(g.Marks())
	g = reopen(t, g)
	if got := Describe(g.Marks()); got != want {
		t.Errorf("got the marks\n%swant\n%s", got, want)
	}
	// A damaged file that can't be replaced is still there when there is room again.
	g.Close()
	bad := strings.Repeat("x", 100)
	if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, make([]byte, 1<<15), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want a full disk", err)
	}
	for range 2 {
		if _, _, _, err := Open(path, ""); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v, want a full disk", err)
		}
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	g, _, problem, err := Open(path, "")
	if err != nil || problem == nil {
		t.Fatalf("got the problem %v and %v, want the damaged file set aside", problem, err)
	}
	t.Cleanup(g.Close)
	if kept, _ := os.ReadFile(path + ".bad"); string(kept) != bad {
		t.Errorf("got %q, want the damaged file", kept)
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
