package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// scannable are the kinds of keys that ssh-keyscan can ask for.
var scannable = map[string]string{
	"ssh-ed25519": "ed25519", "ssh-rsa": "rsa",
	"ecdsa-sha2-nistp256": "ecdsa", "ecdsa-sha2-nistp384": "ecdsa", "ecdsa-sha2-nistp521": "ecdsa",
}

// examineHostKey compares the forwarder's host keys with those that this host knows.
func (d *doctor) examineHostKey(ctx context.Context, host, port string, known []hostKey) {
	var kinds []string
	for _, key := range known {
		if kind, ok := scannable[key.kind]; ok && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	output, err := run(ctx, "ssh-keyscan", "-T", "5", "-p", port, "-t", strings.Join(kinds, ","), host)
	offered := parseHostKeys(output)
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
