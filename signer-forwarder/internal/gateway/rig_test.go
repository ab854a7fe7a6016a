package gateway

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/guard"
)

const (
	alice = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6"
	// podAddress stands for the pod's. Tunnels end on another one, 127.0.0.1.
	podAddress = "127.0.0.3"
)

// device is a signer's host at the end of a tunnel: it answers as its function does, and counts.
type device struct {
	t      testing.TB
	port   int
	answer atomic.Pointer[http.HandlerFunc]
	greets atomic.Pointer[http.HandlerFunc] // answers checks and pages; nil: with an empty object
	asked  atomic.Int32                     // requests for signatures
	checks atomic.Int32
	server *http.Server
}

func signs(response http.ResponseWriter, _ *http.Request) {
	response.Header().Set("content-type", "application/json")
	_, _ = io.WriteString(response, `{"signature":"sig"}`+"\n")
}

func signsAfter(pause time.Duration) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		time.Sleep(pause)
		signs(response, request)
	}
}

func newDevice(t testing.TB) *device {
	t.Helper()
	d := &device{t: t}
	d.answers(signs)
	d.open()
	t.Cleanup(func() { d.server.Close() })
	return d
}

func (d *device) answers(answer http.HandlerFunc) { d.answer.Store(&answer) }

// saysOf answers as the wrapper does whose device can't sign.
func saysOf(state string) http.HandlerFunc {
	return func(response http.ResponseWriter, _ *http.Request) {
		response.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(response, `{"device":%q,"since":"2026-11-28T12:00:00Z"}`, state)
	}
}

// loses has a device that can't sign, in all that its host answers.
func (d *device) loses(state string) {
	says := saysOf(state)
	d.answers(says)
	d.greets.Store(&says)
}

// isFoundLocked has a device that can't sign, which only a request shows, as the wrapper does of a Ledger.
func (d *device) isFoundLocked() {
	d.answers(saysOf("locked"))
	greets := http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		response.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(response, `{"device":"locked","since":"2026-11-28T12:00:00Z","greeting":"{}\n"}`)
	})
	d.greets.Store(&greets)
}

// isBack has it sign again.
func (d *device) isBack() {
	d.greets.Store(nil)
	d.answers(signs)
}

// open opens the tunnel's end, at the port that it had before.
func (d *device) open() {
	d.t.Helper()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", d.port))
	if err != nil {
		d.t.Fatal(err)
	}
	d.port = listener.Addr().(*net.TCPAddr).Port
	d.server = &http.Server{Handler: http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodGet {
			d.checks.Add(1)
			if greets := d.greets.Load(); greets != nil {
				(*greets)(response, request)
				return
			}
			_, _ = io.WriteString(response, "{}\n")
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		d.asked.Add(1)
		(*d.answer.Load())(response, request)
	})}
	go func() { _ = d.server.Serve(listener) }()
}

// rig is a gateway with devices, whose first port's requests may go to all of them.
type rig struct {
	*Gateway
	t       testing.TB
	config  config.Config
	mu      sync.Mutex
	records []Record
}

func newRig(t testing.TB, change func(*config.Signer), devices ...*device) *rig {
	t.Helper()
	marks, _, _, err := guard.Open(filepath.Join(t.TempDir(), "guard"), "")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t}
	r.Gateway = New(podAddress, marks, true, func(record Record) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.records = append(r.records, record)
	})
	for i, d := range devices {
		s := config.Signer{Name: fmt.Sprintf("s%d", i), Port: d.port, Answer: time.Second}
		if i == 0 {
			s.Keys = []config.Key{{Address: alice, BlockTime: time.Second}}
			for j := range devices[1:] {
				s.Fallbacks = append(s.Fallbacks, fmt.Sprintf("s%d", j+1))
			}
		}
		if change != nil {
			change(&s)
		}
		r.config.Signers = append(r.config.Signers, s)
	}
	if err := r.Configure(r.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Configure(config.Config{}) })
	for _, s := range r.config.Signers {
		r.SessionOpens(s.Name)
		r.until("it answers", func() bool { return r.States()[s.Name].Greeted })
	}
	return r
}

func (r *rig) until(what string, holds func() bool) {
	r.t.Helper()
	for end := time.Now().Add(8 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("%s: not within 8 s: %+v", what, r.States())
		}
	}
}

// written returns what was written down so far.
func (r *rig) written() []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records)
}

// vote returns the body of a request for an attestation.
func vote(level, round int32, filler byte) string {
	bytes := make([]byte, 80)
	bytes[0], bytes[60] = byte(payload.Attestation), filler
	binary.BigEndian.PutUint32(bytes[40:], uint32(level))
	binary.BigEndian.PutUint32(bytes[44:], uint32(round))
	return `"` + hex.EncodeToString(bytes) + `"`
}

type reply struct {
	status int
	text   string
	took   time.Duration
}

// sign asks for a signature on a new connection, as Octez does.
func (r *rig) sign(body, query string) reply {
	began := time.Now()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	url := fmt.Sprintf("http://%s:%d/keys/%s%s", podAddress, r.config.Signers[0].Port, alice, query)
	response, err := client.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return reply{text: err.Error()}
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return reply{response.StatusCode, string(text), time.Since(began)}
}

func (r *rig) expect(what string, got reply, status int, text string) {
	r.t.Helper()
	if got.status != status || !strings.Contains(got.text, text) {
		r.t.Errorf("%s: got %d %q, want %d %q", what, got.status, got.text, status, text)
	}
}

// silence has a device leave requests unanswered, until it counts as silent.
func (r *rig) silence(d *device) {
	r.t.Helper()
	d.answers(func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	for round := range int32(2) {
		r.expect("a request to it", r.sign(vote(10, round, 1), ""), 502, "did not answer in time")
	}
}
