package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// watcher looks at the mounted configuration and takes what is good of it. A bad change must not take down what works: it
// is said, and what was there goes on.
type watcher struct {
	processes *processes
	where     places
	// Is told of signers as soon as they are known, and of a generation that new connections shall have.
	setSigners    func(signerKeys)
	setGeneration func(*generation)

	number int
	// What was found last, good or bad, so that it is considered once.
	seenHostKeys, seenSigners string
	// What is good.
	hostKeys []hostKey
	signers  signerKeys
	current  *generation
}

const (
	watchInterval = 200 * time.Millisecond
	// For how long an older generation is kept: beyond the time that a client may take to log in.
	keepGeneration = 15 * time.Second
)

// look reads the mounted folders. It takes over what has changed and is good, and gives what is not, a line each.
func (w *watcher) look() []error {
	var problems []error
	hostKeys, problem := readHostKeys(w.where.hostKey)
	isNewHostKey := isNews(&w.seenHostKeys, digest(hostKeys)+fmt.Sprint(problem))
	if isNewHostKey && problem != nil {
		problems = append(problems, problem)
	}
	if !isNewHostKey || problem != nil {
		isNewHostKey, hostKeys = false, w.hostKeys
	}

	text, signers, problem := readSigners(w.where.config)
	isNewSigners := isNews(&w.seenSigners, fmt.Sprintf("%q %v", text, problem))
	if isNewSigners && problem != nil {
		problems = append(problems, problem)
	}
	if !isNewSigners || problem != nil {
		isNewSigners, signers = false, w.signers
	}

	if !isNewHostKey && !isNewSigners || w.current == nil && len(problems) > 0 {
		return problems
	}
	// A removed key loses its session at once, even if sshd should not like the rest of the change.
	if isNewSigners && w.current != nil {
		w.setSigners(signers)
	}
	if err := w.take(hostKeys, signers); err != nil {
		problems = append(problems, err)
		if isNewHostKey && isNewSigners && w.current != nil {
			if err := w.take(w.hostKeys, signers); err != nil {
				problems = append(problems, err)
			}
		}
	}
	return problems
}

// isNews tells whether a text is another than what was seen, and keeps it.
func isNews(seen *string, now string) bool {
	before := *seen
	*seen = now
	return now != before
}

// readSigners reads the file authorized_keys of a mounted folder.
func readSigners(folder string) (string, signerKeys, error) {
	file := filepath.Join(folder, "authorized_keys")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", nil, fmt.Errorf("no signers: found no file %s; wanted one line for each key of a signer", file)
	}
	keys, err := parseAuthorizedKeys(string(text))
	if err != nil {
		return string(text), nil, fmt.Errorf("unusable signers: %s: %w", file, err)
	}
	return string(text), keys, nil
}

// take makes a generation of host keys and signers.
func (w *watcher) take(hostKeys []hostKey, signers signerKeys) error {
	w.number++
	made, err := makeGeneration(w.processes, w.where, w.number, hostKeys, signers)
	if err != nil {
		return err
	}
	if older := w.current; older != nil {
		time.AfterFunc(keepGeneration, func() { _ = os.RemoveAll(older.folder) })
	} else {
		w.setSigners(signers)
	}
	w.hostKeys, w.signers, w.current = hostKeys, signers, made
	w.setGeneration(made)
	return nil
}

// atOnce gives the folder in which all files are of one time: Kubernetes changes a mounted folder by turning a link, ..data.
func atOnce(folder string) string {
	if target, err := filepath.EvalSymlinks(filepath.Join(folder, "..data")); err == nil {
		return target
	}
	return folder
}
