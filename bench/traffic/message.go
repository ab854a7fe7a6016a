package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// head is what we need of the head of an HTTP message.
type head struct {
	// The three words of the first line.
	words [3]string
	// The body's length; 0 if the head has none, -1 if the body comes in chunks.
	length int
	// Whether the other side closes the connection after this message.
	close bool
}

var errTooLong = errors.New("a line is too long")

// readHead reads a message up to its body.
func readHead(r *bufio.Reader) (head, error) {
	line, err := readLine(r)
	if err != nil {
		return head{}, err
	}
	words := bytes.SplitN(line, []byte(" "), 3)
	if len(words) < 2 {
		return head{}, errors.New("found " + strconv.Quote(string(line)) + ", wanted HTTP")
	}
	h := head{words: [3]string{string(words[0]), string(words[1])}}
	if len(words) == 3 {
		h.words[2] = string(words[2])
	}
	for {
		line, err := readLine(r)
		if err != nil {
			return h, err
		}
		if len(line) == 0 {
			return h, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if h.length, err = strconv.Atoi(string(value)); err != nil {
				return h, err
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			h.length = -1
		case bytes.EqualFold(name, []byte("connection")):
			h.close = bytes.EqualFold(value, []byte("close"))
		}
	}
}

// readBody discards a message's body, and returns its length.
func readBody(r *bufio.Reader, h head) (int, error) {
	return passBody(r, h, func(size int) error {
		_, err := r.Discard(size)
		return err
	})
}

// takeBody returns a message's body.
func takeBody(r *bufio.Reader, h head) (string, error) {
	var body strings.Builder
	_, err := passBody(r, h, func(size int) error {
		_, err := io.CopyN(&body, r, int64(size))
		return err
	})
	return body.String(), err
}

// passBody calls `read` for each piece of a message's body, and returns the body's length.
func passBody(r *bufio.Reader, h head, read func(size int) error) (int, error) {
	if h.length >= 0 {
		return h.length, read(h.length)
	}
	for whole := 0; ; {
		line, err := readLine(r)
		if err != nil {
			return whole, err
		}
		size, err := strconv.ParseInt(string(line), 16, 32)
		if err != nil {
			return whole, err
		}
		if err := read(int(size)); err != nil {
			return whole, err
		}
		if _, err := r.Discard(2); err != nil {
			return whole, err
		}
		whole += int(size)
		if size == 0 {
			return whole, nil
		}
	}
}

// readLine returns a line without its end. It is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return nil, errTooLong
	}
	if err == io.EOF && len(line) > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return bytes.TrimRight(line, "\r\n"), err
}
