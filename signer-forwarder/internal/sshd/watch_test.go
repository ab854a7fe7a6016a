package sshd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"remote-signer-cloud/signer-forwarder/internal/config"
)

// mounted is a configuration as Kubernetes mounts it, and a watcher of it.
type mounted struct {
	*Watcher
	gotConfigs     []config.Config
	gotGenerations []*Generation
}

var testProcesses = NewProcesses()

func newMounted(t *testing.T) *mounted {
	t.Helper()
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("found no ssh-keygen")
	}
	m := &mounted{}
	m.Watcher = NewWatcher(
		testProcesses,
		Paths{Config: t.TempDir(), HostKeys: t.TempDir(), Run: t.TempDir(), Settings: "/dev/null", Sshd: "/bin/true", Keygen: keygen},
		func(c config.Config) { m.gotConfigs = append(m.gotConfigs, c) },
		func(g *Generation) { m.gotGenerations = append(m.gotGenerations, g) },
	)
	return m
}

func (m *mounted) makeHostKey(t *testing.T, name string, options ...string) string {
	t.Helper()
	file := filepath.Join(m.paths.HostKeys, name)
	_ = os.Remove(file)
	words := append([]string{m.paths.Keygen, "-q", "-N", "", "-C", "", "-t", "ed25519", "-f", file}, options...)
	if _, err := m.processes.Output(words...); err != nil {
		t.Fatal(err)
	}
	return file
}

// withSigner is a configuration with one signer, at a port.
func withSigner(name string, port int) string {
	return fmt.Sprintf(`{"signers": [{"name": %q, "port": %d, "sshPublicKeys": [%q], "answerSeconds": 5}]}`, name, port, homeKey)
}

func (m *mounted) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.paths.Config, config.FileName), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFirstLook(t *testing.T) {
	for _, test := range []struct {
		name, want string
		prepare    func(t *testing.T, m *mounted)
	}{
		{"no host key", "no host key: found no file", func(t *testing.T, m *mounted) {}},
		{"an empty one", "no host key: found no file", func(t *testing.T, m *mounted) {
			_ = os.WriteFile(filepath.Join(m.paths.HostKeys, "ssh_host_ed25519_key"), nil, 0o400)
		}},
		{"an encrypted one", "unusable host key", func(t *testing.T, m *mounted) {
			m.makeHostKey(t, "ssh_host_ed25519_key", "-N", "x")
		}},
		{"a public one", "unusable host key", func(t *testing.T, m *mounted) {
			file := m.makeHostKey(t, "ssh_host_ed25519_key")
			_ = os.Rename(file+".pub", file)
		}},
		{"half of one", "unusable host key", func(t *testing.T, m *mounted) {
			_ = os.Truncate(m.makeHostKey(t, "ssh_host_ed25519_key"), 200)
		}},
		{"an unusable next one", "unusable host key", func(t *testing.T, m *mounted) {
			m.makeHostKey(t, "ssh_host_ed25519_key")
			_ = os.Truncate(m.makeHostKey(t, "next_ssh_host_ed25519_key"), 200)
		}},
		{"no signers' file", "no signers: found no file", func(t *testing.T, m *mounted) {
			m.makeHostKey(t, "ssh_host_ed25519_key")
			_ = os.Remove(filepath.Join(m.paths.Config, config.FileName))
		}},
		{"settings that sshd rejects", "sshd refuses its configuration: Bad configuration option", func(t *testing.T, m *mounted) {
			m.makeHostKey(t, "ssh_host_ed25519_key")
			m.paths.Sshd = fakeSshd(t, "echo 'Bad configuration option: x' >&2\nexit 255\n")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMounted(t)
			m.write(t, withSigner("home", 8443))
			test.prepare(t, m)
			got := m.Look()
			if len(got) != 1 || !strings.HasPrefix(got[0].Error(), test.want) || strings.Contains(got[0].Error(), "\n") {
				t.Errorf("got %v, want one line that begins with %q", got, test.want)
			}
			if len(m.gotGenerations) > 0 || len(m.gotConfigs) > 0 {
				t.Error("it took effect")
			}
		})
	}
}

func TestChanges(t *testing.T) {
	m := newMounted(t)
	m.makeHostKey(t, "ssh_host_ed25519_key")
	m.write(t, withSigner("home", 8443))
	if problems := m.Look(); len(problems) > 0 || len(m.gotGenerations) != 1 || len(m.gotConfigs) != 1 {
		t.Fatalf("got %v", problems)
	}
	if problems := m.Look(); len(problems) > 0 || len(m.gotGenerations) != 1 {
		t.Fatalf("considered an unchanged folder again: %v", problems)
	}
	m.write(t, `{"signers": []}`)
	if problems := m.Look(); len(problems) > 0 || len(m.gotGenerations) != 2 || len(m.gotConfigs[1].Signers) != 0 {
		t.Fatalf("did not accept fewer signers: %v", problems)
	}
	// A change that does not concern sshd reaches the gateway alone.
	m.write(t, `{"signers":    []}`)
	if problems := m.Look(); len(problems) > 0 || len(m.gotGenerations) != 2 || len(m.gotConfigs) != 3 {
		t.Fatalf("got %v", problems)
	}
	// A bad change is reported once, and the previous configuration stays in effect.
	m.write(t, withSigner("home", 80))
	if problems := m.Look(); len(problems) != 1 || len(m.gotGenerations) != 2 || len(m.Look()) != 0 {
		t.Fatalf("got %v", problems)
	}
	// Of a good and a bad change at the same time, the good one takes effect.
	m.write(t, withSigner("cabin", 8443))
	_ = os.Truncate(filepath.Join(m.paths.HostKeys, "ssh_host_ed25519_key"), 200)
	if problems := m.Look(); len(problems) != 1 || len(m.gotGenerations) != 3 || m.gotConfigs[3].Signers[0].Name != "cabin" {
		t.Fatalf("got %v", problems)
	}
	m.makeHostKey(t, "ssh_host_ed25519_key")
	m.makeHostKey(t, "next_ssh_host_ed25519_key")
	if problems := m.Look(); len(problems) != 0 || len(m.gotGenerations) != 4 {
		t.Fatalf("got %v", problems)
	}
	config, err := os.ReadFile(m.gotGenerations[3].Config())
	lines := strings.Split(string(config), "\n")
	if err != nil || !strings.HasSuffix(lines[0], "/ssh_host_ed25519_key") || !strings.HasSuffix(lines[1], "/next_ssh_host_ed25519_key") {
		t.Errorf("got %s", config)
	}
	authorized, err := os.ReadFile(filepath.Join(m.gotGenerations[3].folder, "authorized_keys"))
	if want := `restrict,port-forwarding,permitlisten="8443",permitlisten="9443" ` + homeKey + " cabin\n"; err != nil || string(authorized) != want {
		t.Errorf("sshd gets %q, %v, want %q", authorized, err, want)
	}
	info, err := os.Stat(filepath.Join(m.gotGenerations[3].folder, "ssh_host_ed25519_key"))
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("got the mode %v", info.Mode())
	}
}
