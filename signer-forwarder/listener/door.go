package main

import (
	"net/netip"
	"time"
)

// Limits for strangers: connections that have not logged in. Signers that have are never counted.
const (
	// Processes of sshd for strangers at a time; each takes about 3 MiB.
	maxInside = 48
	// How many of these only the addresses of known signers get.
	keptInside = 8
	// Connections that wait for one, or have said nothing yet. They cost no process.
	maxOutside = 1024
	// How long a client may take for its first line, and in all until there is a process for it.
	patienceSilent  = 5 * time.Second
	patienceOutside = 20 * time.Second
	// While others wait: how long a client may owe sshd an answer, and how long it may take to log in.
	patienceOverdue = time.Second
	patienceInside  = 5 * time.Second
	// How many processes the addresses of known signers may have before others get one: nobody is shut out by a signer.
	maxFamiliarInside = 8
	// How many processes may compute at a time, of those addresses and of others, before one more starts. A login takes 0.05 s of
	// a CPU: with 48 at a time on 2 busy ones each took over 4 s, after which clients give up, and hardly one of a hundred got in
	// within a minute. One that is inside for long counts no more: a client can keep its sshd busy, to keep others out.
	maxComputing      = 8
	patienceComputing = 2 * time.Second
)

// nat64 is how an IPv6 network sees IPv4's addresses (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// sourceOf is what counts as one address: of IPv6 its first 64 bits, because that is what one host has, but of IPv4 in IPv6 the
// address of IPv4: all of these have the same 64 bits.
func sourceOf(address netip.Addr) netip.Addr {
	address = address.Unmap()
	if !address.Is6() {
		return address
	}
	if whole := address.As16(); nat64.Contains(address) {
		return netip.AddrFrom4([4]byte(whole[12:]))
	}
	block, _ := address.WithZone("").Prefix(64)
	return block.Masked().Addr()
}

// stranger is what the door knows of a connection that has not logged in.
type stranger struct {
	source netip.Addr
	// Whether a signer has logged in from that address, and whether one has with that client: of a hint's worth, when
	// everybody has one address.
	isFamiliar, hasKnownClient bool
	// When it came, or when its process started.
	since time.Time
	// Outside: whether it has said that it is an ssh client. Inside: whether its sshd computes or waits for a CPU, and for how
	// long it owes an answer.
	isReady, isComputing bool
	overdue              time.Duration
}

func countSources(strangers []stranger) map[netip.Addr]int {
	counts := map[netip.Addr]int{}
	for _, each := range strangers {
		counts[each.source]++
	}
	return counts
}

// nextInside chooses who of those outside gets the next process; -1 for nobody, as while enough processes compute. Who waits
// outside waits for the greeting, for which clients have 10 s and longer; from there on it is 4 s without a word.
//
// The addresses of signers go first, up to a number; then the address with the fewest processes; then a client that
// signers have; then who came last. The newest goes first because a queue that is longer than anybody's patience would
// serve nobody: a signer that retries is the newest again.
func nextInside(outside, inside []stranger, now time.Time) int {
	counts := countSources(inside)
	computing := map[bool]int{}
	for _, each := range inside {
		if each.isComputing && now.Sub(each.since) < patienceComputing {
			computing[each.isFamiliar]++
		}
	}
	mayStart := func(each stranger) bool { return each.isReady && computing[each.isFamiliar] < maxComputing }
	isBefore := func(one, other stranger) bool {
		goesFirst := func(each stranger) bool { return each.isFamiliar && counts[each.source] < maxFamiliarInside }
		if goesFirst(one) != goesFirst(other) {
			return goesFirst(one)
		}
		if counts[one.source] != counts[other.source] {
			return counts[one.source] < counts[other.source]
		}
		if one.hasKnownClient != other.hasKnownClient {
			return one.hasKnownClient
		}
		return one.since.After(other.since)
	}
	return best(outside, mayStart, isBefore)
}

// roomFor is how many processes there may be for somebody to get one.
func roomFor(who stranger) int {
	if who.isFamiliar {
		return maxInside
	}
	return maxInside - keptInside
}

// toEvict chooses whose process ends because somebody waits; -1 for nobody. A client that is on its way in stays: only
// one that owes an answer for long, or is inside for long, goes, and those of the busiest address go first.
func toEvict(inside []stranger, now time.Time) int {
	counts := countSources(inside)
	mayGo := func(each stranger) bool {
		return each.overdue > patienceOverdue || now.Sub(each.since) > patienceInside
	}
	return best(inside, mayGo, func(one, other stranger) bool {
		if one.isFamiliar != other.isFamiliar {
			return other.isFamiliar
		}
		if counts[one.source] != counts[other.source] {
			return counts[one.source] > counts[other.source]
		}
		if one.hasKnownClient != other.hasKnownClient {
			return other.hasKnownClient
		}
		return one.since.Before(other.since)
	})
}

// toDrop chooses who of those outside is sent away when there are too many: those who have said nothing first, then
// those of the busiest address, then the oldest.
func toDrop(outside []stranger) int {
	counts := countSources(outside)
	all := func(stranger) bool { return true }
	return best(outside, all, func(one, other stranger) bool {
		if one.isReady != other.isReady {
			return other.isReady
		}
		if one.isFamiliar != other.isFamiliar {
			return other.isFamiliar
		}
		if counts[one.source] != counts[other.source] {
			return counts[one.source] > counts[other.source]
		}
		return one.since.Before(other.since)
	})
}

// best gives the index of the one that comes before all others that qualify.
func best(strangers []stranger, qualifies func(stranger) bool, isBefore func(one, other stranger) bool) int {
	found := -1
	for index, each := range strangers {
		if qualifies(each) && (found < 0 || isBefore(each, strangers[found])) {
			found = index
		}
	}
	return found
}
