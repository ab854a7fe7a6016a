// Command signer-host is what runs beside the signer daemon at home.
//
// `signer-host wrapper` stands between the tunnel and the daemon. It passes requests on, and keeps a
// signature that nobody was there to take; it knows whether the device can sign; and it answers for the
// health of the host. The way of a request is in package proxy. `signer-host doctor` examines the host.
// `signer-host connect` dials for ssh by one of the host's uplinks.
package main

import (
	"context"
	"fmt"
	"os"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-host/internal/config"
	"remote-signer-cloud/signer-host/internal/doctor"
	"remote-signer-cloud/signer-host/internal/uplink"
)

const usage = `signer-host wrapper          serve in front of the signer daemon, in the foreground
` + doctor.Usage + uplink.Usage

// version is the package's. It is set when the program is built: -ldflags "-X main.version=…".
var version = "unknown"

func main() {
	// The journal names the program itself.
	logf.Prefix = ""
	switch words := os.Args[1:]; {
	case len(words) == 1 && words[0] == "wrapper":
		os.Exit(wrap(hostPaths))
	case len(words) > 0 && words[0] == "doctor":
		os.Exit(doctor.Command(context.Background(), doctor.KitPlaces, words[1:], os.Stdout, os.Stderr))
	case len(words) > 0 && words[0] == "connect":
		os.Exit(uplink.Command(context.Background(), words[1:]))
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

// paths is where the program finds things.
type paths struct {
	config string
	sysfs  string
	marks  string // octez-signer's base folder
}

// hostPaths are the paths on the host.
var hostPaths = paths{config: config.File, sysfs: "/sys", marks: "/var/lib/remote-signer/daemon"}
