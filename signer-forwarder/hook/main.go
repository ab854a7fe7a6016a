// Command hook is PAM's session hook: sshd runs it, as a child of the process that has just verified a signature, before it looks
// at the forwards that the client asks for. If it fails, there is no session.
package main

import (
	"os"

	"remote-signer-cloud/signer-forwarder/internal/ask"
)

func main() {
	if os.Getenv("PAM_TYPE") != "open_session" {
		return
	}
	answer, err := ask.Ask(ask.Socket, ask.Open+" "+ask.ProvedKey(os.Getenv("SSH_AUTH_INFO_0")))
	if err != nil || answer != ask.Yes {
		os.Exit(1)
	}
}
