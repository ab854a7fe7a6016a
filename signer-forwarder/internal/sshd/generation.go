package sshd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/keys"
)

// Paths is where sshd, and what it needs, is.
type Paths struct {
	Config   string // the folder that has the configuration
	HostKeys string // the folder that has the host keys
	Run      string // a folder that nobody else writes, for the generations
	Settings string // the image's sshd_config
	Sshd     string
	Keygen   string
}

// Generation is a copy of the mounted configuration that sshd has accepted. Each sshd is started with
// the newest one, so a bad change to the mounted folders reaches none.
type Generation struct {
	folder   string
	hostKeys []keys.HostKey
	signers  keys.SignerKeys
}

// Config is the configuration file that sshd is started with.
func (g *Generation) Config() string {
	return filepath.Join(g.folder, "sshd_config")
}

// HasNextHostKey reports whether a host key will replace the current one later.
func (g *Generation) HasNextHostKey() bool {
	return slices.ContainsFunc(g.hostKeys, func(key keys.HostKey) bool { return key.Next })
}

// newGeneration writes a generation to its own folder. The error is one line.
func newGeneration(
	processes *Processes, paths Paths, number int, hostKeys []keys.HostKey, signers keys.SignerKeys,
) (g *Generation, err error) {
	folder := filepath.Join(paths.Run, fmt.Sprintf("generation-%d", number))
	if err := os.RemoveAll(folder); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(folder)
		}
	}()
	g = &Generation{folder: folder, hostKeys: append([]keys.HostKey(nil), hostKeys...), signers: signers}
	for i := range g.hostKeys {
		if err := g.hostKeys[i].Install(processes.Output, paths.Keygen, folder, paths.HostKeys); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "authorized_keys"), []byte(signers.ForSSHD()), 0o400); err != nil {
		return nil, err
	}
	if err := os.WriteFile(g.Config(), []byte(settings(folder, g.hostKeys, paths.Settings)), 0o400); err != nil {
		return nil, err
	}
	if _, err := processes.Output(paths.Sshd, "-t", "-f", g.Config()); err != nil {
		return nil, fmt.Errorf("sshd refuses its configuration: %w", err)
	}
	return g, nil
}

// settings returns the part of sshd's configuration that depends on the host keys. The rest is the
// image's own file. If a setting is in both, the first counts.
//
// There is no PermitListen for all signers together. With 100 signers it would take 0.25 MiB of each
// connection. It would limit nothing, because each line of authorized_keys has its own permitlisten.
func settings(folder string, hostKeys []keys.HostKey, imageSettings string) string {
	var text strings.Builder
	for _, key := range hostKeys {
		fmt.Fprintf(&text, "HostKey %s\n", filepath.Join(folder, key.Name))
	}
	fmt.Fprintf(&text, "HostKeyAlgorithms %s\n", keys.HostKeyAlgorithms(hostKeys))
	fmt.Fprintf(&text, "AuthorizedKeysFile %s\n", filepath.Join(folder, "authorized_keys"))
	fmt.Fprintf(&text, "Include %s\n", imageSettings)
	return text.String()
}

// Announce logs the host keys and the signers.
func (g *Generation) Announce() {
	for _, key := range g.hostKeys {
		which := "host key"
		if key.Next {
			which = "next host key"
		}
		logf.Printf("%s %s (%s)", which, key.Fingerprint, key.Kind)
	}
	for _, key := range g.signers {
		logf.Printf("signer %s %s (%s)", key.Signer, key.Fingerprint, key.Kind)
	}
}
