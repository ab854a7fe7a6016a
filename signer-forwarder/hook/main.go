// Command hook is PAM's session hook. sshd runs it as a child of the process that has just verified a
// signature, before sshd handles the forwards that the client asks for. If the hook fails, there is no
// session.
package main

import (
	"os"

	"remote-signer-cloud/signer-forwarder/internal/control"
)

func main() {
	if os.Getenv("PAM_TYPE") != "open_session" {
		return
	}
	key := control.ProvedKey(os.Getenv("SSH_AUTH_INFO_0"))
	answer, err := control.Ask(control.Socket, control.Open+" "+key)
	if err != nil || answer != control.Yes {
		os.Exit(1)
	}
}
