package http1

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
)

// ErrLarge says that a body is larger than its limit.
var ErrLarge = errors.New("the body is too large")

// ReadBody reads the whole of a body of at most `limit` bytes. `length` is what the head announced, -1
// for chunks. The error is ErrLarge, a time-out of the connection, or it wraps ErrMalformed.
func ReadBody(body io.Reader, length int64, limit int) ([]byte, error) {
	if length > int64(limit) {
		return nil, ErrLarge
	}
	if length >= 0 {
		read := make([]byte, length)
		_, err := io.ReadFull(body, read)
		return read, classify(err)
	}
	var buffer bytes.Buffer
	_, err := io.Copy(&buffer, io.LimitReader(body, int64(limit)+1))
	if err == nil && buffer.Len() > limit {
		err = ErrLarge
	}
	return buffer.Bytes(), classify(err)
}

// Unzip returns what a body compressed by gzip holds, of at most `limit` bytes. The error is ErrLarge, or
// it wraps ErrMalformed.
func Unzip(body []byte, limit int) ([]byte, error) {
	packed, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, classify(err)
	}
	return ReadBody(packed, -1, limit)
}

// classify makes what is not a time-out a malformed text.
func classify(err error) error {
	if err == nil || errors.Is(err, ErrLarge) || IsTimeout(err) {
		return err
	}
	return fmt.Errorf("%w: %v", ErrMalformed, err)
}

// IsTimeout reports whether an error is a connection's time-out.
func IsTimeout(err error) bool {
	var problem net.Error
	return errors.As(err, &problem) && problem.Timeout()
}
