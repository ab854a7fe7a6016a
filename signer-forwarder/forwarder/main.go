// Command forwarder is the signer forwarder: all that runs in its pod, but for sshd.
//
// It is the door, which accepts the connections of signers and runs an sshd for each; it knows the
// sessions, which signer is connected; and it is the gateway, which takes the requests of bakers to
// them. The way of a signer's connection leads through these files and packages:
//
//	serve.go       accepts it
//	admission      queues it until there is an sshd for it
//	connection.go  runs that sshd, and ends it
//	control.go     hears from the session hook that its key has proved itself
//	sessions.go    makes it the session of its signer, and tells the gateway
//	outcome.go     reports what became of it
//
// The way of a baker's request is in package gateway. Package config reads what both are told.
package main

import (
	"fmt"
	"net"
	"os"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/control"
	"remote-signer-cloud/signer-forwarder/internal/page"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

const usage = `forwarder                   serve, in the foreground
forwarder connected         print the names of the signers that have a session, a line each
forwarder marks             print what the guard remembers: the last level and round of each key and kind
forwarder forget <address>  have the guard forget the marks of a key, and print them
forwarder page <path>       print a page of port 8404: /metrics, /signers/<name>/healthz, /signers/<name>/statusz/<address>
`

func main() {
	switch words := os.Args[1:]; {
	case len(words) == 0:
		os.Exit(serve(imagePaths))
	case len(words) == 1 && (words[0] == control.Connected || words[0] == control.Marks):
		os.Exit(ask(imagePaths, words[0]))
	case len(words) == 2 && words[0] == control.Forget:
		os.Exit(ask(imagePaths, control.Forget+" "+words[1]))
	case len(words) == 2 && words[0] == "page":
		os.Exit(page.Print(net.JoinHostPort(imagePaths.address, httpPort), words[1], os.Stdout, os.Stderr))
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

// ask puts a question to the forwarder that serves, and prints the answer.
func ask(paths paths, question string) int {
	answer, err := control.Ask(paths.control, question)
	if err != nil {
		logf.Printf("no forwarder runs here: %v", err)
		return 1
	}
	if answer != "" {
		fmt.Println(answer)
	}
	return 0
}

// paths is where the forwarder finds and puts things.
type paths struct {
	sshd    sshd.Paths
	control string // socket for the hook and for the commands
	guard   string // the guard's file. It outlives the container, not the pod
	listen  string // address that signers dial
	address string // the pod's own, where bakers and the scraper ask; of either protocol
}

// httpPort is the port of /healthz, /metrics and the pages of the signers' hosts.
const httpPort = "8404"

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
	guard:   "/run/signer-forwarder/guard",
	listen:  ":2222", // IPv4 and IPv6, as far as the pod has them
	address: os.Getenv("POD_IP"),
}
