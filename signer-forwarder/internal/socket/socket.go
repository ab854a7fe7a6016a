// Package socket does with sockets what package net does not.
package socket

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Control calls a function with a socket's descriptor.
func Control(raw syscall.RawConn, call func(fd int) error) error {
	var failure error
	if err := raw.Control(func(fd uintptr) { failure = call(int(fd)) }); err != nil {
		return err
	}
	return failure
}

// Peek reports how many bytes wait in a connection, at most one, without taking or waiting for any. None
// without an error: the other end has closed. The error is unix.EAGAIN if nothing has come.
func Peek(conn syscall.Conn) (count int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	err = Control(raw, func(fd int) (err error) {
		var one [1]byte
		count, _, err = unix.Recvfrom(fd, one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return err
	})
	return max(0, count), err
}
