// Command listener stands in front of sshd in the signer forwarder: it accepts the connections of signers, runs sshd for
// each, and knows who is connected.
package main

import (
	"fmt"
	"net"
	"os"

	"remote-signer-cloud/signer-forwarder/internal/ask"
)

const usage = `listener            serve, in the foreground
listener connected  print the names of the signers that have a session, a line each
`

func main() {
	switch command := append(os.Args, "serve")[1]; command {
	case "serve":
		os.Exit(serve(theImage))
	case "connected":
		os.Exit(printConnected(theImage))
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

// printConnected asks the one that serves who is connected.
func printConnected(where places) int {
	names, err := ask.Ask(where.socket, ask.Connected)
	if err != nil {
		say("nothing listens here: %v", err)
		return 1
	}
	if names != "" {
		fmt.Println(names)
	}
	return 0
}

// places is where everything is that the program reads, makes and runs.
type places struct {
	config     string // folder with authorized_keys
	hostKey    string // folder with the host key's files
	run        string // folder for our own files, which nobody else writes
	socket     string // where the hook asks
	gatewayRun string // folder that is shared with the gateway
	sshdConfig string
	sshd       string
	keygen     string
	listen     string // address that signers dial
	http       string // address of /healthz and /metrics
}

var theImage = places{
	config:     "/etc/signer-forwarder",
	hostKey:    "/etc/ssh/host-key",
	run:        "/run/signer-forwarder",
	socket:     ask.Socket,
	gatewayRun: "/run/gateway",
	sshdConfig: "/etc/ssh/sshd_config",
	sshd:       "/usr/sbin/sshd",
	keygen:     "/usr/bin/ssh-keygen",
	listen:     ":2222", // IPv4 and IPv6, as far as the pod has them
	http:       httpAddress(os.Getenv("POD_IP")),
}

// httpAddress is where /healthz and /metrics are, on the pod's own address of either protocol.
func httpAddress(podIP string) string { return net.JoinHostPort(podIP, "8405") }
