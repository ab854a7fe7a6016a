package main

import (
	"testing"
	"time"
)

func TestLimit(t *testing.T) {
	now := noon
	own := &limit{burst: 2, interval: 10 * time.Second}
	for index, want := range []bool{true, true, false, false} {
		if own.allow(now) != want {
			t.Errorf("%d: want %v", index, want)
		}
	}
	if count := own.takeLeftOut(); count != 2 {
		t.Errorf("found %d left out, want 2", count)
	}
	now = now.Add(11 * time.Second)
	if !own.allow(now) || own.allow(now) {
		t.Error("one may pass for each interval")
	}
	if own.left(now.Add(time.Minute)) != 0 {
		t.Error("does not forget")
	}
}

func TestLasted(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		12345 * time.Microsecond:    "12ms",
		10921400 * time.Millisecond: "3h2m1s",
	} {
		if found := lasted(duration); found != want {
			t.Errorf("found %s, want %s", found, want)
		}
	}
}
