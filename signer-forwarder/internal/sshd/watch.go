package sshd

import (
	"errors"
	"fmt"
	"os"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/keys"
)

// Watcher reads the mounted configuration and host keys again and again, and makes a generation of each
// valid change that concerns sshd. An invalid change is reported once, and what was there stays in
// effect. It is not safe for concurrent use.
type Watcher struct {
	processes *Processes
	paths     Paths
	// setConfig gets a configuration as soon as it is known; setGeneration gets the generation for new
	// connections.
	setConfig     func(config.Config)
	setGeneration func(*Generation)

	number int // of the newest generation
	// What was read last, good or bad, so that each change is considered once.
	seenHostKeys, seenConfig, seenText string
	// What is in effect.
	hostKeys []keys.HostKey
	config   config.Config
	current  *Generation
}

// WatchInterval is how often Look should be called.
const WatchInterval = 200 * time.Millisecond

// keepGeneration is how long an older generation is kept: longer than a client may take to log in.
const keepGeneration = 15 * time.Second

// NewWatcher returns a watcher that has read nothing yet.
func NewWatcher(
	processes *Processes, paths Paths, setConfig func(config.Config), setGeneration func(*Generation),
) *Watcher {
	return &Watcher{processes: processes, paths: paths, setConfig: setConfig, setGeneration: setGeneration}
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

	text, read, problem := config.Read(w.paths.Config, w.seenText)
	w.seenText = text
	newConfig := !errors.Is(problem, config.ErrUnchanged) && changed(&w.seenConfig, fmt.Sprintf("%q %v", text, problem))
	if newConfig && problem != nil {
		problems = append(problems, problem)
	}
	if !newConfig || problem != nil {
		newConfig, read = false, w.config
	}

	if !newHostKeys && !newConfig || w.current == nil && len(problems) > 0 {
		return problems
	}
	// A removed key loses its session at once, even if sshd rejects the rest of the change.
	if newConfig && w.current != nil {
		w.setConfig(read)
	}
	newKeys := w.current == nil || read.SSH().ForSSHD() != w.config.SSH().ForSSHD()
	w.config = read
	if !newHostKeys && !newKeys {
		return problems
	}
	if err := w.put(hostKeys); err != nil {
		problems = append(problems, err)
		if newHostKeys && newKeys && w.current != nil {
			if err := w.put(w.hostKeys); err != nil {
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

// put makes a generation of host keys and the signers' keys, and puts it into effect.
func (w *Watcher) put(hostKeys []keys.HostKey) error {
	w.number++
	g, err := newGeneration(w.processes, w.paths, w.number, hostKeys, w.config.SSH())
	if err != nil {
		return err
	}
	if older := w.current; older != nil {
		time.AfterFunc(keepGeneration, func() { _ = os.RemoveAll(older.folder) })
	} else {
		w.setConfig(w.config)
	}
	w.hostKeys, w.current = hostKeys, g
	w.setGeneration(g)
	return nil
}
