package admission

import (
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	for text, want := range map[string]struct {
		group    int
		computes bool
	}{
		"7 (sshd) R 1 5 5 0 -1":         {5, true},
		"7 (sshd-session) D 1 5 5 0 -1": {5, true},
		"7 (sshd-auth) S 1 5 5 0 -1":    {5, false},
		"7 (sshd) Z 1 5 5 0 -1":         {5, false},
		"7 (a) R 1 (9) S 1 5 5 0 -1":    {5, false},
		"7 (sshd) R 1":                  {0, false},
		"":                              {0, false},
	} {
		if group, computes := parseStat([]byte(text)); group != want.group || computes != want.computes {
			t.Errorf("%q: got %d %v, want %+v", text, group, computes, want)
		}
	}
}

// startGroup runs a program in its own process group until the test ends, and returns the group.
func startGroup(t *testing.T, words ...string) int {
	t.Helper()
	child := exec.Command(words[0], words[1:]...)
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _, _ = child.Process.Wait() })
	return child.Process.Pid
}

func TestComputingGroups(t *testing.T) {
	busy, idle := startGroup(t, "sh", "-c", "while :; do :; done"), startGroup(t, "sleep", "60")
	deadline := time.Now().Add(5 * time.Second)
	for {
		groups := computingGroups()
		if groups[busy] && !groups[idle] {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %v for the busy one and %v for the idle one", groups[busy], groups[idle])
		}
		time.Sleep(10 * time.Millisecond)
	}
}
