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
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/guard"
	"remote-signer-cloud/signer-forwarder/internal/payload"
)

const (
	alice = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6"
	// podAddress stands for the pod's. Tunnels end on another one, 127.0.0.1.
	podAddress = "127.0.0.3"
)

// device is a signer's host at the end of a tunnel: it answers as its function does, and counts.
type device struct {
	t      *testing.T
	port   int
	answer atomic.Pointer[http.HandlerFunc]
	asked  atomic.Int32 // requests for signatures
	checks atomic.Int32
	server *http.Server
}

func signs(response http.ResponseWriter, _ *http.Request) {
	response.Header().Set("content-type", "application/json")
	_, _ = io.WriteString(response, `{"signature":"sig"}`+"\n")
}

func newDevice(t *testing.T) *device {
	t.Helper()
	d := &device{t: t}
	d.answers(signs)
	d.open()
	t.Cleanup(func() { d.server.Close() })
	return d
}

func (d *device) answers(answer http.HandlerFunc) { d.answer.Store(&answer) }

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
	t       *testing.T
	config  config.Config
	mu      sync.Mutex
	records []Record
}

func newRig(t *testing.T, change func(*config.Signer), devices ...*device) *rig {
	t.Helper()
	marks, _, _, err := guard.Open(filepath.Join(t.TempDir(), "guard"))
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

func TestTheSameBytesAreAskedForOnce(t *testing.T) {
	d := newDevice(t)
	d.answers(func(response http.ResponseWriter, request *http.Request) {
		time.Sleep(300 * time.Millisecond)
		signs(response, request)
	})
	r := newRig(t, nil, d)
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			r.expect("at once", r.sign(vote(10, 0, 1), "?version=3"), 200, `"sig"`)
		}()
	}
	all.Wait()
	r.expect("later", r.sign(vote(10, 0, 1), "?version=3"), 200, `"sig"`)
	if got := d.asked.Load(); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
	// Another version of the answer is asked for, although the bytes are the same: the guard lets them pass.
	r.expect("another version", r.sign(vote(10, 0, 1), "?version=2"), 200, `"sig"`)
	if got := d.asked.Load(); got != 2 {
		t.Errorf("asked %d times, want twice", got)
	}
}

func TestTheGuardStandsAboveAllDevices(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	r.expect("the first", r.sign(vote(10, 1, 1), ""), 200, "sig")
	first.server.Close()
	r.SessionEnds("s0", 1)
	time.Sleep(downAfter)
	r.until("the other is asked", func() bool { return r.sign(vote(10, 1, 1), "?x").status == 200 })
	if second.asked.Load() != 1 {
		t.Errorf("the other was asked %d times", second.asked.Load())
	}
	for _, body := range []string{vote(10, 1, 2), vote(10, 0, 1), vote(9, 1, 1)} {
		r.expect("below the mark", r.sign(body, ""), 403, "Refused: watermark")
	}
	r.expect("a level that is ahead", r.sign(vote(2_000_000_000, 0, 1), ""), 403, "Refused: ahead")
	r.expect("the next one", r.sign(vote(11, 0, 1), ""), 200, "sig")
	if first.asked.Load() != 1 || second.asked.Load() != 2 {
		t.Errorf("asked %d and %d times, want 1 and 2", first.asked.Load(), second.asked.Load())
	}
	// A request is written down once it is answered.
	r.until("all are written down", func() bool { return len(r.written()) == 7 })
	records := r.written()
	ahead := slices.IndexFunc(records, func(record Record) bool { return record.Refused == RefusedAhead })
	line := string(records[ahead].AppendJSON(nil))
	if want := `"refused":"ahead","method":"POST","path":"/keys/` + alice + `","key":"` + alice +
		`","kind":"attestation","level":2000000000,"round":0,"status":403,`; !strings.Contains(line, want) {
		t.Errorf("got the line %s, want %s in it", line, want)
	}
}

func TestAnotherChainsBytesAreRefused(t *testing.T) {
	d := newDevice(t)
	mainnet, err := payload.ParseChain("NetXdQprcVkpaWU")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(s *config.Signer) { s.Keys[0].Chain = &mainnet }, d)
	r.expect("another chain", r.sign(vote(10, 0, 1), ""), 403, "Refused: chain")
	own := strings.Replace(vote(10, 0, 1), `"1300000000`, `"137a06a770`, 1)
	r.expect("its own", r.sign(own, ""), 200, "sig")
}

