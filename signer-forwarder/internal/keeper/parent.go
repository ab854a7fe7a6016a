package keeper

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/internal/logf"
)

// soon is how long a child must have run to be started again. One that ends sooner would do so again and
// again, and then Kubernetes, or systemd, is to see it and to wait longer each time.
var soon = 3 * time.Second

// failed is the code with which a child ends that has said why it can't go on. Go's own, at a panic, is 2.
const failed = 1

// endedAnswer is the answer to a request that was under way.
const endedAnswer = "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain\r\ncontent-length: 48\r\nconnection: close\r\n\r\n" +
	"the program has ended, and is started once more\n"

// parent keeps what its child has handed over.
type parent struct {
	ports map[string]int // descriptors by address
	conns map[uint64]int // descriptors by number
}

// Run runs this program with other arguments, as a child, until it ends by itself or `stop` has told it
// to. It returns the exit code to end with. A child that was killed, or has crashed, is started again.
func Run(arguments []string, stop <-chan os.Signal) int {
	p := &parent{ports: map[string]int{}, conns: map[uint64]int{}}
	for crashes := 0; ; crashes++ {
		began := time.Now()
		ended, isTold, err := p.runChild(arguments, crashes, stop)
		if err != nil {
			logf.Printf("can't start: %v", err)
			return failed
		}
		code := ended.ExitCode()
		if status := ended.Sys().(syscall.WaitStatus); status.Signaled() {
			code = 128 + int(status.Signal())
		}
		ran := time.Since(began)
		if code == 0 || code == failed || isTold {
			return code
		}
		if ran < soon {
			logf.Printf("ended after %s: %s; not started again, as that was too soon", ran.Round(time.Millisecond), ended)
			return code
		}
		logf.Printf("ended after %s: %s; started again, with %d of its ports and 502 for %d connections",
			ran.Round(time.Second), ended, len(p.ports), len(p.conns))
		p.answerAll()
	}
}

// startChild starts a child. It returns the parent's end of the pair.
func (p *parent) startChild(arguments []string, crashes int) (child *exec.Cmd, ours *os.File, err error) {
	ours, childs, err := newPair()
	if err != nil {
		return nil, nil, err
	}
	// The very same program, whatever has become of its file.
	child = &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{os.Args[0]}, arguments...), Stdout: os.Stdout, Stderr: os.Stderr}
	child.ExtraFiles = []*os.File{childs}
	// They are the child's alone: a port that it closes would go on otherwise, and the pair beyond its end.
	defer func() {
		for _, each := range child.ExtraFiles {
			each.Close()
		}
	}()
	var addresses []string
	for address, port := range p.ports {
		// A copy, because a file closes its descriptor.
		copied, err := unix.FcntlInt(uintptr(port), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			ours.Close()
			return nil, nil, os.NewSyscallError("dup", err)
		}
		addresses = append(addresses, address)
		child.ExtraFiles = append(child.ExtraFiles, os.NewFile(uintptr(copied), address))
	}
	child.Env = append(os.Environ(), portsVariable+"="+strings.Join(addresses, " "), fmt.Sprintf("%s=%d", crashesVariable, crashes))
	if err := child.Start(); err != nil {
		ours.Close()
		return nil, nil, err
	}
	return child, ours, nil
}

// runChild runs a child to its end. isTold says that `stop` has told it to end.
func (p *parent) runChild(arguments []string, crashes int, stop <-chan os.Signal) (ended *os.ProcessState, isTold bool, err error) {
	child, ours, err := p.startChild(arguments, crashes)
	if err != nil {
		return nil, false, err
	}
	defer ours.Close()
	isOver := make(chan struct{})
	go func() {
		// To the child's end, as nobody else has its end of the pair.
		p.listen(int(ours.Fd()))
		_ = child.Wait()
		close(isOver)
	}()
	for {
		select {
		case told := <-stop:
			isTold = true
			_ = child.Process.Signal(told)
		case <-isOver:
			return child.ProcessState, isTold, nil
		}
	}
}

// listen takes what the child says, until it ends.
func (p *parent) listen(pair int) {
	text, rights := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4))
	for {
		var count, countRights int
		err := again(func() (err error) {
			count, countRights, _, _, err = unix.Recvmsg(pair, text, rights, unix.MSG_CMSG_CLOEXEC)
			return err
		})
		if err != nil || count == 0 {
			return
		}
		m, isMessage := parse(text[:count])
		descriptor := handed(rights[:countRights])
		if isMessage {
			p.take(m, descriptor)
			if m.kind == portCloses {
				_ = unix.Sendmsg(pair, []byte{byte(portCloses)}, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
			}
		} else if descriptor >= 0 {
			unix.Close(descriptor)
		}
	}
}

// take does what a message says. The descriptor is -1 if it has none.
func (p *parent) take(m message, descriptor int) {
	switch m.kind {
	case portOpens:
		forget(p.ports, m.address)
		if descriptor >= 0 {
			p.ports[m.address] = descriptor
		}
	case portCloses:
		forget(p.ports, m.address)
	case connOpens:
		if descriptor >= 0 {
			p.conns[m.number] = descriptor
		}
	case connEnds:
		forget(p.conns, m.number)
	}
}

// forget closes a descriptor, if there is one.
func forget[K comparable](descriptors map[K]int, key K) {
	if descriptor, isThere := descriptors[key]; isThere {
		unix.Close(descriptor)
		delete(descriptors, key)
	}
}

// handed returns the descriptor that came with a message, or -1.
func handed(rights []byte) int {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(messages) == 0 {
		return -1
	}
	descriptors, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(descriptors) == 0 {
		return -1
	}
	return descriptors[0]
}

// answerAll answers each connection, and ends it. One whose last request was answered already ends with an
// answer too many, which nobody waits for.
func (p *parent) answerAll() {
	for number, descriptor := range p.conns {
		_ = unix.Sendmsg(descriptor, []byte(endedAnswer), nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		_ = unix.Shutdown(descriptor, unix.SHUT_WR)
		// What is left unread would reset the connection, and the answer could be lost.
		rest := make([]byte, 64<<10)
		for {
			count, _, err := unix.Recvfrom(descriptor, rest, unix.MSG_DONTWAIT)
			if err != nil || count == 0 {
				break
			}
		}
		forget(p.conns, number)
	}
}
