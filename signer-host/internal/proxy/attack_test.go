package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
)

// signs checks that the wrapper still gives signatures, and quickly.
func signs(t *testing.T, r *rig, level int32) {
	t.Helper()
	began := time.Now()
	got, err := post(http.DefaultClient, r.url+"/keys/"+key, vote(payload.Attestation, level, 0))
	if err != nil || got.status != http.StatusOK {
		t.Errorf("got %+v, %v", got, err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestBytesThatAreNoHonestRequest(t *testing.T) {
	r := newRig(t, serveDaemon(t, newOctez(0).ServeHTTP), time.Minute)
	head := "POST /keys/" + key + " HTTP/1.1\r\nhost: a\r\n"
	for _, test := range []struct{ name, text, want string }{
		{"a huge head", "GET /authorized_keys HTTP/1.1\r\nhost: a\r\nx: " + strings.Repeat("a", 1<<20), "HTTP/1.1 431"},
		{"a huge target", "GET /" + strings.Repeat("a", 1<<20), "HTTP/1.1 431"},
		{"a huge body", head + "content-length: 1000000000\r\n\r\n" + strings.Repeat("a", 1<<20), "HTTP/1.1 413"},
		{"huge chunks", head + "transfer-encoding: chunked\r\n\r\nffffff\r\n" + strings.Repeat("a", 1<<20), "HTTP/1.1 413"},
		{"two lengths", head + "content-length: 1\r\ncontent-length: 2\r\n\r\naa", "HTTP/1.1 400"},
		{"a length below zero", head + "content-length: -1\r\n\r\n", "HTTP/1.1 400"},
		{"a GET with a body", "GET /authorized_keys HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nPOST ", "HTTP/1.1 400"},
		{"no host", "GET /authorized_keys HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 "},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n\n\n", "HTTP/1.1 400"},
		{"ssh", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400"},
	} {
		if got := raw(t, r.url, test.text); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %.80q, want %s", test.name, got, test.want)
		}
	}
	signs(t, r, 1)
}

func TestSlowClientsEndAndHoldNobodyUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 6 s")
	}
	t.Parallel()
	r := newRig(t, serveDaemon(t, newOctez(0).ServeHTTP), time.Minute)
	address := strings.TrimPrefix(r.url, "http://")
	var ended []chan time.Duration
	for _, text := range []string{
		"",
		"GET /authorized_keys HTTP/1.1\r\nhost: a\r\nx: ",
		"POST /keys/" + key + " HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n\"13",
		"POST /keys/" + key + " HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n64\r\n\"13",
		"GET /authorized_keys HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n",
	} {
		for range 20 {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			end := make(chan time.Duration, 1)
			ended = append(ended, end)
			began := time.Now()
			go func() { _, _ = io.Copy(io.Discard, conn); end <- time.Since(began) }()
			go func() {
				if _, err := io.WriteString(conn, text); err != nil || text == "" {
					return
				}
				for range 100 {
					time.Sleep(200 * time.Millisecond)
					if _, err := io.WriteString(conn, "a"); err != nil {
						return
					}
				}
			}()
		}
	}
	for level := range int32(20) {
		signs(t, r, level+1)
		time.Sleep(10 * time.Millisecond)
	}
	for i, end := range ended {
		select {
		case took := <-end:
			if took > 9*time.Second {
				t.Errorf("%d ended after %s", i, took)
			}
		case <-time.After(15 * time.Second):
			t.Fatalf("%d has not ended", i)
		}
	}
}

func TestAConnectionInNoUseStaysOpen(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 7 s")
	}
	t.Parallel()
	r := newRig(t, serveDaemon(t, newOctez(0).ServeHTTP), time.Minute)
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	reader := bufio.NewReader(conn)
	body := vote(payload.Block, 1, 0)
	for _, text := range []string{
		"GET /authorized_keys HTTP/1.1\r\nhost: a\r\n\r\n",
		fmt.Sprintf("POST /keys/%s HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%s", key, len(body), body),
		"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n",
		"GET /statusz/" + key + " HTTP/1.1\r\nhost: a\r\n\r\n",
	} {
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		got, err := read(http.ReadResponse(reader, nil))
		if err != nil || got.status != http.StatusOK {
			t.Fatalf("%.40q: got %+v, %v", text, got, err)
		}
		if strings.HasPrefix(text, "GET /a") {
			// Longer than any limit.
			time.Sleep(6500 * time.Millisecond)
		}
	}
}

func TestASlowSignatureIsNoSlowClient(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 6 s")
	}
	t.Parallel()
	r := newRig(t, serveDaemon(t, newOctez(6*time.Second).ServeHTTP), time.Minute)
	got, err := post(http.DefaultClient, r.url+"/keys/"+key, vote(payload.Block, 1, 0))
	if err != nil || got.status != http.StatusOK {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAHungDaemonHoldsNoPageUp(t *testing.T) {
	hang := make(chan struct{})
	r := newRig(t, serveDaemon(t, func(http.ResponseWriter, *http.Request) { <-hang }), 20*time.Millisecond)
	defer close(hang)
	for level := range int32(100) {
		go func() { _, _ = post(http.DefaultClient, r.url+"/keys/"+key, vote(payload.Block, level, 0)) }()
	}
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	for range 20 {
		if got, err := get(r.url + "/healthz"); err != nil || got.status != 200 {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got, err := get(r.url + "/authorized_keys"); err != nil || got.status != 503 {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
}
