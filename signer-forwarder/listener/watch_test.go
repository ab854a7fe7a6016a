package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mountedStack is a configuration as Kubernetes mounts it, and a watcher of it.
type mountedStack struct {
	*watcher
	signers     []signerKeys
	generations []*generation
}

var testProcesses = newProcesses()

func newMountedStack(t *testing.T) *mountedStack {
	t.Helper()
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("found no ssh-keygen")
	}
	where := places{config: t.TempDir(), hostKey: t.TempDir(), run: t.TempDir(), sshdConfig: "/dev/null", sshd: "/bin/true", keygen: keygen}
	stack := &mountedStack{}
	stack.watcher = &watcher{
		processes:     testProcesses,
		where:         where,
		setSigners:    func(keys signerKeys) { stack.signers = append(stack.signers, keys) },
		setGeneration: func(made *generation) { stack.generations = append(stack.generations, made) },
	}
	return stack
}

func (s *mountedStack) makeHostKey(t *testing.T, name string, options ...string) string {
	t.Helper()
	file := filepath.Join(s.where.hostKey, name)
	_ = os.Remove(file)
	words := append([]string{s.where.keygen, "-q", "-N", "", "-C", "", "-t", "ed25519", "-f", file}, options...)
	if _, err := s.processes.output(words...); err != nil {
		t.Fatal(err)
	}
	return file
}

func (s *mountedStack) writeSigners(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.where.config, "authorized_keys"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFirstLook(t *testing.T) {
	for _, test := range []struct {
		name, problem string
		prepare       func(t *testing.T, s *mountedStack)
	}{
		{"no host key", "no host key: found no file", func(t *testing.T, s *mountedStack) {}},
		{"an empty one", "no host key: found no file", func(t *testing.T, s *mountedStack) {
			_ = os.WriteFile(filepath.Join(s.where.hostKey, "ssh_host_ed25519_key"), nil, 0o400)
		}},
		{"an encrypted one", "unusable host key", func(t *testing.T, s *mountedStack) {
			s.makeHostKey(t, "ssh_host_ed25519_key", "-N", "x")
		}},
		{"a public one", "unusable host key", func(t *testing.T, s *mountedStack) {
			file := s.makeHostKey(t, "ssh_host_ed25519_key")
			_ = os.Rename(file+".pub", file)
		}},
		{"half of one", "unusable host key", func(t *testing.T, s *mountedStack) {
			_ = os.Truncate(s.makeHostKey(t, "ssh_host_ed25519_key"), 200)
		}},
		{"an unusable next one", "unusable host key", func(t *testing.T, s *mountedStack) {
			s.makeHostKey(t, "ssh_host_ed25519_key")
			_ = os.Truncate(s.makeHostKey(t, "next_ssh_host_ed25519_key"), 200)
		}},
		{"no signers' file", "no signers: found no file", func(t *testing.T, s *mountedStack) {
			s.makeHostKey(t, "ssh_host_ed25519_key")
			_ = os.Remove(filepath.Join(s.where.config, "authorized_keys"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stack := newMountedStack(t)
			stack.writeSigners(t, options+homeKey+" home\n")
			test.prepare(t, stack)
			problems := stack.look()
			if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), test.problem) || strings.Contains(problems[0].Error(), "\n") {
				t.Errorf("found %v", problems)
			}
			if len(stack.generations) > 0 || len(stack.signers) > 0 {
				t.Error("took it")
			}
		})
	}
}

func TestChanges(t *testing.T) {
	stack := newMountedStack(t)
	stack.makeHostKey(t, "ssh_host_ed25519_key")
	stack.writeSigners(t, options+homeKey+" home\n")
	if problems := stack.look(); len(problems) > 0 || len(stack.generations) != 1 || len(stack.signers) != 1 {
		t.Fatalf("found %v", problems)
	}
	if problems := stack.look(); len(problems) > 0 || len(stack.generations) != 1 {
		t.Fatalf("looks twice at what has not changed: %v", problems)
	}
	stack.writeSigners(t, "")
	if problems := stack.look(); len(problems) > 0 || len(stack.generations) != 2 || len(stack.signers[1]) != 0 {
		t.Fatalf("does not take fewer signers: %v", problems)
	}
	// A bad change is said once, and what was there goes on.
	stack.writeSigners(t, homeKey+" home\n")
	if problems := stack.look(); len(problems) != 1 || len(stack.generations) != 2 || len(stack.look()) != 0 {
		t.Fatalf("found %v", problems)
	}
	// Of a good and a bad change at a time, the good one is taken.
	stack.writeSigners(t, options+homeKey+" cabin\n")
	_ = os.Truncate(filepath.Join(stack.where.hostKey, "ssh_host_ed25519_key"), 200)
	if problems := stack.look(); len(problems) != 1 || len(stack.generations) != 3 || stack.signers[2][0].signer != "cabin" {
		t.Fatalf("found %v", problems)
	}
	stack.makeHostKey(t, "ssh_host_ed25519_key")
	stack.makeHostKey(t, "next_ssh_host_ed25519_key")
	if problems := stack.look(); len(problems) != 0 || len(stack.generations) != 4 {
		t.Fatalf("found %v", problems)
	}
	config, err := os.ReadFile(stack.generations[3].config())
	lines := strings.Split(string(config), "\n")
	if err != nil || !strings.HasSuffix(lines[0], "/ssh_host_ed25519_key") || !strings.HasSuffix(lines[1], "/next_ssh_host_ed25519_key") {
		t.Errorf("found %s", config)
	}
	info, err := os.Stat(filepath.Join(stack.generations[3].folder, "ssh_host_ed25519_key"))
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("found the mode %v", info.Mode())
	}
}

func TestHostKeyAlgorithms(t *testing.T) {
	keys := []hostKey{
		{publicKey: publicKey{text: "ssh-rsa AAAA"}}, {publicKey: publicKey{text: "ecdsa-sha2-nistp256 AAAA"}},
		{isNext: true, publicKey: publicKey{text: "ssh-ed25519 AAAA"}},
	}
	if found := hostKeyAlgorithms(keys); found != "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256" {
		t.Errorf("found %s", found)
	}
}

// Kubernetes changes a mounted folder by turning the link ..data to another folder.
func TestMountedFolderTurns(t *testing.T) {
	folder := t.TempDir()
	if atOnce(folder) != folder {
		t.Error("does not read a plain folder")
	}
	for _, name := range []string{"..1", "..2"} {
		_ = os.Mkdir(filepath.Join(folder, name), 0o755)
		_ = os.Symlink(name, filepath.Join(folder, "..new"))
		if err := os.Rename(filepath.Join(folder, "..new"), filepath.Join(folder, "..data")); err != nil {
			t.Fatal(err)
		}
		if found := filepath.Base(atOnce(folder)); found != name {
			t.Errorf("found %s, want %s", found, name)
		}
	}
}
