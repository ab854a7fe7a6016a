package admission

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fakeLogin is a login without an sshd.
type fakeLogin struct {
	Client
	number  int // its process group: the order in which the logins started, from 1
	crowd   *crowd
	socket  chan int
	evicted chan struct{}
}

func (l *fakeLogin) Run(socket int) { l.socket <- socket }
func (l *fakeLogin) Evict()         { close(l.evicted) }

func (l *fakeLogin) Group() int {
	l.crowd.mu.Lock()
	defer l.crowd.mu.Unlock()
	return l.number
}

// setComputing says whether its process computes, as it does from the start.
func (l *fakeLogin) setComputing(computes bool) {
	l.crowd.mu.Lock()
	defer l.crowd.mu.Unlock()
	if computes {
		l.crowd.computing[l.number] = true
	} else {
		delete(l.crowd.computing, l.number)
	}
}

// crowd is a queue, and real clients on loopback that come to it.
type crowd struct {
	*Queue
	t        *testing.T
	listener *net.TCPListener

	// mu guards what follows. It comes after Queue.mu.
	mu        sync.Mutex
	started   []*fakeLogin
	rejected  []string // causes
	computing map[int]bool
	time      time.Time
	tick      time.Duration // how far its clock goes each time that it is read
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	t.Parallel()
	c := &crowd{t: t, listener: listen(t, "127.0.0.1:0"), computing: map[int]bool{}, time: noon}
	// The clock is slower than the real one, so that a busy machine makes no login slow.
	c.tick = soon / 5
	c.Queue = NewQueue(func(client Client) Login {
		c.mu.Lock()
		defer c.mu.Unlock()
		l := &fakeLogin{
			Client: client, number: len(c.started) + 1, crowd: c, socket: make(chan int, 1), evicted: make(chan struct{}),
		}
		c.started = append(c.started, l)
		c.computing[l.number] = true
		t.Cleanup(func() { closeSocket(<-l.socket) })
		return l
	}, func(cause string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.rejected = append(c.rejected, cause)
	})
	c.computingGroups = func() map[int]bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		groups := map[int]bool{}
		for group := range c.computing {
			groups[group] = true
		}
		return groups
	}
	c.now = func() time.Time {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.time = c.time.Add(c.tick)
		return c.time
	}
	return c
}

// pass puts the queue's clock forward.
func (c *crowd) pass(duration time.Duration) {
	c.mu.Lock()
	c.time = c.time.Add(duration)
	c.mu.Unlock()
	c.Admit()
}

const testClient = "SSH-2.0-test"

// come has a client connect from an address, send a line unless that is empty, and returns it once
// the queue has it.
func (c *crowd) come(from, line string) *net.TCPConn {
	c.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client, err := dialer.Dial("tcp4", c.listener.Addr().String())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { client.Close() })
	server, err := c.listener.AcceptTCP()
	if err != nil {
		c.t.Fatal(err)
	}
	if line == "" {
		c.Arrive(server)
		return client.(*net.TCPConn)
	}
	if _, err := io.WriteString(client, line+"\r\n"); err != nil {
		c.t.Fatal(err)
	}
	c.Arrive(server)
	c.until("its line is read", func() bool {
		c.Queue.mu.Lock()
		defer c.Queue.mu.Unlock()
		return !slices.ContainsFunc(c.queued, func(each *conn) bool { return each.tcp == server && each.client == "" })
	})
	return client.(*net.TCPConn)
}

// until waits for a condition.
func (c *crowd) until(what string, isTrue func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !isTrue(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("waited 5 s until %s", what)
		}
	}
}

// starts waits until so many logins have started, and for a while longer that no more do.
func (c *crowd) starts(want int) []*fakeLogin {
	c.t.Helper()
	got := func() []*fakeLogin {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.Clone(c.started)
	}
	c.until(fmt.Sprintf("%d logins have started", want), func() bool { return len(got()) >= want })
	time.Sleep(8 * soon)
	if started := got(); len(started) != want {
		c.t.Fatalf("got %d logins, want %d", len(started), want)
	}
	return got()
}

