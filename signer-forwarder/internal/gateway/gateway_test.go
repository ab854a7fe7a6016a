package gateway

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/guard"
)

func TestTheSameBytesAreAskedForOnce(t *testing.T) {
	d := newDevice(t)
	d.answers(signsAfter(300 * time.Millisecond))
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
	ahead := slices.IndexFunc(records, func(record Record) bool { return record.Refused == Refusal(guard.Ahead) })
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
	d.answers(signsAfter(500 * time.Millisecond))
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
