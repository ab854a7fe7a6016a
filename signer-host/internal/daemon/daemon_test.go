package daemon

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
)

func at(t *testing.T, address string) *Daemon {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return New(u)
}

func TestARequestArrivesAsItWasGiven(t *testing.T) {
	// Read without a library, to see the bytes.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	got := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		head := make([]byte, 4096)
		n, _ := conn.Read(head)
		got <- string(head[:n])
		_, _ = io.WriteString(conn, "HTTP/1.1 500 x\r\ncontent-length: 2\r\n\r\nno")
	}()
	answer, err := at(t, "http://"+listener.Addr().String()).Sign(context.Background(), Request{
		Method: "POST", Target: "/keys/tz1?version=3&a=%2f;é#?", ContentType: "application/json", Body: []byte("\"13\"\n"),
	})
	if err != nil || answer.Status != 500 || answer.ContentType != "" || string(answer.Body) != "no" {
		t.Errorf("got %+v, %v", answer, err)
	}
	want := "POST /keys/tz1?version=3&a=%2f;é#? HTTP/1.1\r\nHost: " + listener.Addr().String() +
		"\r\nContent-Length: 5\r\nContent-Type: application/json\r\n\r\n\"13\"\n"
	if text := <-got; text != want {
		t.Errorf("got %q, want %q", text, want)
	}
}

func TestConnectionsAreKeptAndNeverAsManyAsOctezSignerHas(t *testing.T) {
	var open, most atomic.Int64
	goOn := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-goOn }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			most.Store(max(most.Load(), open.Add(1)))
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	defer server.Close()
	d := at(t, server.URL)
	var full atomic.Int64
	var all sync.WaitGroup
	ask := func(do func(context.Context, Request) (Answer, error)) {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := do(context.Background(), Request{Method: "POST", Target: "/"}); errors.Is(err, ErrFull) {
				full.Add(1)
			}
		}()
	}
	for range 200 {
		ask(d.Sign)
	}
	for range 30 {
		ask(d.Ask)
	}
	for limit := time.Now().Add(10 * time.Second); open.Load() < maxSignatures+maxQuestions && time.Now().Before(limit); {
		time.Sleep(10 * time.Millisecond)
	}
	close(goOn)
	all.Wait()
	if got := most.Load(); got > maxConnections || got < maxSignatures+maxQuestions {
		t.Errorf("got %d connections, want %d", got, maxSignatures+maxQuestions)
	}
	if got := full.Load(); got != 200-maxSignatures {
		t.Errorf("got %d that were too many, want %d", got, 200-maxSignatures)
	}
	before := most.Load()
	for range 20 {
		ask(d.Sign)
	}
	all.Wait()
	if got := most.Load(); got != before {
		t.Errorf("got %d connections, want those of before, %d", got, before)
	}
}

func TestAQuestionDoesNotWaitForSignatures(t *testing.T) {
	goOn := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			<-goOn
		}
	}))
	defer server.Close()
	defer close(goOn)
	d := at(t, server.URL)
	for range 2 * maxSignatures {
		go func() { _, _ = d.Sign(context.Background(), Request{Method: "POST", Target: "/"}) }()
	}
	time.Sleep(50 * time.Millisecond)
	began := time.Now()
	if _, err := d.Ask(context.Background(), Request{Method: "GET", Target: "/authorized_keys"}); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > questionTime/2 {
		t.Errorf("took %s", took)
	}
}

// closesKept answers the first request of a connection, and closes it at the next one, as a daemon does
// that is started anew or that is tired of it.
func closesKept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			reader := bufio.NewReader(conn)
			if request, err := http.ReadRequest(reader); err == nil {
				_, _ = io.Copy(io.Discard, request.Body)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
				_, _ = reader.ReadByte()
			}
		}()
	}
}

func TestAKeptConnectionThatEndsCostsNoSignature(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go closesKept(listener)
	d := at(t, "http://"+listener.Addr().String())
	for i := range 20 {
		if _, err := d.Sign(context.Background(), Request{Method: "POST", Target: "/", Body: []byte("x")}); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestAnAnswerIsLimited(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, maxAnswer+1))
	}))
	defer server.Close()
	if _, err := at(t, server.URL).Ask(context.Background(), Request{Method: "GET", Target: "/"}); err == nil {
		t.Error("want an error")
	}
}

// watched returns what Watch tells.
func watched(t *testing.T, d *Daemon) <-chan Health {
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	told := make(chan Health, 100)
	go d.Watch(ctx, func(h Health) { told <- h })
	return told
}

func TestADaemonThatIsStartedAnewIsNotGone(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	told := watched(t, at(t, server.URL))
	if got := <-told; got != (Health{IsUp: true}) {
		t.Errorf("got %+v", got)
	}
	server.Close()
	if got := <-told; got != (Health{}) {
		t.Errorf("got %+v, want it down and not gone", got)
	}
	began := time.Now()
	for got := range told {
		if got.IsUp {
			t.Fatal("it is down")
		}
		if got.IsGone {
			break
		}
	}
	if took := time.Since(began); took < graceTime-lookInterval || took > graceTime+2*lookInterval {
		t.Errorf("gone after %s, want %s", took, graceTime)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip("the port was taken meanwhile")
	}
	back := &http.Server{Handler: http.NotFoundHandler()}
	go func() { _ = back.Serve(listener) }()
	defer back.Close()
	for got := range told {
		if got.IsUp {
			break
		}
	}
}

func TestADaemonThatHangsIsGoneOnceSomebodyHasAskedIt(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer server.Close()
	d := at(t, server.URL)
	told := watched(t, d)
	if got := <-told; !got.IsUp {
		t.Errorf("got %+v", got)
	}
	if _, err := d.Ask(context.Background(), Request{Method: "GET", Target: "/authorized_keys"}); err == nil {
		t.Error("want an error")
	}
	for began := time.Now(); ; {
		if got := <-told; got.IsGone {
			break
		}
		if time.Since(began) > 2*questionTime {
			t.Fatal("it is not gone")
		}
	}
	close(hang)
	for !(<-told).IsUp {
	}
}

func TestReadVersion(t *testing.T) {
	for text, want := range map[string]string{
		"Octez 25.1 (04d849eb)\n":      "25.1",
		"Octez 25.0~rc1 (build: x)\n":  "25.0~rc1",
		"04d849eb (2026-07-20) (25.1)": "25.1",
		"Octez 26.0+dev (12345678)":    "26.0+dev",
		"":                             "",
		"none":                         "",
	} {
		if got := readVersion(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestOctezMarks(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		// As octez-signer 25.1 writes it.
		"block_high_watermarks": `{ "NetXdQprcVkpaWU":
  { "tz1iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK":
      { "level": 109, "round": 1, "hash": "ab", "signature": "sigx" }, "tz1other": { "level": 900, "hash": "ab" } },
  "NetXothErChain1": { "tz1iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK": { "level": 7, "hash": "ab" } } }`,
		"attestation_high_watermarks": `{ garbage`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := OctezMarks(folder, "tz1iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK")
	if want := map[payload.Kind]Mark{payload.Block: {109, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
