package main

import (
	"flag"
	"fmt"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// relay passes connections on like a long link: each byte, and the connection itself, arrives half a round trip later.
//
// It limits nothing else: it buffers whatever is under way.
func relay(words []string) error {
	flags := flag.NewFlagSet("relay", flag.ExitOnError)
	from := flags.String("listen", "127.0.0.1:0", "where it listens")
	to := flags.String("to", "", "where it passes connections on")
	trip := flags.Duration("rtt", 0, "the round trip")
	flags.Parse(words)
	listener, err := net.Listen("tcp", *from)
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go pass(conn, *to, *trip)
	}
}

// pass relays one connection. On a real link the first byte leaves after the handshake, one round trip after the call.
func pass(client net.Conn, to string, trip time.Duration) {
	called := time.Now()
	fromClient, fromServer := make(chan chunk, 1<<16), make(chan chunk, 1<<16)
	go read(client, fromClient, called.Add(trip), trip/2)
	sleepUntil(called.Add(trip / 2))
	server, err := net.Dial("tcp", to)
	if err != nil {
		client.Close()
		return
	}
	go read(server, fromServer, called, trip/2)
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		write(client, fromServer)
	}()
	go func() {
		defer both.Done()
		write(server, fromClient)
	}()
	both.Wait()
	client.Close()
	server.Close()
}

// chunk is some bytes, and when they arrive. No bytes are the connection's end.
type chunk struct {
	due   time.Time
	bytes []byte
}

// read passes on what a connection sends. Nothing leaves before `earliest`, and everything is under way for the time `way`.
func read(conn net.Conn, to chan<- chunk, earliest time.Time, way time.Duration) {
	defer close(to)
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		leaves := time.Now()
		if leaves.Before(earliest) {
			leaves = earliest
		}
		to <- chunk{leaves.Add(way), append([]byte(nil), buffer[:n]...)}
		if err != nil {
			return
		}
	}
}

// write delivers what arrives, and the end of it.
func write(conn net.Conn, from <-chan chunk) {
	// A thread for this alone, whose sleep the kernel does not stretch: Go's timers are up to a millisecond late.
	runtime.LockOSThread()
	const setTimerSlack = 29
	syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, 1, 0)
	for c := range from {
		sleepUntil(c.due)
		if _, err := conn.Write(c.bytes); err != nil {
			// This ends the other direction too, which tells the other side.
			conn.Close()
			break
		}
	}
	conn.(*net.TCPConn).CloseWrite()
	for range from {
	}
}

func sleepUntil(moment time.Time) {
	if left := time.Until(moment); left > 0 {
		span := syscall.NsecToTimespec(left.Nanoseconds())
		syscall.Nanosleep(&span, nil)
	}
}