func TestARequestIsKeptWhenItsBakerIsGone(t *testing.T) {
	d := newDevice(t)
	d.answers(func(response http.ResponseWriter, request *http.Request) {
		time.Sleep(500 * time.Millisecond)
		signs(response, request)
	})
	r := newRig(t, nil, d)
	conn, err := net.Dial("tcp", net.JoinHostPort(podAddress, strconv.Itoa(d.port)))
	if err != nil {
		t.Fatal(err)
	}
	body := vote(10, 0, 1)
	fmt.Fprintf(conn, "POST /keys/%s HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%s", alice, len(body), body)
	r.until("it is asked", func() bool { return d.asked.Load() == 1 })
	conn.Close()
	got := r.sign(body, "")
	r.expect("the next try", got, 200, "sig")
	if d.asked.Load() != 1 {
		t.Errorf("asked %d times, want once", d.asked.Load())
	}
	r.until("both are written down", func() bool { return len(r.written()) == 2 })
	causes := map[Cause]int{}
	for _, record := range r.written() {
		causes[record.Cause]++
	}
	if causes[BakerGone] != 1 || causes[""] != 1 {
		t.Errorf("got the causes %v", causes)
	}
}

func TestARequestIsSentAgainWhenItsSignerIsBack(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	d.answers(func(http.ResponseWriter, *http.Request) {
		d.answers(signs)
		go func() {
			d.server.Close()
			r.SessionEnds("s0", 1)
			time.Sleep(400 * time.Millisecond)
			r.SessionOpens("s0")
			time.Sleep(50 * time.Millisecond)
			d.open()
		}()
		time.Sleep(10 * time.Second)
	})
	got := r.sign(vote(10, 0, 1), "")
	r.expect("a request whose tunnel ends", got, 200, "sig")
	if d.asked.Load() != 2 || got.took > time.Second {
		t.Errorf("asked %d times, took %s", d.asked.Load(), got.took)
	}
}

func TestADeviceThatAnswersOthersIsWaitedFor(t *testing.T) {
	d := newDevice(t)
	var device sync.Mutex
	d.answers(func(response http.ResponseWriter, request *http.Request) {
		// One key after the other, each almost as long as a signer may be silent.
		device.Lock()
		defer device.Unlock()
		time.Sleep(800 * time.Millisecond)
		signs(response, request)
	})
	keys := []string{"", "tz1BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx", "tz2BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx", "tz3BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx"}
	newRig(t, func(s *config.Signer) {
		for _, key := range keys[1:] {
			s.Keys = append(s.Keys, config.Key{Address: key, BlockTime: time.Second})
		}
	}, d)
	keys[0] = alice
	var all sync.WaitGroup
	for _, key := range keys {
		all.Add(1)
		go func() {
			defer all.Done()
			url := fmt.Sprintf("http://%s:%d/keys/%s", podAddress, d.port, key)
			response, err := http.Post(url, "application/json", strings.NewReader(vote(10, 0, 1)))
			if err != nil || response.StatusCode != 200 {
				t.Errorf("%s: got %+v, %v", key, response, err)
			}
		}()
	}
	all.Wait()
	if d.asked.Load() != 4 {
		t.Errorf("asked %d times, want 4", d.asked.Load())
	}
}

func TestADeviceThatIsSilentTwiceLosesItsTurn(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	first.answers(func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	for round := range int32(2) {
		r.expect("a request to it", r.sign(vote(10, round, 1), ""), 502, "did not answer in time")
	}
	if state := r.States()["s0"]; state.Ready || !state.Answers {
		t.Errorf("got %+v, want it answering and not ready", state)
	}
	r.expect("the same bytes", r.sign(vote(10, 1, 1), ""), 200, "sig")
	if second.asked.Load() != 1 {
		t.Errorf("the other was asked %d times, want once", second.asked.Load())
	}
}

func TestASilentDeviceIsAskedByOneRequestAtATime(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	d.answers(func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	for round := range int32(2) {
		r.sign(vote(10, round, 1), "")
	}
	var all sync.WaitGroup
	var refused atomic.Int32
	for i := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			if got := r.sign(vote(10, 10, 1), fmt.Sprintf("?version=%d", i)); strings.Contains(got.text, "device can't sign: silent") {
				refused.Add(1)
			}
		}()
	}
	all.Wait()
	if refused.Load() != 3 || d.asked.Load() != 3 {
		t.Errorf("refused %d, asked %d, want 3 and 3", refused.Load(), d.asked.Load())
	}
	d.answers(signs)
	r.expect("the one that is let through", r.sign(vote(11, 0, 1), ""), 200, "sig")
	if !r.States()["s0"].Ready {
		t.Error("it is not ready after an answer")
	}
}

