// Package once asks once for what is asked for again and again.
//
// Octez repeats a request for a signature that had no answer, while the device may be at work on the
// first one. A device that is asked twice for a level refuses the second time, and the signature is lost
// if nobody kept it.
package once

import (
	"context"
	"sync"
)

// Answers are the answers that are under way, and the last one of each place that is worth keeping.
// A place is what has one last answer, such as a key and a kind. A question is all that an answer
// depends on: two equal questions have the same answer.
type Answers[Place, Question comparable, Answer any] struct {
	// mu guards the fields below. Nothing else is locked while it is held.
	mu       sync.Mutex
	underWay map[Question]*asking[Answer]
	last     map[Place]kept[Question, Answer]
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
		underWay: map[Question]*asking[Answer]{}, last: map[Place]kept[Question, Answer]{},
	}
}

// Get returns the answer to a question: the one that is kept, the one that is under way, or that of
// `ask`, which also says whether its answer is kept. `ask` goes on when the context ends, so that its
// answer is there for whoever asks again. The error is the context's.
func (a *Answers[Place, Question, Answer]) Get(
	ctx context.Context, place Place, question Question, ask func() (answer Answer, isKept bool),
) (Answer, How, error) {
	a.mu.Lock()
	if last, ok := a.last[place]; ok && last.question == question {
		a.mu.Unlock()
		return last.answer, Remembered, nil
	}
	one, how := a.underWay[question], Joined
	if one == nil {
		one, how = &asking[Answer]{ended: make(chan struct{})}, Asked
		a.underWay[question] = one
		go a.ask(one, place, question, ask)
	}
	a.mu.Unlock()
	select {
	case <-one.ended:
		return one.answer, how, nil
	case <-ctx.Done():
		var none Answer
		return none, how, ctx.Err()
	}
}

// ask gets an answer. It is kept at the moment at which it is no longer under way, so that nobody who
// comes in between asks again.
func (a *Answers[Place, Question, Answer]) ask(
	one *asking[Answer], place Place, question Question, ask func() (Answer, bool),
) {
	answer, isKept := ask()
	one.answer = answer
	a.mu.Lock()
	delete(a.underWay, question)
	if isKept {
		a.last[place] = kept[Question, Answer]{question, answer}
	}
	a.mu.Unlock()
	close(one.ended)
}
