package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// algorithms are what a client asks for to be shown a key of a kind, where that has another name.
var algorithms = map[string]string{"ssh-rsa": "rsa-sha2-512,rsa-sha2-256"}

// shownKeys returns the host key that the forwarder shows, as ssh learns it in an empty known_hosts: one of the
// kinds that are known, if it has one. ssh need not log in for that, and offers no key.
//
// ssh-keyscan gets none: it waits for the server's greeting before it sends its own (OpenSSH 9.2, ssh-keyscan.c),
// and the forwarder answers nobody who has not greeted.
func shownKeys(ctx context.Context, s settings, port string, known []hostKey) ([]hostKey, error) {
	folder, err := os.MkdirTemp("", "signer-host-doctor-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "known_hosts")
	var kinds []string
	for _, key := range known {
		kinds = append(kinds, cmp.Or(algorithms[key.kind], key.kind))
	}
	words := []string{"-F", "none", "-T", "-p", port, "-l", "signer"}
	for _, option := range []string{
		"BatchMode=yes", "ConnectTimeout=8", "StrictHostKeyChecking=accept-new", "UserKnownHostsFile=" + file,
		"GlobalKnownHostsFile=none", "HashKnownHosts=no", "HostKeyAlias=forwarder", "PreferredAuthentications=none",
		"HostKeyAlgorithms=^" + strings.Join(kinds, ","),
	} {
		words = append(words, "-o", option)
	}
	if s.proxy != "" {
		words = append(words, "-o", "ProxyCommand="+s.proxy, "-o", "ProxyUseFdpass=yes")
	}
	_, err = run(ctx, "ssh", append(words, s.host)...)
	text, readErr := os.ReadFile(file)
	if readErr != nil {
		return nil, err
	}
	return parseHostKeys(string(text)), nil
}

// examineHostKey compares the forwarder's host key with those that this host knows.
func (d *doctor) examineHostKey(ctx context.Context, s settings, port string, known []hostKey) {
	offered, err := shownKeys(ctx, s, port, known)
	if len(offered) == 0 {
		found := "the forwarder shows no host key"
		if err != nil {
			found += ": " + err.Error()
		}
		d.unknown("host key", found, "run it again: the forwarder limits calls of those that it doesn't know")
		return
	}
	unknown := 0
	for _, key := range offered {
		if !slices.Contains(known, key) {
			unknown++
		}
	}
	if unknown == len(offered) {
		d.bad("host key", "the forwarder shows another host key than known_hosts has"+fingerprint(offered[0].kind+" "+offered[0].blob),
			"compare it with the stack's output hostKeyFingerprint. Only if it is the same: install a new kit, which has the new known_hosts")
		return
	}
	d.ok("host key", fmt.Sprintf("it is known (%s)", offered[0].kind))
}