func TestWithoutMemoryOnlyTheFirstDeviceIsAsked(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	r.othersFrom = time.Now().Add(time.Hour)
	r.SessionEnds("s0", 1)
	first.server.Close()
	time.Sleep(downAfter + 100*time.Millisecond)
	r.expect("without its first device", r.sign(vote(10, 0, 1), ""), 502, "no tunnel")
	r.othersFrom = time.Now()
	r.expect("later", r.sign(vote(10, 0, 1), ""), 200, "sig")
}

func TestALinkThatEndsIsNoticedWithoutARequest(t *testing.T) {
	d := newDevice(t)
	r := newRig(t, nil, d)
	d.server.Close()
	began := time.Now()
	r.until("it is down", func() bool { return !r.States()["s0"].Answers })
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("took %s", took)
	}
	d.open()
	r.until("it answers again", func() bool { return r.States()["s0"].Answers })
}

func TestASignerThatAnswersIsAskedSeldom(t *testing.T) {
	d := newDevice(t)
	newRig(t, nil, d)
	before := d.checks.Load()
	time.Sleep(3 * time.Second)
	if got := d.checks.Load() - before; got != 0 {
		t.Errorf("asked %d times in 3 s, want once in %s", got, checkInterval)
	}
}

func TestAChangedConfiguration(t *testing.T) {
	d, other := newDevice(t), newDevice(t)
	r := newRig(t, nil, d)
	busy, err := net.Listen("tcp", podAddress+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	changed := r.config
	changed.Signers = append(changed.Signers, config.Signer{Name: "busy", Port: busy.Addr().(*net.TCPAddr).Port, Answer: time.Second})
	if err := r.Configure(changed); err == nil || !strings.Contains(err.Error(), "busy: can't open its port") {
		t.Errorf("got %v", err)
	}
	r.expect("with a port that is not free", r.sign(vote(10, 0, 1), ""), 200, "sig")
	busy.Close()
	if err := r.OpenPorts(); err != nil {
		t.Errorf("once it is free: %v", err)
	}
	moved := config.Config{Signers: []config.Signer{r.config.Signers[0]}}
	moved.Signers[0].Port = other.port
	if err := r.Configure(moved); err != nil {
		t.Fatal(err)
	}
	r.expect("at the old port", r.sign(vote(11, 0, 1), ""), 0, "refused")
	r.config = moved
	r.expect("at the new one", r.sign(vote(11, 0, 1), ""), 200, "sig")
	if other.asked.Load() != 1 {
		t.Errorf("asked %d times", other.asked.Load())
	}
}

func TestADeviceThatIsTakenOutOfTheListIsWaitedFor(t *testing.T) {
	first, second := newDevice(t), newDevice(t)
	r := newRig(t, nil, first, second)
	first.answers(func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	for round := range int32(2) {
		r.sign(vote(10, round, 1), "")
	}
	first.answers(signs)
	second.answers(func(response http.ResponseWriter, request *http.Request) {
		time.Sleep(600 * time.Millisecond)
		signs(response, request)
	})
	slow := make(chan reply)
	go func() { slow <- r.sign(vote(11, 0, 1), "") }()
	r.until("the second is asked", func() bool { return second.asked.Load() == 1 })
	r.SessionOpens("s0")
	alone := config.Config{Signers: slices.Clone(r.config.Signers)}
	alone.Signers[0].Fallbacks = nil
	if err := r.Configure(alone); err != nil {
		t.Fatal(err)
	}
	r.expect("while the second is at work", r.sign(vote(12, 0, 1), ""), 502, "no tunnel")
	r.expect("the second's", <-slow, 200, "sig")
	r.expect("then", r.sign(vote(12, 0, 1), ""), 200, "sig")
	if first.asked.Load() != 3 {
		t.Errorf("the first was asked %d times, want 3", first.asked.Load())
	}
}

// FuzzReadBody looks for a body that is passed on although it is not what was read of it.
func FuzzReadBody(f *testing.F) {
	f.Add([]byte(vote(10, 0, 1)))
	f.Add([]byte(`"11"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a := &ask{address: alice, key: config.Key{BlockTime: time.Second}}
		if a.readBody(body) != "" {
			return
		}
		text := strings.ToLower(strings.TrimRight(string(body), " \t\r\n"))
		signed, err := hex.DecodeString(strings.Trim(text, `"`))
		if err != nil || text != `"`+hex.EncodeToString(signed)+`"` {
			t.Fatalf("accepted %q", body)
		}
		if p, err := payload.Read(signed, false); err != nil || p != a.guarded.Payload {
			t.Fatalf("read %+v, %v of %q", p, err, body)
		}
	})
}
