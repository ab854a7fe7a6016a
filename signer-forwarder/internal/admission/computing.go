package admission

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// computingGroups returns the process groups of which a process computes, or waits for a CPU or a disk.
// The sshd of a client that is slow, or that sends a byte now and then, sleeps.
func computingGroups() map[int]bool {
	groups := map[int]bool{}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		if name := entry.Name(); name[0] < '1' || name[0] > '9' {
			continue
		}
		// A process that has ended meanwhile has no file.
		if text, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat")); err == nil {
			if group, computes := parseStat(text); computes {
				groups[group] = true
			}
		}
	}
	return groups
}

// parseStat returns a process's group and whether it computes, from its /proc/<pid>/stat:
// `<pid> (<name>) <state> <parent> <group> …`. The name may contain anything.
func parseStat(text []byte) (group int, computes bool) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 3 {
		return 0, false
	}
	group, err := strconv.Atoi(string(fields[2]))
	state := string(fields[0])
	return group, err == nil && (state == "R" || state == "D")
}

// askWhichCompute finds out which of the authenticating connections' processes compute.
func (q *Queue) askWhichCompute() {
	clear(q.computing)
	for _, c := range q.authenticating {
		if group := c.login.Group(); group != 0 {
			q.computing[group] = false
		}
	}
	for group := range q.computingGroups() {
		if _, ok := q.computing[group]; ok {
			q.computing[group] = true
		}
	}
}

// computes reports whether the sshd of a connection computed when that was last asked. One that has
// started since then does.
func (q *Queue) computes(c *conn) bool {
	computed, ok := q.computing[c.login.Group()]
	return computed || !ok
}
