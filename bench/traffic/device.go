package main

import (
	"bufio"
	"sync"
	"time"
)

// device is what signs behind a signer: one signature after the other, in its order, and each level of a key once. What it has
// begun it ends, and moves its mark, also when nobody waits any more.
type device struct {
	each time.Duration

	mutex sync.Mutex
	turn  chan struct{}
	marks map[string]string // by path and kind: the level that was signed last
}

func newDevice(each time.Duration) *device {
	return &device{each: each, turn: make(chan struct{}, 1), marks: map[string]string{}}
}

// sign waits for its turn and signs the vote of a body, `"13…"`; false for one that the device refuses, or that nobody waits
// for by the time it is its turn: as octez-signer drops it.
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
	d.mutex.Lock()
	isNew := level > d.marks[mark]
	if isNew {
		d.marks[mark] = level
	}
	d.mutex.Unlock()
	if isNew {
		time.Sleep(d.each)
	}
	return isNew
}

// owed is a client that is owed an answer.
type owed struct {
	left chan struct{} // closed when it has left
	over chan struct{} // closed when nothing of it is being waited for
}

// watch tells when a client leaves before it sends more. Nobody else may read of it until that is over.
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
