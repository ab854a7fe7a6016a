// Package sshd runs OpenSSH's sshd: one process group for each connection, with a configuration that
// sshd has accepted, and it reads what sshd writes to its log.
package sshd

import (
	"bytes"
	"errors"
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

// Processes starts programs and reaps every process that ends. As the first process of a container
// we also inherit the orphans that sshd leaves behind, and a process group exists until all of it is
// reaped.
type Processes struct {
	// mu guards the fields below. Nothing else is locked while it is held.
	mu       sync.Mutex
	children map[int]*Process // by number
	reaped   chan struct{}    // closed and replaced after each reaping
}

// Process is a program that we started. It leads a process group of the same number.
type Process struct {
	pid    int
	ended  chan struct{}
	status syscall.WaitStatus // valid once ended is closed
}

// Group returns the number of the program's process group.
func (p *Process) Group() int { return p.pid }

// Ended returns a channel that is closed when the program has ended. Others of its group may still
// run: see Processes.EndGroup.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// NewProcesses makes this program the one that reaps, for the rest of its life.
func NewProcesses() *Processes {
	p := &Processes{children: map[int]*Process{}, reaped: make(chan struct{})}
	// Where we are not the first process of a container (in a test), inherit the orphans anyway.
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	go func() {
		for range signals {
			p.reap()
		}
	}()
	return p
}

func (p *Processes) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			break
		}
		if child := p.children[pid]; child != nil {
			child.status = status
			// What it left behind would hold its ports, and the pipe that its log is read from.
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			delete(p.children, pid)
			close(child.ended)
		}
	}
	close(p.reaped)
	p.reaped = make(chan struct{})
}

// Start runs a program with these files as its standard input, output and error output.
func (p *Processes) Start(words, environment []string, files ...uintptr) (*Process, error) {
	// Without the lock, reap could see the child's end before the child is in the map.
	p.mu.Lock()
	defer p.mu.Unlock()
	pid, err := syscall.ForkExec(words[0], words, &syscall.ProcAttr{
		Dir:   "/",
		Env:   environment,
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", words[0], err)
	}
	child := &Process{pid: pid, ended: make(chan struct{})}
	p.children[pid] = child
	return child, nil
}

// Output runs a program to its end and returns its output. If the program fails, the error is the
// last line of its error output.
func (p *Processes) Output(words ...string) (string, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return "", err
	}
	defer null.Close()
	var texts [2]bytes.Buffer
	var writers [2]*os.File
	var reading sync.WaitGroup
	for i := range texts {
		reader, writer, err := os.Pipe()
		if err != nil {
			return "", err
		}
		writers[i] = writer
		reading.Add(1)
		go func() {
			defer reading.Done()
			defer reader.Close()
			_, _ = io.Copy(&texts[i], reader)
		}()
	}
	child, err := p.Start(words, []string{"LC_ALL=C"}, null.Fd(), writers[0].Fd(), writers[1].Fd())
	writers[0].Close()
	writers[1].Close()
	reading.Wait()
	if err != nil {
		return "", err
	}
	<-child.ended
	if child.status.ExitStatus() != 0 {
		lines := strings.Split(strings.TrimSpace(texts[1].String()), "\n")
		return "", errors.New(strings.TrimSpace(lines[len(lines)-1]))
	}
	return texts[0].String(), nil
}

// KillAll kills every process group that we started, and does not wait.
func (p *Processes) KillAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pid := range p.children {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// EndTimeout is how long killed processes may take to disappear.
const EndTimeout = 5 * time.Second

// EndGroup kills a process group and waits until all of it is reaped: then its sockets are free. It
// reports whether that happened within EndTimeout.
func (p *Processes) EndGroup(group int) bool {
	deadline := time.After(EndTimeout)
	for {
		p.mu.Lock()
		reaped := p.reaped
		p.mu.Unlock()
		if syscall.Kill(-group, syscall.SIGKILL) == syscall.ESRCH {
			return true
		}
		select {
		case <-reaped:
		case <-time.After(100 * time.Millisecond):
			p.reap()
		case <-deadline:
			return false
		}
	}
}
