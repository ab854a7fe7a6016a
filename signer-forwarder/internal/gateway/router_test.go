package gateway

import (
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

	"remote-signer-cloud/internal/once"
	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/guard"
)

// twoReplicas is a router with two replicas of the forwarder, each of which has a tunnel of each device. A
// device is one program with an end at each replica, as a signer's host is.
type twoReplicas struct {
	*Router
	t        testing.TB
	config   config.Router
	replicas [2]*replica
	hosts    []*host
	hedges   atomic.Int32
	mu       sync.Mutex
	records  []Record
}

// replica is one replica: a gateway at an address of its own, whose tunnels end on 127.0.0.1. Between it
// and the router is a relay that can fall silent.
type replica struct {
	*Gateway
	address string
}

// host is a signer's host. It joins the same bytes into one signature, as the wrapper does.
type host struct {
	*device
	joins  bool
	mu     sync.Mutex
	bytes  map[string]chan struct{} // closed when they are signed
	signed []string                 // each time that the device itself was asked
	pause  time.Duration
}

func newHost(t testing.TB) *host {
	h := &host{device: newDevice(t), joins: true, bytes: map[string]chan struct{}{}}
	greets := http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		h.say(response)
		_, _ = io.WriteString(response, "{}\n")
	})
	h.greets.Store(&greets)
	h.answers(h.sign)
	return h
}

func (h *host) say(response http.ResponseWriter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.joins {
		response.Header().Set(once.Header, once.Joins)
	}
}

func (h *host) sign(response http.ResponseWriter, request *http.Request) {
	h.say(response)
	h.mu.Lock()
	question := request.RequestURI
	under, isJoined := h.bytes[question]
	if !isJoined || !h.joins {
		under = make(chan struct{})
		h.bytes[question] = under
		h.signed = append(h.signed, question)
		time.AfterFunc(h.pause, func() { close(under) })
	}
	h.mu.Unlock()
	<-under
	signs(response, request)
}

func (h *host) times() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.signed)
}

func (h *host) set(pause time.Duration, joins bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pause, h.joins = pause, joins
}

var lastAddress atomic.Int32

// newTwo starts a router with two replicas and some hosts, whose first signer's keys all of them hold.
func newTwo(t testing.TB, hosts int) *twoReplicas {
	t.Helper()
	two := &twoReplicas{t: t}
	signers := []config.Signer{}
	for i := range hosts {
		h := newHost(t)
		two.hosts = append(two.hosts, h)
		s := config.Signer{Name: fmt.Sprintf("s%d", i), Port: h.port, Answer: 2 * time.Second}
		if i == 0 {
			s.Keys = []config.Key{{Address: alice, BlockTime: time.Second}}
			for j := 1; j < hosts; j++ {
				s.Fallbacks = append(s.Fallbacks, fmt.Sprintf("s%d", j))
			}
		}
		signers = append(signers, s)
	}
	two.config = config.Router{Config: config.Config{Signers: signers}, Baker: "alice"}
	for i := range two.replicas {
		address := fmt.Sprintf("127.0.1.%d", 10+lastAddress.Add(1))
		marks, _, _, err := guard.Open(filepath.Join(t.TempDir(), "guard"), "")
		if err != nil {
			t.Fatal(err)
		}
		g := New(address, marks, true, func(Record) {})
		if err := g.Configure(two.config.Config); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = g.Configure(config.Config{}) })
		two.replicas[i] = &replica{g, address}
		two.config.Replicas = append(two.config.Replicas, address)
		for _, s := range signers {
			g.SessionOpens(s.Name)
		}
	}
	marks, _, _, err := guard.Open(filepath.Join(t.TempDir(), "marks"), "alice")
	if err != nil {
		t.Fatal(err)
	}
	g := New(podAddress, marks, true, func(r Record) {
		two.mu.Lock()
		defer two.mu.Unlock()
		two.records = append(two.records, r)
	})
	two.Router = NewRouter(g, nil, func(h Hedge) {
		if !h.HasWon {
			two.hedges.Add(1)
		}
	})
	two.configure()
	t.Cleanup(func() { _ = two.Configure(config.Router{}) })
	for _, s := range signers {
		two.untilJoins(s.Name, true)
	}
	return two
}

