// Package control has both sides of a control socket, which is how short-lived programs reach the
// forwarder or a router: they send one line, and everything that comes back is the answer.
//
// It imports little, because the session hook uses it and starts at each login.
package control

import (
	"bufio"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Socket is where the forwarder answers.
const Socket = "/run/signer-forwarder/hook.sock"

// Timeout is how long an answer may take: the signer's older session may have to end first.
const Timeout = 10 * time.Second

// The questions. Open is followed by a space and the key that was proved, Forget by a space and the
// address of the key whose marks the guard is to forget.
const (
	Open      = "open"
	Connected = "connected"
	Marks     = "marks"
	Forget    = "forget"
)

// Yes is the answer to Open if the session may open. Any other answer is the reason why not.
const Yes = "yes"

// Serve answers questions at a socket until the program ends.
func Serve(socket string, answer func(conn *net.UnixConn, question string)) error {
	_ = os.Remove(socket)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return err
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.AcceptUnix()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(Timeout))
				if line, err := bufio.NewReader(io.LimitReader(conn, 1<<14)).ReadString('\n'); err == nil {
					answer(conn, strings.TrimSuffix(line, "\n"))
				}
			}()
		}
	}()
	return nil
}

// Ask sends a question to the forwarder behind a socket and returns the answer.
func Ask(socket, question string) (string, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(Timeout))
	if _, err := io.WriteString(conn, question+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	return strings.TrimSuffix(string(answer), "\n"), err
}

// ProvedKey returns the key that signed a login, from sshd's SSH_AUTH_INFO_0: "publickey <type> <base64>".
func ProvedKey(info string) string {
	for _, line := range strings.Split(info, "\n") {
		if key, ok := strings.CutPrefix(line, "publickey "); ok {
			return strings.TrimSpace(key)
		}
	}
	return ""
}