// startNext ends a login, and returns the one that starts in its place.
func (c *crowd) startNext(ending *fakeLogin) *fakeLogin {
	c.t.Helper()
	c.mu.Lock()
	count := len(c.started)
	c.mu.Unlock()
	ending.setComputing(false)
	c.Ended(ending)
	return c.starts(count + 1)[count]
}

// causes waits until so many connections were rejected, and returns why.
func (c *crowd) causes(count int) []string {
	c.t.Helper()
	var got []string
	c.until(fmt.Sprintf("%d are rejected", count), func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		got = slices.Clone(c.rejected)
		return len(got) >= count
	})
	return got
}

// isClosed reports whether a client's connection was closed from the other side.
func isClosed(client *net.TCPConn) bool {
	_ = client.SetReadDeadline(time.Now().Add(time.Second))
	_, err := client.Read(make([]byte, 1))
	return err != nil && !isTimeout(err)
}

func isTimeout(err error) bool {
	failure, ok := err.(net.Error)
	return ok && failure.Timeout()
}

func portOf(client *net.TCPConn) uint16 { return client.LocalAddr().(*net.TCPAddr).AddrPort().Port() }

func TestAClientIsStartedWithItsSocketAndLine(t *testing.T) {
	c := newCrowd(t)
	client := c.come("127.0.0.5", "SSH-2.0-OpenSSH_10.0")
	got := c.starts(1)[0]
	if want := client.LocalAddr().(*net.TCPAddr).AddrPort(); got.Address != want || got.Identification != "SSH-2.0-OpenSSH_10.0" {
		t.Errorf("got %+v, want it from %s", got.Client, want)
	}
	if c.Pending() != 1 {
		t.Errorf("got %d pending, want 1", c.Pending())
	}
	c.Ended(got)
	if c.Pending() != 0 {
		t.Errorf("got %d pending after its end, want 0", c.Pending())
	}
}

func TestOfManyAtOnceNoMoreStartThanMayCompute(t *testing.T) {
	c := newCrowd(t)
	for range 3 * maxComputing {
		c.come("127.0.0.1", testClient)
	}
	first := c.starts(maxComputing)
	// Processes that wait for their clients take no CPU: as many more start, although nothing else has
	// happened.
	for _, each := range first {
		each.setComputing(false)
	}
	second := c.starts(2 * maxComputing)[maxComputing:]
	// For each login that ends, another one starts.
	for _, each := range second {
		each.setComputing(false)
		c.Ended(each)
	}
	c.starts(3 * maxComputing)
}

func TestWhoStartsFirst(t *testing.T) {
	c := newCrowd(t)
	const crowded, quiet, known = "127.0.0.1", "127.0.0.2", "127.0.0.3"
	for range maxComputing {
		c.come(crowded, testClient)
	}
	computing := c.starts(maxComputing)
	c.Remember(Client{Address: netip.AddrPortFrom(netip.MustParseAddr(known), 1), Identification: "SSH-2.0-signer"})

	// A known address does not wait for others.
	fromKnown := c.come(known, testClient)
	if got := c.starts(maxComputing + 1)[maxComputing]; got.Address.Port() != portOf(fromKnown) {
		t.Errorf("got %s first, want the known address", got.Address)
	}
	// The others wait in this order, and start in another one.
	signersClient := c.come(crowded, "SSH-2.0-signer")
	fromQuiet := c.come(quiet, testClient)
	older := c.come(crowded, testClient)
	newer := c.come(crowded, testClient)
	for i, want := range []struct {
		name   string
		client *net.TCPConn
	}{
		{"the address with the fewest processes", fromQuiet},
		{"the client that signers have", signersClient},
		{"the newest", newer},
		{"the last one", older},
	} {
		if got := c.startNext(computing[i]); got.Address.Port() != portOf(want.client) {
			t.Errorf("got %s, want %s, from %s", got.Address, want.name, want.client.LocalAddr())
		}
	}
}

