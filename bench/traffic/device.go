package main

import (
	"bufio"
	"sync"
	"time"
)

// device signs behind a signer: one signature at a time, and each level of a key once. It finishes a signature that it has
// begun, and raises its watermark, even if nobody waits for it any more.
type device struct {
	each time.Duration

	turn chan struct{} // holds one token while a signature is made

	// mu guards the field below.
	mu    sync.Mutex
	marks map[string]string // by path and kind: the level that was signed last
}

func newDevice(each time.Duration) *device {
	return &device{each: each, turn: make(chan struct{}, 1), marks: map[string]string{}}
}

// sign waits for its turn and signs the vote in a body, `"13…"`. It returns false for a vote that the device rejects, and for
// one that nobody waits for when its turn comes: octez-signer drops those too.
func (d *device) sign(path, body string, left <-chan struct{}) bool {
	if len(body) < 90 {
		return false
	}
	// A vote's level is 40 bytes from its start.
	mark, level := path+body[1:3], body[81:89]
	select {
	case d.turn <- struct{}{}:
	case <-left:
		return false
	}
	defer func() { <-d.turn }()
	d.mu.Lock()
	isNew := level > d.marks[mark]
	if isNew {
		d.marks[mark] = level
	}
	d.mu.Unlock()
	if isNew {
		time.Sleep(d.each)
	}
	return isNew
}

// owed is a client that is owed an answer.
type owed struct {
	left chan struct{} // closed when the client has left
	over chan struct{} // closed when the reader may be read again
}

// watch notices if a client leaves before it sends more. Nobody else may read from it until `over` is closed.
func watch(r *bufio.Reader) owed {
	client := owed{left: make(chan struct{}), over: make(chan struct{})}
	go func() {
		defer close(client.over)
		if _, err := r.Peek(1); err != nil {
			close(client.left)
		}
	}()
	return client
}
