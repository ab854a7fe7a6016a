// Command listener stands in front of sshd in the signer forwarder. It accepts the connections of
// signers, runs an sshd for each, and knows which signers are connected.
//
// A connection's way leads through these files and packages:
//
//	serve.go       accepts it
//	admission      queues it until there is an sshd for it
//	connection.go  runs that sshd, and ends it
//	control.go     hears from the session hook that its key has proved itself
//	sessions.go    makes it the session of its signer
//	outcome.go     reports what became of it
package main

import (
	"fmt"
	"net"
	"os"

	"remote-signer-cloud/signer-forwarder/internal/control"
	"remote-signer-cloud/signer-forwarder/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

const usage = `listener            serve, in the foreground
listener connected  print the names of the signers that have a session, a line each
`

func main() {
	switch command := append(os.Args, "serve")[1]; command {
	case "serve":
		os.Exit(serve(imagePaths))
	case "connected":
		os.Exit(printConnected(imagePaths))
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

// printConnected asks the listener that serves which signers are connected.
func printConnected(paths paths) int {
	names, err := control.Ask(paths.control, control.Connected)
	if err != nil {
		logf.Printf("nothing listens here: %v", err)
		return 1
	}
	if names != "" {
		fmt.Println(names)
	}
	return 0
}

// paths is where the listener finds and puts things.
type paths struct {
	sshd    sshd.Paths
	control string // socket for the hook and for `connected`
	gateway string // folder that is shared with the gateway
	listen  string // address that signers dial
	http    string // address of /healthz and /metrics
}

// imagePaths are the paths in the image.
var imagePaths = paths{
	sshd: sshd.Paths{
		Config:   "/etc/signer-forwarder",
		HostKeys: "/etc/ssh/host-key",
		Run:      "/run/signer-forwarder",
		Settings: "/etc/ssh/sshd_config",
		Sshd:     "/usr/sbin/sshd",
		Keygen:   "/usr/bin/ssh-keygen",
	},
	control: control.Socket,
	gateway: "/run/gateway",
	listen:  ":2222", // IPv4 and IPv6, as far as the pod has them
	http:    httpAddress(os.Getenv("POD_IP")),
}

// httpAddress is the address of /healthz and /metrics: the pod's own, of either protocol.
func httpAddress(podIP string) string { return net.JoinHostPort(podIP, "8405") }
