package keys

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// HostKey is a private key of the host key's Secret.
type HostKey struct {
	Name string // its file's name
	// Next marks a key that will replace the host key later. It is only announced, so that signers
	// that are logged in learn it (OpenSSH's UpdateHostKeys).
	Next bool
	PublicKey

	private []byte
}

var (
	hostKeyName = regexp.MustCompile(`^(next_)?ssh_host_[^/]+_key$`)
	encrypted   = regexp.MustCompile(`(?m)^(-----BEGIN ENCRYPTED|Proc-Type:.*ENCRYPTED)`)
)

// ReadHostKeys reads the files ssh_host_<type>_key of a folder, and then next_ssh_host_<type>_key.
// The public halves are unknown until Install.
func ReadHostKeys(folder string) ([]HostKey, error) {
	files := currentFolder(folder)
	entries, err := os.ReadDir(files)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var current, next []HostKey
	for _, entry := range entries {
		match := hostKeyName.FindStringSubmatch(entry.Name())
		if match == nil {
			continue
		}
		private, err := os.ReadFile(filepath.Join(files, entry.Name()))
		if err != nil {
			return nil, err
		}
		key := HostKey{Name: entry.Name(), Next: match[1] != "", private: private}
		if key.Next {
			next = append(next, key)
		} else if len(private) > 0 {
			current = append(current, key)
		}
	}
	if len(current) == 0 {
		return nil, fmt.Errorf("no host key: found no file %s/ssh_host_<type>_key; wanted the host key that signers know", folder)
	}
	return append(current, next...), nil
}

// currentFolder returns a folder in which all files have the same version. Kubernetes updates a
// mounted folder by pointing its link ..data to another folder.
func currentFolder(folder string) string {
	if target, err := filepath.EvalSymlinks(filepath.Join(folder, "..data")); err == nil {
		return target
	}
	return folder
}

// Digest returns a text that differs for different host keys.
func Digest(keys []HostKey) string {
	hash := sha256.New()
	for _, key := range keys {
		fmt.Fprintf(hash, "%s %d\n%s", key.Name, len(key.private), key.private)
	}
	return string(hash.Sum(nil))
}

// RunFunc runs a program to its end and returns its output. If the program fails, the error is the
// last line of its error output.
type RunFunc func(words ...string) (string, error)

// Install writes the key to a folder, with the permissions that sshd requires. It then reads the
// key's public half with ssh-keygen, which proves that sshd can use the key. `origin` is the folder
// that an error names. The error is one line and contains nothing of the key.
func (k *HostKey) Install(run RunFunc, keygen, folder, origin string) error {
	file := filepath.Join(folder, k.Name)
	if err := os.WriteFile(file, k.private, 0o400); err != nil {
		return err
	}
	problem := "it is encrypted"
	if !encrypted.Match(k.private) {
		public, err := run(keygen, "-y", "-P", "", "-f", file)
		if err == nil {
			k.PublicKey, err = parsePublicKey(public)
			return err
		}
		_, problem, _ = strings.Cut(err.Error(), file)
		problem = strings.TrimLeft(problem, `": `)
	}
	path := filepath.Join(origin, k.Name)
	return fmt.Errorf("unusable host key %s: %s; wanted an unencrypted OpenSSH private key", path, problem)
}

// HostKeyAlgorithms returns sshd's setting of that name. A client must never be shown the next host
// key, which it may not know. Of two keys of one type, sshd shows the first. Of several types, the
// client chooses one, so only the types of the current host keys are offered.
func HostKeyAlgorithms(keys []HostKey) string {
	var algorithms []string
	for _, key := range keys {
		if key.Next {
			continue
		}
		name, _, _ := strings.Cut(key.Text, " ")
		if name == "ssh-rsa" {
			name = "rsa-sha2-512,rsa-sha2-256"
		}
		algorithms = append(algorithms, name)
	}
	return strings.Join(algorithms, ",")
}
