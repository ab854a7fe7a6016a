package doctor

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// examineKey looks at the private key's file, and returns the public key's line, which the stack's config has. The
// private key is not read.
func (d *doctor) examineKey(s settings) (publicKey string) {
	line, _ := os.ReadFile(s.key + ".pub")
	words := strings.Fields(string(line))
	if len(words) >= 2 {
		publicKey = words[0] + " " + words[1]
	}
	file, err := os.Stat(s.key)
	folder, folderErr := os.Stat(filepath.Dir(s.key))
	switch {
	case errors.Is(err, fs.ErrPermission):
		d.unknown("key", s.key+" can't be seen by this user", asRoot)
	case errors.Is(err, fs.ErrNotExist):
		d.bad("key", "there is no "+s.key, newKit+". That makes a key; give the stack its public line")
	case err != nil || folderErr != nil:
		d.unknown("key", errors.Join(err, folderErr).Error(), asRoot)
	case file.Mode().Perm()&0o077 != 0:
		d.bad("key", fmt.Sprintf("%s has mode %04o, and ssh takes none that others can read", s.key, file.Mode().Perm()), "sudo chmod 600 "+s.key)
	case ownerOf(file) != ownerOf(folder):
		d.bad("key", s.key+" belongs to another user than its folder, so ssh can't read it", "sudo chown --reference "+filepath.Dir(s.key)+" "+s.key)
	default:
		d.ok("key", s.key+fingerprint(publicKey))
	}
	return publicKey
}

func ownerOf(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

// fingerprint is the name by which a log knows a public key, such as SHA256:3x…
func fingerprint(publicKey string) string {
	_, encoded, _ := strings.Cut(publicKey, " ")
	blob, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(blob) == 0 {
		return ""
	}
	sum := sha256.Sum256(blob)
	return ", SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// hostKey is a public key of a host.
type hostKey struct{ kind, blob string }

// examineKnownHosts returns the host keys that this host knows of its forwarder, nil if there are none.
func (d *doctor) examineKnownHosts(ctx context.Context, s settings) (known []hostKey) {
	if _, err := os.ReadFile(s.knownHosts); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			d.unknown("known_hosts", s.knownHosts+" can't be seen by this user", asRoot)
		} else {
			d.bad("known_hosts", err.Error(), newKit)
		}
		return nil
	}
	// It fails if it finds nothing.
	output, _ := run(ctx, "ssh-keygen", "-F", s.alias, "-f", s.knownHosts)
	known = parseHostKeys(output)
	if len(known) == 0 {
		d.bad("known_hosts", s.knownHosts+" has no line for "+s.alias, newKit)
		return nil
	}
	d.ok("known_hosts", fmt.Sprintf("%d %s for %s", len(known), plural(len(known), "key"), s.alias))
	return known
}

// parseHostKeys reads lines of known_hosts: names, kind, key.
func parseHostKeys(lines string) (keys []hostKey) {
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		// A marker in front (@revoked, @cert-authority) makes it no key to compare with.
		if len(words) >= 3 && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "@") {
			keys = append(keys, hostKey{words[1], words[2]})
		}
	}
	return keys
}

func plural(count int, noun string) string {
	if count == 1 {
		return noun
	}
	return noun + "s"
}
