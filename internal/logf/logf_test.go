package logf

import (
	"io"
	"os"
	"testing"
	"time"
)

func TestLimit(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	l := &Limit{Burst: 2, Interval: 10 * time.Second}
	for i, want := range []bool{true, true, false, false} {
		if got := l.Allow(now); got != want {
			t.Errorf("line %d: got %v, want %v", i, got, want)
		}
	}
	if got := l.TakeDropped(); got != 2 {
		t.Errorf("got %d dropped, want 2", got)
	}
	if got := l.TakeDropped(); got != 0 {
		t.Errorf("got %d dropped the second time, want 0", got)
	}
	now = now.Add(11 * time.Second)
	if !l.Allow(now) || l.Allow(now) {
		t.Error("want one line after each interval")
	}
	if l.Idle(now) || !l.Idle(now.Add(time.Minute)) {
		t.Error("want it idle once all lines are forgotten, not before")
	}
}

func TestALineCannotBeBroken(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = writer
	Printf("%s: refused %s", "home", "a\nsigner-forwarder: b\x1b[2J\x7f\u009b é")
	os.Stderr = stderr
	writer.Close()
	got, _ := io.ReadAll(reader)
	if want := "signer-forwarder: home: refused a?signer-forwarder: b?[2J?? é\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
