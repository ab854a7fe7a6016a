package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// generation is a copy of the mounted configuration that sshd was found to accept. Every sshd is started with the newest
// one; a mounted change that is bad reaches none.
type generation struct {
	folder   string
	hostKeys []hostKey
	signers  signerKeys
}

// config is the file that sshd is started with.
func (g *generation) config() string {
	return filepath.Join(g.folder, "sshd_config")
}

// makeGeneration writes a generation into a folder of its own, or says in one line why it can't be.
func makeGeneration(all *processes, where places, number int, hostKeys []hostKey, signers signerKeys) (made *generation, err error) {
	folder := filepath.Join(where.run, fmt.Sprintf("generation-%d", number))
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
	made = &generation{folder: folder, hostKeys: append([]hostKey(nil), hostKeys...), signers: signers}
	for index := range made.hostKeys {
		if err := made.hostKeys[index].write(all, where.keygen, folder, where.hostKey); err != nil {
			return nil, err
		}
	}
	var lines strings.Builder
	for _, key := range signers {
		fmt.Fprintln(&lines, key.forSshd())
	}
	if err := os.WriteFile(filepath.Join(folder, "authorized_keys"), []byte(lines.String()), 0o400); err != nil {
		return nil, err
	}
	text := sshdSettings(folder, made.hostKeys, where.sshdConfig)
	if err := os.WriteFile(made.config(), []byte(text), 0o400); err != nil {
		return nil, err
	}
	if _, err := all.output(where.sshd, "-t", "-f", made.config()); err != nil {
		return nil, fmt.Errorf("sshd refuses its configuration: %w", err)
	}
	return made, nil
}

// sshdSettings gives what of sshd's configuration follows from the host keys; the rest is the image's own file, and of a setting
// that is in both the first counts.
//
// There is no PermitListen for all signers together: it would take a quarter of a MiB in each connection of a hundred, and
// cap nothing, because no line gets this far without its own.
func sshdSettings(folder string, hostKeys []hostKey, rest string) string {
	var text strings.Builder
	for _, key := range hostKeys {
		fmt.Fprintf(&text, "HostKey %s\n", filepath.Join(folder, key.name))
	}
	fmt.Fprintf(&text, "HostKeyAlgorithms %s\n", hostKeyAlgorithms(hostKeys))
	fmt.Fprintf(&text, "AuthorizedKeysFile %s\n", filepath.Join(folder, "authorized_keys"))
	fmt.Fprintf(&text, "Include %s\n", rest)
	return text.String()
}

// announce says which host keys and signers there are.
func (g *generation) announce() {
	for _, key := range g.hostKeys {
		which := "host key"
		if key.isNext {
			which = "next host key"
		}
		say("%s %s (%s)", which, key.fingerprint, key.kind)
	}
	for _, key := range g.signers {
		say("signer %s %s (%s)", key.signer, key.fingerprint, key.kind)
	}
}
