package logf

import (
	"io"
	"sync"
)

// Writer writes lines in the background, those that have come together in one piece. A reader that is
// slow or stuck holds nobody up: beyond a mebibyte, lines are left out and counted.
type Writer struct {
	out io.Writer

	// mu guards the fields below. Nothing else is locked while it is held.
	mu      sync.Mutex
	waiting []byte
	leftOut int
	wake    chan struct{}
	writing sync.Mutex // held while lines are written, so that they stay in order
}

// maxWaiting is how many bytes wait at most.
const maxWaiting = 1 << 20

// NewWriter returns a writer that writes until the program ends.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: out, wake: make(chan struct{}, 1)}
	go func() {
		for range w.wake {
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
