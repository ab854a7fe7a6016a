package once

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

func signed() (string, bool) { return "signed", true }

func TestTheLastAnswersOfAPlaceAreKept(t *testing.T) {
	a := New[string, string, string]()
	get := func(place, question, answer string, isKept bool) string {
		got, how, err := a.Get(context.Background(), place, question, func() (string, bool) { return answer, isKept })
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(got, " ", how)
	}
	for i, test := range []struct {
		place, question, answer string
		isKept                  bool
		want                    string
	}{
		{"block", "level 1", "a", true, "a 0"},
		{"block", "level 1", "b", true, "a 2"},
		{"vote", "vote 1", "c", true, "c 0"},
		{"block", "level 2", "refused", false, "refused 0"},
		{"block", "level 2", "d", true, "d 0"},
		{"block", "level 2", "e", true, "d 2"},
		{"block", "level 1", "f", false, "a 2"},
		{"block", "level 3", "g", true, "g 0"},
		{"block", "level 4", "h", true, "h 0"},
		{"block", "level 2", "i", false, "d 2"},
		{"block", "level 5", "i", true, "i 0"},
		{"block", "level 6", "k", true, "k 0"},
		{"block", "level 7", "l", true, "l 0"},
		{"block", "level 8", "m", true, "m 0"},
		{"block", "level 1", "n", false, "a 2"},
		{"block", "level 9", "o", true, "o 0"},
		{"block", "level 1", "late", false, "late 0"},
		{"vote", "vote 1", "j", true, "c 2"},
	} {
		if got := get(test.place, test.question, test.answer, test.isKept); got != test.want {
			t.Errorf("%d: got %s, want %s", i, got, test.want)
		}
	}
}

func TestWhoAsksAsksToTheEndAndWhoJoinsMayLeave(t *testing.T) {
	a := New[string, string, string]()
	begun, goOn := make(chan struct{}), make(chan struct{})
	gone, leave := context.WithCancel(context.Background())
	leave()
	asked := make(chan string)
	go func() {
		got, how, err := a.Get(gone, "block", "level 1", func() (string, bool) {
			close(begun)
			<-goOn
			return "signed", true
		})
		asked <- fmt.Sprint(got, " ", how, " ", err)
	}()
	<-begun
	if _, how, err := a.Get(gone, "block", "level 1", signed); how != Joined || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", how, err)
	}
	joined := make(chan How)
	go func() {
		_, how, _ := a.Get(context.Background(), "block", "level 1", signed)
		joined <- how
	}()
	close(goOn)
	if got := <-asked; got != "signed 0 <nil>" {
		t.Errorf("got %s", got)
	}
	if got := <-joined; got == Asked {
		t.Error("the second one asked again")
	}
}

func TestAPanicHoldsNobodyUp(t *testing.T) {
	a := New[string, string, string]()
	func() {
		defer func() { _ = recover() }()
		_, _, _ = a.Get(context.Background(), "block", "level 1", func() (string, bool) { panic("a mistake") })
	}()
	if got, how, _ := a.Get(context.Background(), "block", "level 1", signed); got != "signed" || how != Asked {
		t.Errorf("got %q, %v", got, how)
	}
}

func TestManyAtATimeAskOnce(t *testing.T) {
	a := New[int, int, int]()
	var asked atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		for question := range 20 {
			all.Add(1)
			go func() {
				defer all.Done()
				got, _, _ := a.Get(context.Background(), question, question, func() (int, bool) {
					asked.Add(1)
					return question, true
				})
				if got != question {
					t.Errorf("got %d, want %d", got, question)
				}
			}()
		}
	}
	all.Wait()
	if got := asked.Load(); got != 20 {
		t.Errorf("asked %d times, want 20", got)
	}
}