func (two *twoReplicas) configure() {
	two.t.Helper()
	if err := two.Configure(two.config); err != nil {
		two.t.Fatal(err)
	}
}

func (two *twoReplicas) until(what string, holds func() bool) {
	(&rig{t: two.t, Gateway: two.Gateway}).until(what, holds)
}

// sign asks for a signature. The host knows the bytes by the query.
func (two *twoReplicas) sign(body string) reply {
	return (&rig{t: two.t, config: two.config.Config}).sign(body, "?version=3&bytes="+strings.Trim(body, `"`))
}

func (two *twoReplicas) expect(what string, got reply, status int, text string) {
	two.t.Helper()
	(&rig{t: two.t}).expect(what, got, status, text)
}

// opens gives a signer a new tunnel at both replicas.
func (two *twoReplicas) opens(name string) {
	for _, each := range two.replicas {
		each.SessionOpens(name)
	}
}

// untilJoins waits until the router knows of both replicas that a signer is ready there, and that its host
// joins the same bytes, or that it does not.
func (two *twoReplicas) untilJoins(name string, joins bool) {
	two.t.Helper()
	two.until("it is known whether its host joins", func() bool {
		return !slices.ContainsFunc(two.signers[name].(*remote).all(), func(l *lane) bool {
			state, _ := l.said()
			return !state.Ready || state.Joins != joins
		})
	})
}

// signerAt is what a replica knows of a signer.
func (two *twoReplicas) signerAt(at int, name string) *signer {
	g := two.replicas[at].Gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.signer(name)
}

// ends takes a signer's tunnel away at a replica.
func (two *twoReplicas) ends(at int, name string) {
	s := two.signerAt(at, name)
	s.mu.Lock()
	id := s.session
	s.mu.Unlock()
	two.replicas[at].SessionEnds(name, id)
}

func TestARouterStaysWithTheReplicaThatAnswers(t *testing.T) {
	two := newTwo(t, 1)
	for level := range int32(20) {
		two.expect("a vote", two.sign(vote(10+level, 0, 1)), 200, "sig")
	}
	two.mu.Lock()
	defer two.mu.Unlock()
	replicas := map[string]int{}
	for _, r := range two.records {
		replicas[r.Replica]++
	}
	if len(replicas) != 1 || two.hedges.Load() != 0 || two.hosts[0].times() != 20 {
		t.Errorf("asked %v with %d hedges, and the device %d times; want one replica, none, and 20", replicas, two.hedges.Load(), two.hosts[0].times())
	}
}

func TestATunnelThatIsMissingAtOneReplicaCostsNothing(t *testing.T) {
	two := newTwo(t, 1)
	for level := range int32(6) {
		at := int(level) % 2
		two.ends(at, "s0")
		got := two.sign(vote(10+level, 0, 1))
		two.expect("a vote", got, 200, "sig")
		if got.took > 250*time.Millisecond {
			t.Errorf("took %s, want the other replica at once", got.took)
		}
		two.replicas[at].SessionOpens("s0")
		two.until("it is ready again", func() bool { return two.States()["s0"].Replicas[at].Ready })
	}
}

func TestADeviceThatIsSlowIsAskedOnceAlthoughBothReplicasAre(t *testing.T) {
	two := newTwo(t, 1)
	two.hosts[0].set(800*time.Millisecond, true)
	got := two.sign(vote(10, 0, 1))
	two.expect("a vote", got, 200, "sig")
	if two.hedges.Load() != 1 || two.hosts[0].asked.Load() != 2 || two.hosts[0].times() != 1 {
		t.Errorf("got %d hedges, %d requests at the host, %d at the device, want 1, 2, 1",
			two.hedges.Load(), two.hosts[0].asked.Load(), two.hosts[0].times())
	}
}

func TestASlowDeviceIsAskedByTheOtherReplicaAsSoonAsItIsKnownThatItsHostJoins(t *testing.T) {
	two := newTwo(t, 1)
	h := two.hosts[0]
	h.set(2*time.Second, false)
	two.opens("s0")
	two.untilJoins("s0", false)
	time.AfterFunc(hedgeAfter+100*time.Millisecond, func() {
		h.set(2*time.Second, true)
		two.replicas[1].SessionOpens("s0")
	})
	two.expect("a vote", two.sign(vote(10, 0, 1)), 200, "sig")
	if two.hedges.Load() != 1 || h.asked.Load() != 2 || h.times() != 1 {
		t.Errorf("got %d hedges, %d requests at the host, %d at the device, want 1, 2, 1",
			two.hedges.Load(), h.asked.Load(), h.times())
	}
}