func TestASlowClientIsEvictedWhenAnotherWaits(t *testing.T) {
	c := newCrowd(t)
	const room = maxAuthenticating - reservedForKnown
	for range room {
		c.come("127.0.0.1", testClient)
	}
	c.until("there is no more room", func() bool {
		c.mu.Lock()
		clear(c.computing)
		count := len(c.started)
		c.mu.Unlock()
		return count == room
	})
	all := c.starts(room)
	c.Remember(Client{Address: netip.MustParseAddrPort("127.0.0.2:1")})
	c.come("127.0.0.2", testClient)
	if got := c.starts(room + 1)[room].Address.Addr().String(); got != "127.0.0.2" {
		t.Errorf("got %s, want the known address, for which there is more room", got)
	}
	c.come("127.0.0.1", testClient)
	c.starts(room + 1)
	for _, each := range all {
		select {
		case <-each.evicted:
			t.Fatal("evicted a client that makes progress")
		default:
		}
	}
	c.pass(loginTimeout)
	all = c.starts(room + 2)
	select {
	case <-all[0].evicted:
	case <-time.After(time.Second):
		t.Error("the oldest login is not evicted")
	}
	for _, each := range all[1:] {
		select {
		case <-each.evicted:
			t.Errorf("evicted login %d too", each.number)
		default:
		}
	}
	// Its processes are not gone yet, but it is off the list.
	if got, want := c.Pending(), room+1; got != want {
		t.Errorf("got %d pending, want %d", got, want)
	}
	if got := c.Claim(all[0].number); got != nil {
		t.Error("claimed an evicted login")
	}
}

func TestAClientThatOwesAnAnswerIsEvictedWhenAnotherWaits(t *testing.T) {
	c := newCrowd(t)
	const room = maxAuthenticating - reservedForKnown
	for range room {
		c.come("127.0.0.1", testClient)
	}
	c.until("there is no more room", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		clear(c.computing)
		return len(c.started) == room
	})
	// sshd greets one client, which does not answer.
	owing := c.starts(room)[7]
	socket := <-owing.socket
	owing.socket <- socket
	buffer := make([]byte, 100)
	if _, err := unix.Read(socket, buffer); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(socket, []byte("SSH-2.0-server\r\n")); err != nil {
		t.Fatal(err)
	}
	c.come("127.0.0.1", testClient)
	c.starts(room)
	select {
	case <-owing.evicted:
	case <-time.After(overdueTimeout + time.Second):
		t.Fatal("it is not evicted")
	}
	c.starts(room + 1)
}

func TestClaim(t *testing.T) {
	c := newCrowd(t)
	c.come("127.0.0.1", testClient)
	c.come("127.0.0.1", testClient)
	all := c.starts(2)
	if got := c.Claim(3); got != nil {
		t.Errorf("claimed %v for a group of nobody's", got)
	}
	if got := c.Claim(2); got != all[1] {
		t.Errorf("got %v, want the login of the group", got)
	}
	if got := c.Claim(2); got != nil {
		t.Errorf("claimed %v again", got)
	}
	if got := c.Pending(); got != 1 {
		t.Errorf("got %d pending, want 1: who has logged in is not counted", got)
	}
	// 0 is the group of a login whose sshd has not started.
	c.mu.Lock()
	all[0].number = 0
	c.mu.Unlock()
	if got := c.Claim(0); got != nil {
		t.Errorf("claimed %v for group 0", got)
	}
	// The end of a claimed login changes nothing here.
	c.Ended(all[1])
	if got := c.Pending(); got != 1 {
		t.Errorf("got %d pending, want 1", got)
	}
}

func TestAClaimedLoginMakesRoom(t *testing.T) {
	c := newCrowd(t)
	for range maxComputing + 1 {
		c.come("127.0.0.1", testClient)
	}
	c.starts(maxComputing)
	c.Claim(1)
	c.starts(maxComputing + 1)
}

