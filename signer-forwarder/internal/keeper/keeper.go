// Package keeper keeps a program's ports and connections open while the program is started again.
//
// The program runs as the child of a parent that does nothing else. The child hands over each port that it
// opens, and each connection that it accepts. If it is killed or crashes, the parent starts it again, and it
// gets the ports back: who connects meanwhile waits in the kernel. Requests under way are answered with 502 by
// the parent, because that is all that octez-baker repeats (lib_rpc_http/RPC_client_unix.ml): it gives up a request whose
// connection is refused, or ends without an answer.
//
// Parent and child have a pair of sockets between them. The child sends messages. The parent sends one byte for
// each port that it has closed.
package keeper

import (
	"encoding/binary"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// pairFile is the child's end of the pair, and firstPort the first of the ports that it gets back.
	pairFile  = 3
	firstPort = 4
	// portsVariable has the addresses of these ports, crashesVariable how often the child has ended.
	portsVariable   = "KEEPER_PORTS"
	crashesVariable = "KEEPER_CRASHES"
)

// message is what a child says.
type message struct {
	kind kind
	// address is that of a port.
	address string
	// number is that of a connection. No two of a child have the same.
	number uint64
}

type kind byte

const (
	portOpens  kind = 'P' // with its descriptor
	portCloses kind = 'p'
	connOpens  kind = 'C' // with its descriptor
	connEnds   kind = 'c'
)

// maxMessage is more than any message takes.
const maxMessage = 256

func (m message) text() []byte {
	if m.kind == portOpens || m.kind == portCloses {
		return append([]byte{byte(m.kind)}, m.address...)
	}
	return binary.BigEndian.AppendUint64([]byte{byte(m.kind)}, m.number)
}

func parse(text []byte) (m message, isMessage bool) {
	if len(text) == 0 {
		return message{}, false
	}
	m.kind = kind(text[0])
	switch m.kind {
	case portOpens, portCloses:
		m.address = string(text[1:])
	case connOpens, connEnds:
		if len(text) != 9 {
			return message{}, false
		}
		m.number = binary.BigEndian.Uint64(text[1:])
	default:
		return message{}, false
	}
	return m, true
}

// newPair returns the two ends. Each message is received as it was sent.
func newPair() (ours, childs *os.File, err error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(ends[0]), "parent"), os.NewFile(uintptr(ends[1]), "child"), nil
}

// again calls a function until no signal interrupts it.
func again(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}
