package guard

import (
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
