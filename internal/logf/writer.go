package logf

import (
	"io"
	"sync"
	"time"
)

// Writer writes lines in the background, those of 50 ms in one piece: each piece wakes the container
// runtime's programs, which takes more of a busy machine than a signature does. A reader that is slow or
// stuck holds nobody up: beyond a mebibyte, lines are left out and counted.
type Writer struct {
	out io.Writer

	// mu guards the fields below. Nothing else is locked while it is held.
	mu      sync.Mutex
	waiting []byte
	leftOut int
	wake    chan struct{}
	writing sync.Mutex // held while lines are written, so that they stay in order
}

const (
	// maxWaiting is how many bytes wait at most.
	maxWaiting = 1 << 20
	// gatherTime is how long a line waits for others.
	gatherTime = 50 * time.Millisecond
)

// NewWriter returns a writer that writes until the program ends.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: out, wake: make(chan struct{}, 1)}
	go func() {
		for range w.wake {
			time.Sleep(gatherTime)
			w.Flush()
		}
	}()
	return w
}

// Write adds a line, which a function appends to those that wait.
func (w *Writer) Write(line func([]byte) []byte) {
	w.mu.Lock()
	if len(w.waiting) < maxWaiting {
		w.waiting = line(w.waiting)
	} else {
		w.leftOut++
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Flush writes the lines that wait.
func (w *Writer) Flush() {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.mu.Lock()
	lines, leftOut := w.waiting, w.leftOut
	w.waiting, w.leftOut = nil, 0
	w.mu.Unlock()
	if len(lines) > 0 {
		_, _ = w.out.Write(lines)
	}
	if leftOut > 0 {
		Printf("%d lines about requests were left out: the log is read too slowly", leftOut)
	}
}