func TestConnectionsThatNeverStart(t *testing.T) {
	for _, test := range []struct {
		name string
		act  func(c *crowd) *net.TCPConn
		want string
	}{
		{"says nothing", func(c *crowd) *net.TCPConn {
			c.silentTimeout = 20 * time.Millisecond
			return c.come("127.0.0.1", "")
		}, "silent"},
		{"says half a line", func(c *crowd) *net.TCPConn {
			c.silentTimeout = 20 * time.Millisecond
			client := c.come("127.0.0.1", "")
			_, _ = io.WriteString(client, "SSH-2.0")
			return client
		}, "silent"},
		{"leaves without a word", func(c *crowd) *net.TCPConn {
			client := c.come("127.0.0.1", "")
			_ = client.CloseWrite()
			return client
		}, "silent"},
		{"is a browser", func(c *crowd) *net.TCPConn { return c.come("127.0.0.1", "GET / HTTP/1.1") }, "not_ssh"},
		{"leaves while it waits", func(c *crowd) *net.TCPConn {
			for range maxComputing {
				c.come("127.0.0.1", testClient)
			}
			all := c.starts(maxComputing)
			client := c.come("127.0.0.1", testClient)
			_ = client.CloseWrite()
			time.Sleep(20 * time.Millisecond)
			c.Ended(all[0])
			return client
		}, "left"},
		{"waits for too long", func(c *crowd) *net.TCPConn {
			for range maxComputing {
				c.come("127.0.0.1", testClient)
			}
			c.starts(maxComputing)
			client := c.come("127.0.0.1", testClient)
			c.pass(queueTimeout)
			return client
		}, "crowded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCrowd(t)
			client := test.act(c)
			if got := c.causes(1); !slices.Equal(got, []string{test.want}) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if !isClosed(client) {
				t.Error("its connection is still open")
			}
		})
	}
}

func TestAQueueThatIsTooLong(t *testing.T) {
	c := newCrowd(t)
	c.silentTimeout, c.tick = time.Minute, 0
	for range maxComputing {
		c.come("127.0.0.1", testClient)
	}
	computing := c.starts(maxComputing)
	waiting := c.come("127.0.0.1", testClient)
	oldest := c.come("127.0.0.1", "")
	var others []*net.TCPConn
	for range maxQueued - 2 {
		others = append(others, c.come("127.0.0.1", ""))
	}
	if got := c.Pending(); got != maxQueued+maxComputing {
		t.Fatalf("got %d pending, want %d", got, maxQueued+maxComputing)
	}
	fromElsewhere := c.come("127.0.0.2", "")
	if got := c.causes(1); !slices.Equal(got, []string{"crowded"}) {
		t.Errorf("got %q, want one that is crowded out", got)
	}
	if !isClosed(oldest) {
		t.Error("the oldest of the busiest address that has said nothing is still there")
	}
	for name, client := range map[string]*net.TCPConn{"the next one": others[0], "the last one": fromElsewhere, "one that is ready": waiting} {
		_ = client.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := client.Read(make([]byte, 1)); !isTimeout(err) {
			t.Errorf("%s is closed: %v", name, err)
		}
	}
	if got := c.startNext(computing[0]); got.Address.Port() != portOf(waiting) {
		t.Errorf("got %s, want the one that is ready", got.Address)
	}
}

func TestKnownAddressesAreLimited(t *testing.T) {
	c := newCrowd(t)
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	remember := func(i int) {
		c.Remember(Client{Address: netip.AddrPortFrom(address(i), 1), Identification: fmt.Sprintf("SSH-2.0-%d", i)})
		c.pass(time.Second)
	}
	for i := range maxRemembered {
		remember(i)
	}
	if !c.Knows(address(0)) || !c.Knows(address(maxRemembered-1)) || c.Knows(address(maxRemembered)) {
		t.Fatal("does not know the addresses that signers have logged in from")
	}
	// One that comes back is the newest again, and costs no other one its place.
	remember(0)
	remember(maxRemembered)
	for i, want := range map[int]bool{0: true, 1: false, 2: true, maxRemembered: true} {
		if got := c.Knows(address(i)); got != want {
			t.Errorf("address %d: got %v, want %v", i, got, want)
		}
	}
	if got := len(c.known.clients); got != maxRemembered {
		t.Errorf("got %d clients, want %d", got, maxRemembered)
	}
	c.Remember(Client{Address: netip.MustParseAddrPort("[2001:db8::1]:1")})
	if !c.Knows(netip.MustParseAddr("2001:db8::2")) || c.Knows(netip.MustParseAddr("2001:db8:0:1::1")) {
		t.Error("want an IPv6 address known by its first 64 bits")
	}
}
