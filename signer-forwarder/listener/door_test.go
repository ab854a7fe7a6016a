package main

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

func ready(source netip.Addr, age time.Duration) stranger {
	return stranger{source: source, since: noon.Add(-age), isReady: true}
}

func familiar(each stranger) stranger { each.isFamiliar = true; return each }
func known(each stranger) stranger    { each.hasKnownClient = true; return each }
func silentOne(each stranger) stranger {
	each.isReady = false
	return each
}
func computing(each stranger) stranger                  { each.isComputing = true; return each }
func owing(each stranger, since time.Duration) stranger { each.overdue = since; return each }

func times(count int, each stranger) []stranger {
	all := make([]stranger, count)
	for index := range all {
		all[index] = each
	}
	return all
}

func TestNextInside(t *testing.T) {
	for _, test := range []struct {
		name            string
		outside, inside []stranger
		want            int
	}{
		{"nobody", nil, nil, -1},
		{"nobody who has said anything", []stranger{silentOne(familiar(ready(home, second)))}, nil, -1},
		{"the newest of equals", []stranger{ready(home, 3*second), ready(home, second), ready(home, 2*second)}, nil, 1},
		{"a signer's address before others", []stranger{ready(bot, 0), familiar(ready(home, 9*second))}, nil, 1},
		{
			"a signer's address that floods no longer",
			[]stranger{ready(bot, 0), familiar(ready(home, 0))},
			times(maxFamiliarInside, familiar(ready(home, 0))),
			0,
		},
		{"nobody while enough compute", []stranger{ready(home, 0)}, times(maxComputing, computing(ready(bot, second))), -1},
		{
			"a signer's address while enough of others compute",
			[]stranger{ready(home, 0), familiar(ready(home, second))},
			times(maxComputing, computing(ready(bot, second))),
			1,
		},
		{
			"a stranger while enough of signers' addresses compute",
			[]stranger{familiar(ready(home, second)), ready(bot, 0)},
			times(maxComputing, computing(familiar(ready(home, second)))),
			1,
		},
		{
			"who comes while others keep their sshd busy for long",
			[]stranger{ready(home, 0)},
			times(maxComputing, computing(ready(bot, 3*second))),
			0,
		},
		{"who comes while all that are inside wait", []stranger{ready(home, 0)}, times(maxInside, ready(home, second)), 0},
		{"the address with the fewest processes", []stranger{ready(bot, 0), ready(home, second)}, times(1, ready(bot, 0)), 1},
		{"a signer's client, when all have one address", []stranger{ready(home, 0), known(ready(home, second))}, nil, 1},
	} {
		if found := nextInside(test.outside, test.inside, noon); found != test.want {
			t.Errorf("%s: found %d, want %d", test.name, found, test.want)
		}
	}
}

func TestToEvict(t *testing.T) {
	for _, test := range []struct {
		name   string
		inside []stranger
		want   int
	}{
		{"nobody", nil, -1},
		{"nobody who is on their way", []stranger{ready(bot, 4*second), owing(ready(bot, second), second/2)}, -1},
		{"who owes an answer", []stranger{ready(bot, 4*second), owing(ready(bot, 2*second), 2*second)}, 1},
		{"who takes too long, a byte at a time", []stranger{ready(bot, 6*second), ready(bot, second)}, 0},
		{
			"one of the busiest address",
			[]stranger{owing(ready(home, 4*second), 3*second), owing(ready(bot, 3*second), 2*second), ready(bot, 0)},
			1,
		},
		{"a signer's address last", []stranger{familiar(ready(home, 9*second)), ready(bot, 6*second)}, 1},
		{"a signer's client last", []stranger{known(ready(home, 9*second)), ready(home, 6*second)}, 1},
	} {
		if found := toEvict(test.inside, noon); found != test.want {
			t.Errorf("%s: found %d, want %d", test.name, found, test.want)
		}
	}
}

func TestToDrop(t *testing.T) {
	for _, test := range []struct {
		name    string
		outside []stranger
		want    int
	}{
		{"nobody", nil, -1},
		{"the oldest", []stranger{ready(bot, second), ready(bot, 2*second)}, 1},
		{"who has said nothing", []stranger{ready(bot, 9*second), silentOne(ready(home, 0))}, 1},
		{"one of the busiest address", []stranger{ready(home, 9*second), ready(bot, 0), ready(bot, second)}, 2},
		{"a signer's address last", []stranger{familiar(ready(home, 9*second)), ready(bot, 0)}, 1},
	} {
		if found := toDrop(test.outside); found != test.want {
			t.Errorf("%s: found %d, want %d", test.name, found, test.want)
		}
	}
}

// A signer that comes while strangers from the same address hold every process and all that wait is in as soon as one
// is evicted, however many there are.
func TestNewestOfManyIsNext(t *testing.T) {
	outside := append(times(900, ready(home, second)), ready(home, 0))
	inside := times(maxInside, owing(ready(home, 2*second), 2*second))
	if toEvict(inside, noon) < 0 || nextInside(outside, inside, noon) != 900 {
		t.Error("it waits behind the others")
	}
}
