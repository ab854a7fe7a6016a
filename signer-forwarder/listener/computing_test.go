package main

import (
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestReadStat(t *testing.T) {
	for text, want := range map[string]struct {
		group       int
		isComputing bool
	}{
		"7 (sshd) R 1 5 5 0 -1":         {5, true},
		"7 (sshd-session) D 1 5 5 0 -1": {5, true},
		"7 (sshd-auth) S 1 5 5 0 -1":    {5, false},
		"7 (sshd) Z 1 5 5 0 -1":         {5, false},
		"7 (a) R 1 (9) S 1 5 5 0 -1":    {5, false},
		"7 (sshd) R 1":                  {0, false},
		"":                              {0, false},
	} {
		if group, isComputing := readStat([]byte(text)); group != want.group || isComputing != want.isComputing {
			t.Errorf("%q: found %d %v, want %+v", text, group, isComputing, want)
		}
	}
}

// start runs a program in a group of its own until the test ends, and gives that group.
func start(t *testing.T, words ...string) int {
	t.Helper()
	child := exec.Command(words[0], words[1:]...)
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _, _ = child.Process.Wait() })
	return child.Process.Pid
}

func TestWhoComputesIsToldFromWhoWaits(t *testing.T) {
	busy, idle := start(t, "sh", "-c", "while :; do :; done"), start(t, "sleep", "60")
	deadline := time.Now().Add(5 * time.Second)
	for {
		groups := computingGroups()
		if groups[busy] && !groups[idle] {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("found %v for the busy one and %v for the idle one", groups[busy], groups[idle])
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// crowd is a door with so many clients before it, and how many of them have a process.
type crowd struct {
	*doorman
	mutex     sync.Mutex
	started   []*connection
	computing map[int]bool
}

func newCrowd(t *testing.T, size int) *crowd {
	t.Helper()
	all := &crowd{doorman: newDoorman(), computing: map[int]bool{}}
	all.evict, all.refused = func(*connection) {}, func(*connection, string) {}
	all.compute = func() map[int]bool {
		all.mutex.Lock()
		defer all.mutex.Unlock()
		copied := map[int]bool{}
		for group := range all.computing {
			copied[group] = true
		}
		return copied
	}
	all.run = func(c *connection, socket int) {
		all.mutex.Lock()
		defer all.mutex.Unlock()
		t.Cleanup(func() { closeSocket(socket) })
		all.started = append(all.started, c)
		c.mutex.Lock()
		c.process = &process{pid: len(all.started)}
		c.mutex.Unlock()
		all.computing[len(all.started)] = true
	}
	listener, err := listenForSigners("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	for range size {
		client, server := dial(t, listener, "tcp4", "127.0.0.1")
		if _, err := client.Write([]byte("SSH-2.0-test\r\n")); err != nil {
			t.Fatal(err)
		}
		all.arrive(server)
	}
	return all
}

func (all *crowd) count() int {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	return len(all.started)
}

// become waits until so many have a process, and for a while longer that no more have.
func (all *crowd) become(t *testing.T, want int) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for all.count() < want && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(4 * soon)
	if found := all.count(); found != want {
		t.Fatalf("found %d processes, wanted %d", found, want)
	}
}

func TestOfManyAtOnceNoMoreComputeThanEachGetsItsTurn(t *testing.T) {
	all := newCrowd(t, 3*maxComputing)
	all.become(t, maxComputing)
	// Those that wait for their clients take nothing from anybody: as many more start, with nothing else having happened.
	all.mutex.Lock()
	clear(all.computing)
	all.mutex.Unlock()
	all.become(t, 2*maxComputing)
	// And so does one for each that is over.
	all.mutex.Lock()
	gone := slices.Clone(all.started[maxComputing:])
	all.mutex.Unlock()
	for _, c := range gone {
		all.hasGone(c)
	}
	all.become(t, 3*maxComputing)
}
