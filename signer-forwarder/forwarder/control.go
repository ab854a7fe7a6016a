package main

import (
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/signer-forwarder/internal/control"
	"remote-signer-cloud/signer-forwarder/internal/guard"
	"remote-signer-cloud/signer-forwarder/internal/socket"
)

// serveControl answers the hook, and the commands, on the control socket.
func (s *server) serveControl() error {
	return control.Serve(s.paths.control, s.answer)
}

func (s *server) answer(conn *net.UnixConn, question string) {
	word, rest, _ := strings.Cut(question, " ")
	switch word {
	case control.Connected:
		names := slices.Sorted(maps.Keys(s.sessions.connected()))
		_, _ = io.WriteString(conn, strings.Join(names, "\n")+"\n")
		return
	case control.Marks:
		_, _ = io.WriteString(conn, guard.Describe(s.guard.Marks()))
		return
	case control.Forget:
		_, _ = io.WriteString(conn, s.guard.ForgetAndSay(rest))
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
