package sshd

import (
	"fmt"
	"os"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/keys"
)

// Watcher reads the mounted configuration again and again, and makes a generation of each valid
// change. An invalid change is reported once, and the previous generation stays in effect. It is not
// safe for concurrent use.
type Watcher struct {
	processes *Processes
	paths     Paths
	// setSigners gets the signers as soon as they are known; setGeneration gets the generation for
	// new connections.
	setSigners    func(keys.SignerKeys)
	setGeneration func(*Generation)

	number int // of the newest generation
	// What was read last, good or bad, so that each change is considered once.
	seenHostKeys, seenSigners string
	// What is in effect.
	hostKeys []keys.HostKey
	signers  keys.SignerKeys
	current  *Generation
}

// WatchInterval is how often Look should be called.
const WatchInterval = 200 * time.Millisecond

// keepGeneration is how long an older generation is kept: longer than a client may take to log in.
const keepGeneration = 15 * time.Second

// NewWatcher returns a watcher that has read nothing yet.
func NewWatcher(
	processes *Processes, paths Paths, setSigners func(keys.SignerKeys), setGeneration func(*Generation),
) *Watcher {
	return &Watcher{processes: processes, paths: paths, setSigners: setSigners, setGeneration: setGeneration}
}

// Look reads the mounted folders, puts valid changes into effect, and returns the problems of the
// others, a line each.
func (w *Watcher) Look() []error {
	var problems []error
	hostKeys, problem := keys.ReadHostKeys(w.paths.HostKeys)
	newHostKeys := changed(&w.seenHostKeys, keys.Digest(hostKeys)+fmt.Sprint(problem))
	if newHostKeys && problem != nil {
		problems = append(problems, problem)
	}
	if !newHostKeys || problem != nil {
		newHostKeys, hostKeys = false, w.hostKeys
	}

	text, signers, problem := keys.ReadAuthorizedKeys(w.paths.Config)
	newSigners := changed(&w.seenSigners, fmt.Sprintf("%q %v", text, problem))
	if newSigners && problem != nil {
		problems = append(problems, problem)
	}
	if !newSigners || problem != nil {
		newSigners, signers = false, w.signers
	}

	if !newHostKeys && !newSigners || w.current == nil && len(problems) > 0 {
		return problems
	}
	// A removed key loses its session at once, even if sshd rejects the rest of the change.
	if newSigners && w.current != nil {
		w.setSigners(signers)
	}
	if err := w.put(hostKeys, signers); err != nil {
		problems = append(problems, err)
		if newHostKeys && newSigners && w.current != nil {
			if err := w.put(w.hostKeys, signers); err != nil {
				problems = append(problems, err)
			}
		}
	}
	return problems
}

// changed reports whether a text differs from the one that was seen before, and stores it.
func changed(seen *string, now string) bool {
	before := *seen
	*seen = now
	return now != before
}

// put makes a generation of host keys and signers, and puts it into effect.
func (w *Watcher) put(hostKeys []keys.HostKey, signers keys.SignerKeys) error {
	w.number++
	g, err := newGeneration(w.processes, w.paths, w.number, hostKeys, signers)
	if err != nil {
		return err
	}
	if older := w.current; older != nil {
		time.AfterFunc(keepGeneration, func() { _ = os.RemoveAll(older.folder) })
	} else {
		w.setSigners(signers)
	}
	w.hostKeys, w.signers, w.current = hostKeys, signers, g
	w.setGeneration(g)
	return nil
}
