package gateway

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/signer-forwarder/internal/http1"
	"remote-signer-cloud/signer-forwarder/internal/socket"
)

const (
	// requestTimeout is how long a request may take from its first byte to its last, and an answer to be
	// taken.
	requestTimeout = 5 * time.Second
	// idleTimeout is how long a connection without a request is kept. Octez closes its own after each
	// answer.
	idleTimeout = time.Hour
	// lingerTimeout is how long a connection that we close is still read. Without that, the rest of a
	// request would reset it, and the answer could be lost.
	lingerTimeout = 500 * time.Millisecond
	lingerBytes   = 2 << 20
)

// large limits the memory that large bodies take: one at a time is more than a baker sends.
var large = make(chan struct{}, 4)

const largeBody = 64 << 10

// client is a connection of a baker.
type client struct {
	port   *port
	conn   *net.TCPConn
	reader *bufio.Reader

	// mu guards the field below. Nothing else is locked while it is held.
	mu     sync.Mutex
	isBusy bool // a request has begun
}

// endIfIdle closes the connection if it has no request.
func (c *client) endIfIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isBusy {
		c.conn.Close()
	}
}

func (c *client) setBusy(isBusy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isBusy = isBusy
}

// serve answers the connection's requests, one after the other.
func (c *client) serve() {
	for c.port.isOpen() {
		_ = c.conn.SetReadDeadline(time.Now().Add(idleTimeout))
		if _, err := c.reader.Peek(1); err != nil {
			return
		}
		c.setBusy(true)
		if !c.one(time.Now()) {
			return
		}
		c.setBusy(false)
	}
}

// one answers one request. It reports whether the connection goes on.
func (c *client) one(began time.Time) bool {
	_ = c.conn.SetReadDeadline(began.Add(requestTimeout))
	request, err := http1.ReadRequest(c.reader)
	if err != nil {
		c.refuseUnreadable(began, err)
		return false
	}
	r := c.port.route
	if _, isDirect := cutDirect(request.RequestURI); isDirect {
		r = c.port.direct
	}
	a, reason := readHead(request, r.allowed())
	goesOn, isRead := !request.Close && request.ProtoMinor == 1, true
	if reason == "" && a.method == http.MethodPost {
		body, err := c.body(request)
		switch {
		case errors.Is(err, http1.ErrLarge):
			reason, isRead = RefusedSize, false
		case err != nil:
			c.refuseUnreadable(began, err)
			return false
		default:
			reason = a.readBody(body)
		}
	} else if request.ContentLength != 0 {
		isRead = false
	}
	var got result
	if reason != "" {
		got = refused(reason)
	} else {
		got = c.port.gateway.result(r, a)
	}
	goesOn = goesOn && isRead && c.port.isOpen()
	isGone := a.signs && got.status == http.StatusOK && c.isGone()
	if r == c.port.direct {
		got.answer.cause = string(got.cause)
	}
	err = c.write(a.method, got.answer, goesOn)
	if isGone || err != nil {
		got.cause = BakerGone
	}
	c.record(began, a, got)
	if !isRead {
		c.linger()
	}
	return goesOn && err == nil
}

// body reads the body of a request for a signature.
func (c *client) body(request *http.Request) ([]byte, error) {
	most := maxBody
	if request.ContentLength < 0 {
		most = maxChunked
	}
	if request.ContentLength > int64(most) {
		return nil, http1.ErrLarge
	}
	if request.ContentLength > largeBody {
		large <- struct{}{}
		defer func() { <-large }()
	}
	if request.Header.Get("expect") != "" {
		if _, err := io.WriteString(c.conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return nil, err
		}
	}
	return http1.ReadBody(request.Body, request.ContentLength, most)
}

// refuseUnreadable answers what is not HTTP, or does not come to its end.
func (c *client) refuseUnreadable(began time.Time, err error) {
	status := http.StatusBadRequest
	if http1.IsTimeout(err) {
		status = http.StatusRequestTimeout
	}
	got := refused(RefusedMalformed)
	got.status = status
	_ = c.write("", got.answer, false)
	c.record(began, &ask{}, got)
	c.linger()
}

// isGone reports whether the baker has closed its end before its answer.
func (c *client) isGone() bool {
	if c.reader.Buffered() > 0 {
		return false
	}
	// Nothing has come, or the next request: the baker is there.
	count, err := socket.Peek(c.conn)
	return count == 0 && err != unix.EAGAIN
}

// write sends an answer, in one piece.
func (c *client) write(method string, a answer, goesOn bool) error {
	text := make([]byte, 0, 160+len(a.body))
	text = strconv.AppendInt(append(text, "HTTP/1.1 "...), int64(a.status), 10)
	text = append(append(text, ' '), http.StatusText(a.status)...)
	if a.contentType != "" {
		text = append(append(text, "\r\ncontent-type: "...), a.contentType...)
	}
	if a.cause != "" {
		text = append(append(text, "\r\ncause: "...), a.cause...)
	}
	text = strconv.AppendInt(append(text, "\r\ncontent-length: "...), int64(len(a.body)), 10)
	if !goesOn {
		text = append(text, "\r\nconnection: close"...)
	}
	text = append(text, "\r\n\r\n"...)
	if method != http.MethodHead {
		text = append(text, a.body...)
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(requestTimeout))
	_, err := c.conn.Write(text)
	return err
}

// linger ends our side of the connection, and reads on for a moment.
func (c *client) linger() {
	_ = c.conn.CloseWrite()
	_ = c.conn.SetReadDeadline(time.Now().Add(lingerTimeout))
	_, _ = io.CopyN(io.Discard, c.conn, lingerBytes)
}

// record writes a request down.
func (c *client) record(began time.Time, a *ask, got result) {
	r := Record{
		Time: began, Signer: got.signer, Method: a.method, Path: a.path, Key: a.address, Kind: a.kind(),
		Replica: got.replica, Refused: got.refused, Status: got.status, Took: time.Since(began), Cause: got.cause,
	}
	if r.Signer == "" {
		r.Signer = c.port.route.owner
	}
	if a.signs {
		r.Payload = &a.guarded.Payload
	}
	c.port.gateway.record(r)
}
