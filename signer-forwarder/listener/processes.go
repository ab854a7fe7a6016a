package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processes starts programs and reaps whatever ends, orphans too: as a container's first process we inherit those that
// sshd leaves behind, and a group of processes counts as there until all of it is reaped.
type processes struct {
	mutex    sync.Mutex
	children map[int]*process
	reaped   chan struct{} // closed and made anew each time something was reaped
}

// process is a program that we started, in a process group of its own with the same number.
type process struct {
	pid    int
	ended  chan struct{}
	status syscall.WaitStatus // once it has ended
}

func newProcesses() *processes {
	all := &processes{children: map[int]*process{}, reaped: make(chan struct{})}
	// Not the first process of a container (a test, say): orphans come to us all the same.
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	go func() {
		for range signals {
			all.reap()
		}
	}()
	return all
}

func (all *processes) reap() {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			break
		}
		if child := all.children[pid]; child != nil {
			child.status = status
			// Whatever it has left behind would hold its ports, and the pipe that its log is read from.
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			delete(all.children, pid)
			close(child.ended)
		}
	}
	close(all.reaped)
	all.reaped = make(chan struct{})
}

// start runs a program with these files as its standard input, output and error output.
func (all *processes) start(words, environment []string, files ...uintptr) (*process, error) {
	// The lock keeps reap from seeing a child's end before its beginning.
	all.mutex.Lock()
	defer all.mutex.Unlock()
	pid, err := syscall.ForkExec(words[0], words, &syscall.ProcAttr{
		Dir:   "/",
		Env:   environment,
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", words[0], err)
	}
	child := &process{pid: pid, ended: make(chan struct{})}
	all.children[pid] = child
	return child, nil
}

// output runs a program to its end; what it said on its error output is the error, its last line alone.
func (all *processes) output(words ...string) (string, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return "", err
	}
	defer null.Close()
	var texts [2]bytes.Buffer
	var writers [2]*os.File
	var reading sync.WaitGroup
	for index := range texts {
		reader, writer, err := os.Pipe()
		if err != nil {
			return "", err
		}
		writers[index] = writer
		reading.Add(1)
		go func() {
			defer reading.Done()
			defer reader.Close()
			_, _ = io.Copy(&texts[index], reader)
		}()
	}
	child, err := all.start(words, []string{"LC_ALL=C"}, null.Fd(), writers[0].Fd(), writers[1].Fd())
	writers[0].Close()
	writers[1].Close()
	reading.Wait()
	if err != nil {
		return "", err
	}
	<-child.ended
	if child.status.ExitStatus() != 0 {
		lines := strings.Split(strings.TrimSpace(texts[1].String()), "\n")
		return "", fmt.Errorf("%s", strings.TrimSpace(lines[len(lines)-1]))
	}
	return texts[0].String(), nil
}

// killAll kills whatever we started.
func (all *processes) killAll() {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	for pid := range all.children {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// endGroup kills a process and all that came from it, and waits until they are gone: then their sockets are free.
func (all *processes) endGroup(leader int, patience time.Duration) bool {
	deadline := time.After(patience)
	for {
		all.mutex.Lock()
		reaped := all.reaped
		all.mutex.Unlock()
		if syscall.Kill(-leader, syscall.SIGKILL) == syscall.ESRCH {
			return true
		}
		select {
		case <-reaped:
		case <-time.After(100 * time.Millisecond):
			all.reap()
		case <-deadline:
			return false
		}
	}
}
