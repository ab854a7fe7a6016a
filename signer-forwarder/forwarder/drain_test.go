package main

import (
	"testing"
	"time"
)

type draining struct {
	hasRouter bool
	busyUntil time.Time
}

func (d draining) Drain() bool  { return d.hasRouter }
func (d draining) IsBusy() bool { return time.Now().Before(d.busyUntil) }

func TestAnEndWaitsForRequestsAndRouters(t *testing.T) {
	for _, c := range []struct {
		name        string
		hasRouter   bool
		busy        time.Duration
		least, most time.Duration
	}{
		{"nothing is under way", false, 0, 0, 100 * time.Millisecond},
		{"a request is under way", false, 200 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond},
		{"a router has to learn of it", true, 0, noticeTime, noticeTime + 300*time.Millisecond},
		{"a request never ends", true, time.Hour, drainLimit, drainLimit + 300*time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			drain(draining{c.hasRouter, began.Add(c.busy)}, began)
			if took := time.Since(began); took < c.least || took > c.most {
				t.Errorf("took %s, want %s to %s", took, c.least, c.most)
			}
		})
	}
}
