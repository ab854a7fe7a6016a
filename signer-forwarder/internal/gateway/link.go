package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/internal/once"
	"remote-signer-cloud/signer-forwarder/internal/http1"
	"remote-signer-cloud/signer-forwarder/internal/socket"
)

// link is a connection through a tunnel. It is kept, and used again by whoever comes next: opening one
// takes a round trip of its own.
type link struct {
	session uint64 // the tunnel's
	conn    *net.TCPConn
	reader  *bufio.Reader
	// isUsed says that an answer has come through it before. One that breaks may have broken long ago.
	isUsed bool
}

// dialer dials the tunnels' ends, which are on 127.0.0.1. It does so from another address of loopback:
// the port that a kept connection has at our end may be another signer's, whose sshd could not open it
// then.
var dialer = net.Dialer{Timeout: 100 * time.Millisecond, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}

func dial(session uint64, port int) (*link, error) {
	conn, err := dialer.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	return &link{session: session, conn: conn.(*net.TCPConn), reader: bufio.NewReaderSize(conn, http1.MaxHead)}, nil
}

func (l *link) close() { _ = l.conn.Close() }

// isAlive reports whether the other end still holds the link, and has said nothing that nobody asked for.
func (l *link) isAlive() bool {
	_, err := socket.Peek(l.conn)
	return err == unix.EAGAIN
}

// answer is a signer's answer.
type answer struct {
	status      int
	contentType string
	body        []byte
	// joins says that the signer's host joins requests for the same bytes into one signature.
	joins bool
	// cause is why a gateway has no better answer, in its words. Only a router is told.
	cause string
}

var (
	// errLost says that a link ended before a byte of an answer came.
	errLost = errors.New("closed without an answer")
	// errUnreadable says that an answer is none that a signer gives.
	errUnreadable = errors.New("an unreadable answer")
	// errTimeout says that an answer was waited for long enough.
	errTimeout = errors.New("no answer in time")
)

// readTimeout is how long an answer may take from its first byte to its last. A lost packet comes again
// after some round trips of the link.
const readTimeout = 5 * time.Second

// patience tells how long the first byte of an answer is waited for.
type patience interface {
	// until returns when to look next. Zero: it was waited for long enough.
	until(now time.Time) time.Time
}

// limit is a patience that ends at a time.
type limit time.Time

func (l limit) until(now time.Time) time.Time {
	if !now.Before(time.Time(l)) {
		return time.Time{}
	}
	return time.Time(l)
}

// exchange sends a request and waits for its answer, of at most so many bytes. isOpen says that the link
// can be used again.
func (l *link) exchange(request []byte, method string, wait patience, most int) (a answer, isOpen bool, err error) {
	began := time.Now()
	_ = l.conn.SetWriteDeadline(began.Add(readTimeout))
	if _, err := l.conn.Write(request); err != nil {
		return a, false, fmt.Errorf("%w: %v", errLost, err)
	}
	if err := l.awaitByte(wait); err != nil {
		return a, false, err
	}
	// An answer that begins at once and goes on slowly has no longer than one that begins late.
	_ = l.conn.SetReadDeadline(time.Now().Add(readTimeout - min(time.Since(began), readTimeout/2)))
	response, err := http1.ReadResponse(l.reader, &http.Request{Method: method})
	for err == nil && response.StatusCode < 200 {
		response, err = http1.ReadResponse(l.reader, &http.Request{Method: method})
	}
	if err != nil {
		return a, false, unreadable(err)
	}
	body, err := http1.ReadBody(response.Body, response.ContentLength, most)
	if err != nil {
		return a, false, unreadable(err)
	}
	if response.Header.Get("content-encoding") == "gzip" {
		if body, err = http1.Unzip(body, most); err != nil {
			return a, false, unreadable(err)
		}
	}
	l.isUsed = true
	a = answer{
		status: response.StatusCode, contentType: response.Header.Get("content-type"), body: body,
		joins: response.Header.Get(once.Header) == once.Joins, cause: response.Header.Get(causeHeader),
	}
	return a, !response.Close && l.reader.Buffered() == 0, nil
}

func unreadable(err error) error {
	if http1.IsTimeout(err) {
		return errTimeout
	}
	return fmt.Errorf("%w: %v", errUnreadable, err)
}

// awaitByte waits for the first byte of an answer.
func (l *link) awaitByte(wait patience) error {
	for {
		until := wait.until(time.Now())
		if until.IsZero() {
			return errTimeout
		}
		_ = l.conn.SetReadDeadline(until)
		_, err := l.reader.Peek(1)
		switch {
		case err == nil:
			return nil
		case !http1.IsTimeout(err):
			return fmt.Errorf("%w: %v", errLost, err)
		}
	}
}
