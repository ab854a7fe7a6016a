package sshd

import (
	"bufio"
	"io"
	"os"
	"syscall"
)

// environment is all that sshd gets of our environment. OpenSSL's configuration has nothing for it.
// malloc's cache of freed memory would take 40 KiB of each connection.
var environment = []string{"PATH=/usr/bin:/bin", "OPENSSL_CONF=/dev/null", "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"}

// Serve runs sshd for one connection, and returns when all of its processes are gone. `socket` is the
// connection's descriptor; Serve closes it. `started` gets the process, and then `note` gets each
// event of its log.
func (p *Processes) Serve(program, config string, socket int, started func(*Process), note func(Event)) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		_ = syscall.Close(socket)
		return err
	}
	defer reader.Close()
	words := []string{program, "-i", "-e", "-f", config}
	child, err := p.Start(words, environment, uintptr(socket), uintptr(socket), writer.Fd())
	writer.Close()
	_ = syscall.Close(socket)
	if err != nil {
		return err
	}
	started(child)
	readLines(reader, func(line string) { note(readLogLine(line)) })
	<-child.ended
	p.EndGroup(child.pid)
	return nil
}

// readLines calls `take` with each line, the end of very long lines left out.
func readLines(reader io.Reader, take func(string)) {
	buffered := bufio.NewReaderSize(reader, 1024)
	for {
		line, isPart, err := buffered.ReadLine()
		if err != nil {
			return
		}
		take(string(line))
		for isPart && err == nil {
			_, isPart, err = buffered.ReadLine()
		}
	}
}
