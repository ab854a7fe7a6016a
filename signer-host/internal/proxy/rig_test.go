package proxy

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-host/internal/daemon"
	"remote-signer-cloud/signer-host/internal/device"
	"remote-signer-cloud/signer-host/internal/signed"
)

const (
	key      = "tz1iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK"
	otherKey = "tz1Ke2h7sDdakHJQh8WX4Z372du1KChsksyU"
	blsKey   = "tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm"
)

// rig is a wrapper in front of a daemon.
type rig struct {
	device *device.Device
	proxy  *Proxy
	server *httptest.Server
	url    string
}

// newRig serves a wrapper in front of a daemon that is at a URL.
func newRig(t testing.TB, daemonURL string, answer time.Duration) *rig {
	t.Helper()
	address, err := url.Parse(daemonURL)
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	r := &rig{device: device.New(answer)}
	r.proxy = New(daemon.New(address), r.device, signed.New(registry), Options{
		Patience: time.Minute,
		Healthz:  promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Marks:    func(string) map[payload.Kind]daemon.Mark { return nil },
	})
	r.server = httptest.NewUnstartedServer(nil)
	r.server.Listener = Limit(r.server.Listener)
	r.server.Config = r.proxy.NewServer()
	r.server.Start()
	t.Cleanup(r.server.Close)
	r.url = r.server.URL
	return r
}

// serveDaemon serves a daemon.
func serveDaemon(t testing.TB, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// vote is the body of a request for the signature of an attestation, or another kind.
func vote(kind payload.Kind, level, round int32) string {
	bytes := make([]byte, 60)
	if kind == payload.Block {
		bytes = make([]byte, 130)
		binary.BigEndian.PutUint32(bytes[5:], uint32(level))
		binary.BigEndian.PutUint32(bytes[83:], 36)
		binary.BigEndian.PutUint32(bytes[119:], uint32(round))
	} else {
		binary.BigEndian.PutUint32(bytes[40:], uint32(level))
		binary.BigEndian.PutUint32(bytes[44:], uint32(round))
	}
	bytes[0] = byte(kind)
	return `"` + hex.EncodeToString(bytes) + "\"\n"
}

// answer is what a client got.
type answer struct {
	status      int
	contentType string
	body        string
}

func post(client *http.Client, url, body string) (answer, error) {
	response, err := client.Post(url, "application/json", strings.NewReader(body))
	return read(response, err)
}

func get(url string) (answer, error) {
	response, err := http.Get(url)
	return read(response, err)
}

func read(response *http.Response, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header.Get("content-type"), string(body)}, err
}

// octez stands for octez-signer without its own watermark, and a hardware device behind it. The device
// signs for one request after the other, each level and kind of a key once, and goes on with what it has
// begun. The daemon cancels a request when its client closes, as the real one does.
type octez struct {
	takes time.Duration

	device sync.Mutex // held while the device signs

	// mu guards the fields below.
	mu    sync.Mutex
	marks map[string]int32
	asked int
}

func newOctez(takes time.Duration) *octez { return &octez{takes: takes, marks: map[string]int32{}} }

func (o *octez) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		fmt.Fprintln(w, "{}")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	o.mu.Lock()
	o.asked++
	o.mu.Unlock()
	signed := make(chan bool, 1)
	go func() {
		o.device.Lock()
		defer o.device.Unlock()
		// What was cancelled before its turn never reaches the device.
		if r.Context().Err() == nil {
			signed <- o.sign(r.URL.Path, string(body))
		}
	}()
	select {
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case isSigned := <-signed:
		if !isSigned {
			http.Error(w, `[{"kind":"temporary","id":"failure"}]`, http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "{\"signature\":\"sig of %s\"}\n", body[1:20])
	}
}

func (o *octez) sign(path, body string) bool {
	what, ok := consensus([]byte(body), strings.TrimPrefix(path, "/keys/"))
	if !ok {
		return false
	}
	place := fmt.Sprint(path, what.Kind)
	o.mu.Lock()
	mark, isMarked := o.marks[place]
	o.mu.Unlock()
	if isMarked && what.Level <= mark {
		return false
	}
	time.Sleep(o.takes)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.marks[place] = what.Level
	return true
}

// tunnel leads to an address, and can be cut.
type tunnel struct {
	listener net.Listener

	// mu guards the field below.
	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newTunnel(t testing.TB, to string) *tunnel {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &tunnel{listener: listener, conns: map[net.Conn]bool{}}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			n.mu.Lock()
			n.conns[near], n.conns[far] = true, true
			n.mu.Unlock()
			go relay(near, far)
			go relay(far, near)
		}
	}()
	t.Cleanup(func() { listener.Close(); n.cut() })
	return n
}

func relay(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}

// cut ends all that goes through the tunnel. A new connection goes through again.
func (n *tunnel) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for conn := range n.conns {
		conn.Close()
		delete(n.conns, conn)
	}
}

// listenAt starts a server at an address that was just in use.
func listenAt(server *httptest.Server, address string) bool {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	return true
}
