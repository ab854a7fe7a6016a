package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// computingGroups gives the groups of processes in which one computes or waits for a CPU or a disk. The sshd of a client that is
// slow, or sends a byte now and then, sleeps.
func computingGroups() map[int]bool {
	groups := map[int]bool{}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		if name := entry.Name(); name[0] < '1' || name[0] > '9' {
			continue
		}
		// Who has ended meanwhile has no file.
		if text, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat")); err == nil {
			if group, isComputing := readStat(text); isComputing {
				groups[group] = true
			}
		}
	}
	return groups
}

// readStat reads the group of a process and whether it computes, from its /proc/<pid>/stat: `<pid> (<name>) <state> <parent>
// <group> …`, where a name may have anything in it.
func readStat(text []byte) (group int, isComputing bool) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 3 {
		return 0, false
	}
	group, err := strconv.Atoi(string(fields[2]))
	state := string(fields[0])
	return group, err == nil && (state == "R" || state == "D")
}

// askWhoComputes finds out which processes inside compute.
func (d *doorman) askWhoComputes() {
	clear(d.computing)
	for _, c := range d.within {
		if group := c.group(); group != 0 {
			d.computing[group] = false
		}
	}
	for group := range d.compute() {
		if _, isInside := d.computing[group]; isInside {
			d.computing[group] = true
		}
	}
}

// isComputing tells whether the sshd of a connection that is inside computes, as one does that has just been started.
func (d *doorman) isComputing(c *connection) bool {
	isComputing, wasThere := d.computing[c.group()]
	return isComputing || !wasThere
}
