package main

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"strings"
)

// What octez-signer answers. The signature is no key's.
const (
	signature = `{"signature":"edsigtXomBKi5CTRf5cjATJWSyaRvhfYNHqSUGrn4SdbYRcGwQrUGjzEfQDTuqHhuA8b2d8NarZjz8TRf65WkpQmo423BtomS8Q"}`
	publicKey = `{"public_key":"edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J"}`
)

// signer answers like a signer. In mode stuck it does not answer requests to sign, in mode flood its answers never end, and in
// mode device each signature takes some time.
func signer(words []string) error {
	flags := flag.NewFlagSet("signer", flag.ExitOnError)
	address := flags.String("listen", "127.0.0.1:8442", "where it listens")
	mode := flags.String("mode", "ok", "how it signs: ok, stuck, flood or device")
	each := flags.Duration("each", 0, "how long a device takes for a signature")
	flags.Parse(words)
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	fmt.Println("listening")
	behind := newDevice(*each)
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go answer(conn, *mode, behind)
	}
}

// answer answers the requests of one connection, one after the other.
func answer(conn net.Conn, mode string, behind *device) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		h, err := readHead(r)
		if err != nil {
			return
		}
		var asked string
		if mode == "device" {
			asked, err = takeBody(r, h)
		} else {
			_, err = readBody(r, h)
		}
		if err != nil {
			return
		}
		method, path := h.words[0], h.words[1]
		if method == "POST" && mode == "stuck" {
			// Wait until the client gives up.
			r.Peek(1)
			return
		}
		if method == "POST" && mode == "flood" {
			flood(conn)
			return
		}
		status, body := "200 OK", ""
		isRefused, isOver := false, make(chan struct{})
		if method == "POST" && mode == "device" {
			client := watch(r)
			isRefused, isOver = !behind.sign(path, asked, client.left), client.over
		} else {
			close(isOver)
		}
		switch {
		case method == "GET" && path == "/authorized_keys":
			body = "{}"
		case method == "GET" && path == "/healthz":
			body = `"ok"`
		case method == "GET" && strings.HasPrefix(path, "/keys/"):
			body = publicKey
		case isRefused:
			status = "500 Internal Server Error"
		case method == "POST" && strings.HasPrefix(path, "/keys/"):
			body = signature
		default:
			status = "404 Not Found"
		}
		last := ""
		if h.close {
			last = "Connection: close\r\n"
		}
		const form = "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
		if _, err := fmt.Fprintf(conn, form, status, len(body), last, body); err != nil || h.close {
			return
		}
		<-isOver
	}
}

// flood sends an answer without an end, as fast as the client reads it.
func flood(conn net.Conn) {
	chunk := "10000\r\n" + strings.Repeat("x", 0x10000) + "\r\n"
	_, err := conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"))
	for err == nil {
		_, err = conn.Write([]byte(chunk))
	}
}