func TestAHostThatDoesNotJoinIsNeverAskedByTwoReplicasAtATime(t *testing.T) {
	two := newTwo(t, 1)
	two.hosts[0].set(800*time.Millisecond, false)
	two.opens("s0")
	two.untilJoins("s0", false)
	two.expect("a vote", two.sign(vote(10, 0, 1)), 200, "sig")
	if two.hedges.Load() != 0 || two.hosts[0].times() != 1 {
		t.Errorf("got %d hedges, and the device was asked %d times, want none and once", two.hedges.Load(), two.hosts[0].times())
	}
}

func TestAReplicaThatFallsSilentIsLeftWithinHalfASecond(t *testing.T) {
	two := newTwo(t, 1)
	// A listener that accepts and says nothing stands for a replica whose node has died: its kernel is all that answers.
	silent, err := net.Listen("tcp", net.JoinHostPort("127.0.1.9", fmt.Sprint(two.hosts[0].port)))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	two.config.Replicas = []string{"127.0.1.9", two.config.Replicas[1]}
	two.configure()
	two.until("it is known", func() bool {
		replicas := two.States()["s0"].Replicas
		return !replicas[0].Up && replicas[1].Ready
	})
	// As if it had just fallen silent.
	lane := two.signers["s0"].(*remote).all()[0]
	for level := range int32(5) {
		lane.mu.Lock()
		lane.isKnown, lane.missed, lane.state = true, 0, signerState{Ready: true, Joins: true}
		lane.mu.Unlock()
		two.signers["s0"].(*remote).prefer(lane)
		got := two.sign(vote(10+level, 0, 1))
		two.expect("a vote", got, 200, "sig")
		if got.took > 500*time.Millisecond {
			t.Errorf("took %s, want less than 500 ms", got.took)
		}
	}
}

func TestAReplicaThatIsAboutToEndIsAskedNoMore(t *testing.T) {
	two := newTwo(t, 1)
	two.expect("a vote", two.sign(vote(10, 0, 1)), 200, "sig")
	last := slices.Index(two.config.Replicas, two.lastReplica())
	two.replicas[last].Drain()
	two.until("the router knows", func() bool {
		return two.signers["s0"].(*remote).order()[0].replica != two.config.Replicas[last]
	})
	two.expect("the next", two.sign(vote(11, 0, 1)), 200, "sig")
	if got := two.lastReplica(); got == two.config.Replicas[last] {
		t.Errorf("asked %s, want the other", got)
	}
	two.replicas[1-last].Drain()
	two.until("the router knows of both", func() bool {
		return !slices.ContainsFunc(two.signers["s0"].(*remote).all(), func(l *lane) bool { return l.rank() == 0 })
	})
	two.expect("while both are", two.sign(vote(12, 0, 1)), 200, "sig")
}

func (two *twoReplicas) lastReplica() string {
	two.t.Helper()
	two.until("it is written down", func() bool {
		two.mu.Lock()
		defer two.mu.Unlock()
		return len(two.records) > 0
	})
	two.mu.Lock()
	defer two.mu.Unlock()
	return two.records[len(two.records)-1].Replica
}

func TestAnotherDeviceIsAskedOnlyWhenTheFirstCantSignByAnyReplica(t *testing.T) {
	two := newTwo(t, 2)
	two.ends(0, "s0")
	two.expect("with a tunnel at one replica", two.sign(vote(10, 0, 1)), 200, "sig")
	if two.hosts[1].times() != 0 {
		t.Fatal("the second device was asked while the first can sign")
	}
	two.hosts[0].loses("locked")
	two.expect("without its device", two.sign(vote(11, 0, 1)), 200, "sig")
	if two.hosts[1].times() != 1 {
		t.Errorf("the second device was asked %d times, want once", two.hosts[1].times())
	}
	if got := two.States()["s0"].Chosen; got != "s1" {
		t.Errorf("got %s chosen, want s1", got)
	}
}

