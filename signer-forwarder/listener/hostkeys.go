package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// hostKey is a private key of the host key's Secret.
type hostKey struct {
	name string // of its file
	// A key that follows the host key is only announced: signers that are logged in learn it (OpenSSH's UpdateHostKeys),
	// so that it can become the host key later.
	isNext bool
	bytes  []byte
	publicKey
}

var (
	hostKeyName = regexp.MustCompile(`^(next_)?ssh_host_[^/]+_key$`)
	encrypted   = regexp.MustCompile(`(?m)^(-----BEGIN ENCRYPTED|Proc-Type:.*ENCRYPTED)`)
)

// readHostKeys reads the files ssh_host_<type>_key of a folder, and next_ssh_host_<type>_key behind them.
func readHostKeys(folder string) ([]hostKey, error) {
	files := atOnce(folder)
	entries, err := os.ReadDir(files)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var current, next []hostKey
	for _, entry := range entries {
		match := hostKeyName.FindStringSubmatch(entry.Name())
		if match == nil {
			continue
		}
		bytes, err := os.ReadFile(filepath.Join(files, entry.Name()))
		if err != nil {
			return nil, err
		}
		key := hostKey{name: entry.Name(), isNext: match[1] != "", bytes: bytes}
		if key.isNext {
			next = append(next, key)
		} else if len(bytes) > 0 {
			current = append(current, key)
		}
	}
	if len(current) == 0 {
		return nil, fmt.Errorf("no host key: found no file %s/ssh_host_<type>_key; wanted the host key that signers know", folder)
	}
	return append(current, next...), nil
}

// digest tells keys from other keys.
func digest(keys []hostKey) string {
	hash := sha256.New()
	for _, key := range keys {
		fmt.Fprintf(hash, "%s %d\n%s", key.name, len(key.bytes), key.bytes)
	}
	return string(hash.Sum(nil))
}

// write puts a host key into a folder as sshd wants it, and reads its public half, which tells whether sshd can use it.
// The error is one line, and has nothing of the key in it.
func (k *hostKey) write(all *processes, keygen, folder, origin string) error {
	file := filepath.Join(folder, k.name)
	if err := os.WriteFile(file, k.bytes, 0o400); err != nil {
		return err
	}
	problem := "it is encrypted"
	if !encrypted.Match(k.bytes) {
		public, err := all.output(keygen, "-y", "-P", "", "-f", file)
		if err == nil {
			k.publicKey, err = parsePublicKey(public)
			return err
		}
		_, problem, _ = strings.Cut(err.Error(), file)
		problem = strings.TrimLeft(problem, `": `)
	}
	path := filepath.Join(origin, k.name)
	return fmt.Errorf("unusable host key %s: %s; wanted an unencrypted OpenSSH private key", path, problem)
}

// hostKeyAlgorithms gives what the server signs with. A client must never be shown the next host key, which it may not know:
// of two keys of one type sshd shows the first, and of several types a client takes its choice, so only the host key's own
// type is offered.
func hostKeyAlgorithms(keys []hostKey) string {
	var algorithms []string
	for _, key := range keys {
		if key.isNext {
			continue
		}
		name, _, _ := strings.Cut(key.text, " ")
		if name == "ssh-rsa" {
			name = "rsa-sha2-512,rsa-sha2-256"
		}
		algorithms = append(algorithms, name)
	}
	return strings.Join(algorithms, ",")
}
