// Package ask is how the short-lived commands ask the listener that serves: one line through a unix socket, and all that comes
// back is the answer. It is apart, and imports little, because one of them runs at each login.
package ask

import (
	"io"
	"net"
	"strings"
	"time"
)

// Socket is where the listener answers.
const Socket = "/run/signer-forwarder/hook.sock"

// Patience is how long an answer may take: an older session may have to go first.
const Patience = 10 * time.Second

// What can be asked; Open is followed by a space and the key that was proved.
const (
	Open      = "open"
	Connected = "connected"
)

// Yes is the answer to Open if the session may open; anything else says why not.
const Yes = "yes"

// Ask puts a question to the listener behind a socket.
func Ask(socket, question string) (string, error) {
	connection, err := net.Dial("unix", socket)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(Patience))
	if _, err := io.WriteString(connection, question+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(connection)
	return strings.TrimSuffix(string(answer), "\n"), err
}

// ProvedKey reads the key that a signature was made with from what sshd says of a login: "publickey <type> <base64>".
func ProvedKey(info string) string {
	for _, line := range strings.Split(info, "\n") {
		if key, isKey := strings.CutPrefix(line, "publickey "); isKey {
			return strings.TrimSpace(key)
		}
	}
	return ""
}
