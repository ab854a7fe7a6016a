package main

import (
	"bufio"
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

	"remote-signer-cloud/signer-forwarder/internal/ask"
)

// answerQuestions answers what the hook and the command `connected` ask through our socket.
func (s *server) answerQuestions() error {
	_ = os.Remove(s.where.socket)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.where.socket, Net: "unix"})
	if err != nil {
		return err
	}
	if err := os.Chmod(s.where.socket, 0o600); err != nil {
		return err
	}
	go func() {
		for {
			asker, err := listener.AcceptUnix()
			if err != nil {
				return
			}
			go func() {
				defer asker.Close()
				_ = asker.SetDeadline(time.Now().Add(ask.Patience))
				if line, err := bufio.NewReader(io.LimitReader(asker, 1<<14)).ReadString('\n'); err == nil {
					s.answer(asker, strings.TrimSuffix(line, "\n"))
				}
			}()
		}
	}()
	return nil
}

func (s *server) answer(asker *net.UnixConn, question string) {
	if question == ask.Connected {
		names := slices.Sorted(maps.Keys(s.sessions.connected()))
		_, _ = io.WriteString(asker, strings.Join(names, "\n")+"\n")
		return
	}
	key, isOpen := strings.CutPrefix(question, ask.Open+" ")
	if !isOpen {
		return
	}
	c, err := s.connectionOf(asker)
	if err == nil {
		err = s.openSession(c, key)
	}
	if err == nil {
		_, _ = io.WriteString(asker, ask.Yes+"\n")
		return
	}
	_, _ = io.WriteString(asker, err.Error()+"\n")
	if c != nil {
		// Without a session sshd would keep the connection, with nothing that it may do.
		c.end(s.processes, err.Error())
	}
}

// connectionOf finds the connection whose sshd asks. Nothing that the asker says counts for it: the kernel knows which
// process asks, and whose child that is.
func (s *server) connectionOf(asker *net.UnixConn) (*connection, error) {
	raw, err := asker.SyscallConn()
	if err != nil {
		return nil, err
	}
	var peer *unix.Ucred
	var failure error
	if err := raw.Control(func(fd uintptr) {
		peer, failure = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return nil, err
	}
	if failure != nil {
		return nil, failure
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(int(peer.Pid)), "stat"))
	if err != nil {
		return nil, err
	}
	parent, err := parentIn(string(stat))
	if err != nil {
		return nil, err
	}
	group, err := syscall.Getpgid(parent)
	if err != nil {
		return nil, err
	}
	if c := s.door.claim(group); c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("no sshd of ours asks")
}

// parentIn reads the parent's number from a process's stat file; its second field, the name, may hold anything.
func parentIn(stat string) (int, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, fmt.Errorf("found no parent")
	}
	return strconv.Atoi(fields[1])
}