func TestTheNextDeviceIsAskedAtOnceAlthoughAReplicaKnowsNothingOfTheRefusal(t *testing.T) {
	two := newTwo(t, 2)
	two.expect("a vote", two.sign(vote(10, 0, 1)), 200, "sig")
	two.hosts[0].loses("locked")
	got := two.sign(vote(11, 0, 1))
	two.expect("without its device", got, 200, "sig")
	if got.took > 200*time.Millisecond || two.hosts[0].asked.Load() != 2 || two.hosts[1].times() != 1 {
		t.Errorf("took %s, asked the first %d times and the second %d times, want at once, 2 and 1",
			got.took, two.hosts[0].asked.Load(), two.hosts[1].times())
	}
	two.until("both replicas know", func() bool {
		return !two.replicas[0].States()["s0"].Ready && !two.replicas[1].States()["s0"].Ready
	})
	two.until("and the router", func() bool { return !two.States()["s0"].Ready })
}

func TestALockedDeviceThatOnlyARequestShowsToBeBackIsAskedByARouter(t *testing.T) {
	two := newTwo(t, 1)
	two.hosts[0].isFoundLocked()
	for range two.replicas {
		two.expect("by each replica", two.sign(vote(10, 0, 1)), 502, "device can't sign: locked")
	}
	askable := func() bool {
		readiness, _ := two.signers["s0"].readiness(time.Now())
		return readiness == silent
	}
	two.until("it may be asked", askable)
	if got := two.greeting(); got.status != 200 || got.text != "{}\n" {
		t.Errorf("its greeting: got %+v", got)
	}
	two.hosts[0].answers(signs)
	two.expect("unlocked", two.sign(vote(10, 0, 1)), 200, "sig")
}

func TestNoOtherDeviceIsAskedWhileATryIsUnderWay(t *testing.T) {
	two := newTwo(t, 2)
	two.hosts[0].set(3*time.Second, true)
	slow := make(chan reply)
	go func() { slow <- two.sign(vote(10, 0, 1)) }()
	two.until("both replicas are asked", func() bool { return two.hosts[0].asked.Load() == 2 })
	two.ends(0, "s0")
	two.ends(1, "s0")
	time.Sleep(100 * time.Millisecond)
	select {
	case got := <-slow:
		t.Fatalf("got %d early", got.status)
	default:
	}
	two.expect("meanwhile", two.sign(vote(11, 0, 1)), 502, "no tunnel")
	if two.hosts[1].times() != 0 {
		t.Error("the second device was asked while the first may sign")
	}
	<-slow
}

func TestARouterHoldsItsOwnGuard(t *testing.T) {
	two := newTwo(t, 1)
	two.expect("a vote", two.sign(vote(10, 0, 1)), 200, "sig")
	before := two.hosts[0].asked.Load()
	// A replica that has just started remembers nothing.
	for _, each := range two.replicas {
		if _, err := each.guard.Forget(alice); err != nil {
			t.Fatal(err)
		}
	}
	two.expect("other bytes of its level", two.sign(vote(10, 0, 2)), 403, "Refused: watermark")
	if two.hosts[0].asked.Load() != before {
		t.Error("they reached the device")
	}
}

func TestAReplicasRefusalIsPassedOn(t *testing.T) {
	two := newTwo(t, 1)
	for i, each := range two.replicas {
		got, _ := (&rig{t: t, config: two.config.Config}).directAt(each.address, vote(20, 0, 1))
		two.expect(fmt.Sprintf("a vote by replica %d alone", i), got, 200, "sig")
	}
	two.expect("a lower level", two.sign(vote(19, 0, 1)), 403, "Refused: watermark")
}

// directAt asks a replica for a signature, as a router does.
func (r *rig) directAt(address, body string) (reply, string) {
	r.t.Helper()
	url := fmt.Sprintf("http://%s:%d/direct/keys/%s", address, r.config.Signers[0].Port, alice)
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return reply{status: response.StatusCode, text: string(text)}, response.Header.Get("cause")
}

