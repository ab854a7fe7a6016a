// Package once asks once for what is asked for again and again.
//
// Octez repeats a request for a signature that had no answer, while the device may be at work on the
// first one. A device that is asked twice for a level refuses the second time, and the signature is lost
// if nobody kept it. A copy of a request may also come late, by a replica of the forwarder that stood
// still: its level has passed, and the device has better to do than to refuse it.
package once

import (
	"context"
	"sync"
)

// most is how many answers of a place are kept. A program that stands still for some seconds does so for a
// level or two on mainnet, and for three of 2 s on each of two chains in the tests.
const most = 8

// Answers are the answers that are under way, and the last ones of each place that are worth keeping.
// A place is what has an answer for each level, such as a key and a kind. A question is all that an answer
// depends on: two equal questions have the same answer.
type Answers[Place, Question comparable, Answer any] struct {
	// mu guards the fields below. Nothing else is locked while it is held.
	mu       sync.Mutex
	underWay map[Question]*asking[Answer]
	last     map[Place][]kept[Question, Answer] // the newest first
}

// asking is a question that is under way.
type asking[Answer any] struct {
	ended  chan struct{} // closed when the answer is there
	answer Answer
}

type kept[Question, Answer any] struct {
	question Question
	answer   Answer
}

// How tells where an answer came from.
type How int

// An answer was asked for; it was under way for somebody else; or it had been given before.
const (
	Asked How = iota
	Joined
	Remembered
)

// New returns answers that remember nothing.
func New[Place, Question comparable, Answer any]() *Answers[Place, Question, Answer] {
	return &Answers[Place, Question, Answer]{
		underWay: map[Question]*asking[Answer]{}, last: map[Place][]kept[Question, Answer]{},
	}
}

// Get returns the answer to a question: the one that is kept, the one that is under way, or that of
// `ask`, which also says whether its answer is kept. Who asks, asks to the end, so that the answer is
// there for whoever comes again. Who joins leaves when the context ends, and the error is the context's.
func (a *Answers[Place, Question, Answer]) Get(
	ctx context.Context, place Place, question Question, ask func() (answer Answer, isKept bool),
) (Answer, How, error) {
	a.mu.Lock()
	for _, each := range a.last[place] {
		if each.question == question {
			a.mu.Unlock()
			return each.answer, Remembered, nil
		}
	}
	other := a.underWay[question]
	if other == nil {
		own := &asking[Answer]{ended: make(chan struct{})}
		a.underWay[question] = own
		a.mu.Unlock()
		a.ask(own, place, question, ask)
		return own.answer, Asked, nil
	}
	a.mu.Unlock()
	select {
	case <-other.ended:
		return other.answer, Joined, nil
	case <-ctx.Done():
		var none Answer
		return none, Joined, ctx.Err()
	}
}

// ask gets an answer. It is kept at the moment at which it is no longer under way, so that nobody who
// comes in between asks again. If `ask` panics, those who have joined have no answer.
func (a *Answers[Place, Question, Answer]) ask(
	own *asking[Answer], place Place, question Question, ask func() (Answer, bool),
) {
	isKept := false
	defer func() {
		a.mu.Lock()
		delete(a.underWay, question)
		if isKept {
			older := a.last[place][:min(len(a.last[place]), most-1)]
			a.last[place] = append([]kept[Question, Answer]{{question, own.answer}}, older...)
		}
		a.mu.Unlock()
		close(own.ended)
	}()
	own.answer, isKept = ask()
}
