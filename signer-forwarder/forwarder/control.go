package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/control"
	"remote-signer-cloud/signer-forwarder/internal/guard"
	"remote-signer-cloud/signer-forwarder/internal/socket"
)

// serveControl answers the hook, and the commands, on the control socket.
func (s *server) serveControl() error {
	_ = os.Remove(s.paths.control)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.paths.control, Net: "unix"})
	if err != nil {
		return err
	}
	if err := os.Chmod(s.paths.control, 0o600); err != nil {
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
				_ = conn.SetDeadline(time.Now().Add(control.Timeout))
				if line, err := bufio.NewReader(io.LimitReader(conn, 1<<14)).ReadString('\n'); err == nil {
					s.answer(conn, strings.TrimSuffix(line, "\n"))
				}
			}()
		}
	}()
	return nil
}

func (s *server) answer(conn *net.UnixConn, question string) {
	word, rest, _ := strings.Cut(question, " ")
	switch word {
	case control.Connected:
		names := slices.Sorted(maps.Keys(s.sessions.connected()))
		_, _ = io.WriteString(conn, strings.Join(names, "\n")+"\n")
		return
	case control.Marks:
		_, _ = io.WriteString(conn, describe(s.guard.Marks()))
		return
	case control.Forget:
		_, _ = io.WriteString(conn, s.forget(rest))
		return
	}
	key, ok := strings.CutPrefix(question, control.Open+" ")
	if !ok {
		return
	}
	c, err := s.claim(conn)
	if err == nil {
		err = s.openSession(c, key)
	}
	if err == nil {
		_, _ = io.WriteString(conn, control.Yes+"\n")
		return
	}
	_, _ = io.WriteString(conn, err.Error()+"\n")
	if c != nil {
		// Without a session sshd would keep the connection, although it may do nothing.
		c.end(endReason{refused, err.Error()})
	}
}

// forget has the guard forget a key's marks.
func (s *server) forget(address string) string {
	removed, err := s.guard.Forget(address)
	if err != nil {
		return fmt.Sprintf("nothing is forgotten: %v\n", err)
	}
	if len(removed) == 0 {
		return fmt.Sprintf("found no mark of %s\n", address)
	}
	for _, mark := range removed {
		logf.Printf("the guard was told to forget %s", mark)
	}
	return "forgotten:\n" + describe(removed)
}

// describe lists marks, a line each.
func describe(marks []guard.Mark) string {
	var text strings.Builder
	for _, mark := range marks {
		fmt.Fprintf(&text, "%s, at %s\n", mark, mark.At.UTC().Format(time.RFC3339))
	}
	return text.String()
}

// openSession makes a connection that has proved a key the session of a signer.
func (s *server) openSession(c *connection, key string) error {
	if err := s.sessions.open(c, key); err != nil {
		return err
	}
	s.queue.Remember(c.client)
	return nil
}

// claim finds the connection whose sshd runs the hook that asks. It trusts nothing that the hook says:
// the kernel knows which process asks, and the process group of its parent is the connection's.
func (s *server) claim(conn *net.UnixConn) (*connection, error) {
	pid, err := peerOf(conn)
	if err != nil {
		return nil, err
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil, err
	}
	parent, err := parseParent(string(stat))
	if err != nil {
		return nil, err
	}
	group, err := syscall.Getpgid(parent)
	if err != nil {
		return nil, err
	}
	if c, ok := s.queue.Claim(group).(*connection); ok {
		return c, nil
	}
	return nil, errors.New("no sshd of ours asks")
}

// peerOf returns the process at the other end of a unix socket.
func peerOf(conn *net.UnixConn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *unix.Ucred
	if err := socket.Control(raw, func(fd int) (err error) {
		peer, err = unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		return err
	}); err != nil {
		return 0, err
	}
	return int(peer.Pid), nil
}

// parseParent returns the parent's number from a process's stat file. The second field, the name, may
// contain anything.
func parseParent(stat string) (int, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, errors.New("found no parent")
	}
	return strconv.Atoi(fields[1])
}
