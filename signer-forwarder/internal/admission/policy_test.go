package admission

import (
	"net/netip"
	"testing"
	"time"
)

var (
	noon   = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	home   = netip.MustParseAddr("203.0.113.9")
	bot    = netip.MustParseAddr("198.51.100.7")
	second = time.Second
)

func ready(source netip.Addr, age time.Duration) pending {
	return pending{source: source, since: noon.Add(-age), ready: true}
}

func known(p pending) pending                        { p.known = true; return p }
func knownClient(p pending) pending                  { p.knownClient = true; return p }
func silent(p pending) pending                       { p.ready = false; return p }
func computing(p pending) pending                    { p.computing = true; return p }
func owing(p pending, overdue time.Duration) pending { p.overdue = overdue; return p }

func times(count int, p pending) []pending {
	all := make([]pending, count)
	for i := range all {
		all[i] = p
	}
	return all
}

func TestNextToStart(t *testing.T) {
	for _, test := range []struct {
		name                   string
		queued, authenticating []pending
		want                   int
	}{
		{"none", nil, nil, -1},
		{"not a known address that has said nothing", []pending{silent(known(ready(home, second)))}, nil, -1},
		{"the newest of equals", []pending{ready(home, 3*second), ready(home, second), ready(home, 2*second)}, nil, 1},
		{"a known address before others", []pending{ready(bot, 0), known(ready(home, 9*second))}, nil, 1},
		{
			"a known address that floods no longer",
			[]pending{ready(bot, 0), known(ready(home, 0))},
			times(maxFirst, known(ready(home, 0))),
			0,
		},
		{"none while enough compute", []pending{ready(home, 0)}, times(maxComputing, computing(ready(bot, second))), -1},
		{
			"a known address while enough of others compute",
			[]pending{ready(home, 0), known(ready(home, second))},
			times(maxComputing, computing(ready(bot, second))),
			1,
		},
		{
			"an unknown address while enough of known ones compute",
			[]pending{known(ready(home, second)), ready(bot, 0)},
			times(maxComputing, computing(known(ready(home, second)))),
			1,
		},
		{
			"one while others keep their sshd busy for long",
			[]pending{ready(home, 0)},
			times(maxComputing, computing(ready(bot, 3*second))),
			0,
		},
		{"one while all that authenticate wait", []pending{ready(home, 0)}, times(maxAuthenticating, ready(home, second)), 0},
		{"the address with the fewest processes", []pending{ready(bot, 0), ready(home, second)}, times(1, ready(bot, 0)), 1},
		{"a signer's client, when all have one address", []pending{ready(home, 0), knownClient(ready(home, second))}, nil, 1},
	} {
		if got := nextToStart(test.queued, test.authenticating, noon); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

func TestToEvict(t *testing.T) {
	for _, test := range []struct {
		name           string
		authenticating []pending
		want           int
	}{
		{"none", nil, -1},
		{"none that makes progress", []pending{ready(bot, 4*second), owing(ready(bot, second), second/2)}, -1},
		{"one that owes an answer", []pending{ready(bot, 4*second), owing(ready(bot, 2*second), 2*second)}, 1},
		{"one that takes too long, a byte at a time", []pending{ready(bot, 6*second), ready(bot, second)}, 0},
		{
			"one of the busiest address",
			[]pending{owing(ready(home, 4*second), 3*second), owing(ready(bot, 3*second), 2*second), ready(bot, 0)},
			1,
		},
		{"a known address last", []pending{known(ready(home, 9*second)), ready(bot, 6*second)}, 1},
		{"a signer's client last", []pending{knownClient(ready(home, 9*second)), ready(home, 6*second)}, 1},
	} {
		if got := toEvict(test.authenticating, noon); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

func TestRoomFor(t *testing.T) {
	if got, want := roomFor(ready(bot, 0)), 40; got != want {
		t.Errorf("an unknown address: got %d, want %d", got, want)
	}
	if got, want := roomFor(known(ready(home, 0))), 48; got != want {
		t.Errorf("a known address: got %d, want %d", got, want)
	}
}

func TestToDrop(t *testing.T) {
	for _, test := range []struct {
		name   string
		queued []pending
		want   int
	}{
		{"none", nil, -1},
		{"the oldest", []pending{ready(bot, second), ready(bot, 2*second)}, 1},
		{"one that has said nothing", []pending{ready(bot, 9*second), silent(ready(home, 0))}, 1},
		{"one of the busiest address", []pending{ready(home, 9*second), ready(bot, 0), ready(bot, second)}, 2},
		{"a known address last", []pending{known(ready(home, 9*second)), ready(bot, 0)}, 1},
	} {
		if got := toDrop(test.queued); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

// While others of the same address hold every process, and 900 of them wait, a signer that comes gets
// the first process that becomes free.
func TestTheNewestOfManyIsNext(t *testing.T) {
	queued := append(times(900, ready(home, second)), ready(home, 0))
	authenticating := times(maxAuthenticating, owing(ready(home, 2*second), 2*second))
	if toEvict(authenticating, noon) < 0 {
		t.Error("no process becomes free")
	}
	if got := nextToStart(queued, authenticating, noon); got != 900 {
		t.Errorf("got %d, want 900", got)
	}
}

func TestSource(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.9":          "203.0.113.9",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
		"2001:db8:1:2::1":      "2001:db8:1:2::",
		"2001:db8:1:3::1":      "2001:db8:1:3::",
		"fe80::1%eth0":         "fe80::",
		"::1":                  "::",
		"::ffff:203.0.113.9":   "203.0.113.9",
		"64:ff9b::cb00:7109":   "203.0.113.9",
		"64:ff9b:1::cb00:7109": "64:ff9b:1::",
	} {
		if got := Source(netip.MustParseAddr(address)); got.String() != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