func TestAChangedListOfReplicasCostsNoRequest(t *testing.T) {
	two := newTwo(t, 1)
	done := make(chan struct{})
	var failed atomic.Int32
	go func() {
		defer close(done)
		for round := range int32(200) {
			if got := two.sign(vote(10, round, 1)); got.status != 200 {
				failed.Add(1)
			}
		}
	}()
	all := two.config.Replicas
	for i := range 6 {
		two.config.Replicas = [][]string{all[:1], all, all[1:]}[i%3]
		two.configure()
		time.Sleep(30 * time.Millisecond)
	}
	<-done
	if failed.Load() != 0 {
		t.Errorf("%d requests failed", failed.Load())
	}
}

// greeting asks what a baker asks before each request.
func (two *twoReplicas) greeting() reply {
	return (&rig{t: two.t, config: two.config.Config}).greeting()
}

func TestARouterAnswersFromTheStateWhetherASignerWantsAuthentication(t *testing.T) {
	good := signerState{Ready: true, Greeting: aliceOnly}
	draining := good
	draining.Draining = true
	for _, test := range []struct {
		what  string
		lane  *lane
		known string
	}{
		{"a replica that answers", &lane{isKnown: true, state: good}, aliceOnly},
		{"one of before this release, or whose signer was not checked yet", &lane{isKnown: true, state: signerState{Ready: true}}, ""},
		{"one that was not asked yet", &lane{state: good}, ""},
		{"one that left a question without an answer", &lane{isKnown: true, state: good, missed: 1}, ""},
		{"one that is about to end", &lane{isKnown: true, state: draining}, ""},
		{"one whose signer is not ready", &lane{isKnown: true, state: signerState{Greeting: aliceOnly}}, ""},
	} {
		if got := test.lane.greeting(); got != test.known {
			t.Errorf("%s: got %q, want %q", test.what, got, test.known)
		}
	}
	// Nothing listens where the lanes lead.
	w := &remote{name: "s0", lanes: []*lane{{isKnown: true, state: signerState{}}, {replica: "b", isKnown: true, state: good}}}
	got := w.greet(&ask{})
	if got.answer.status != 200 || string(got.answer.body) != aliceOnly || got.replica != "b" {
		t.Errorf("got %d %q of %s, want what b has said", got.answer.status, got.answer.body, got.replica)
	}
}

func TestARouterAsksAgainAfterARefusalForWantOfAuthentication(t *testing.T) {
	two := newTwo(t, 1)
	two.until("the state has it", func() bool {
		return two.signers["s0"].(*remote).order()[0].greeting() == noAuthentication
	})
	two.expect("at first", two.greeting(), 200, noAuthentication)
	two.hosts[0].wants(aliceOnly)
	// A replica asks again for what is a second old, and not before.
	time.Sleep(recheckInterval)
	two.expect("a request as before", two.sign(vote(10, 0, 1)), 500, "missing authentication signature field")
	two.expect("immediately after it", two.greeting(), 200, aliceOnly)
}

func TestALongListOfKeysIsNoPartOfTheState(t *testing.T) {
	two := newTwo(t, 1)
	long := `{"authorized_keys":["` + strings.Repeat(`tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6","`, 60) + `"]}`
	two.hosts[0].wants(long)
	two.opens("s0")
	s := two.signerAt(0, "s0")
	two.until("both replicas have it, and the router knows of them", func() bool {
		s.mu.Lock()
		isThere := s.greeting != nil && string(s.greeting.body) == long
		s.mu.Unlock()
		return isThere && !slices.ContainsFunc(two.signers["s0"].(*remote).all(), func(l *lane) bool {
			state, _ := l.said()
			return !state.Ready || state.Greeting != ""
		})
	})
	if got := s.direct(time.Now()).Greeting; got != "" {
		t.Errorf("got %q in the state, want nothing", got)
	}
	two.expect("by the router", two.greeting(), 200, long)
}

func TestADoubtIsSaidAgainIfNobodyHasHeardIt(t *testing.T) {
	l := &lane{signer: "home", replica: "127.0.0.1", port: 1, isDoubted: true, nudge: make(chan struct{}, 1), ended: make(chan struct{})}
	l.look()
	if !l.isDoubted || l.missed != 1 {
		t.Errorf("got %v and %d missed, want the doubt kept for the next question", l.isDoubted, l.missed)
	}
}
