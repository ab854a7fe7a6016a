package admission

import (
	"net/netip"
	"time"
)

// The limits for pending connections. Signers that have logged in are never counted.
const (
	// maxAuthenticating is how many pending connections may have an sshd. Each takes about 3 MiB.
	maxAuthenticating = 48
	// reservedForKnown is how many of these are only for known addresses.
	reservedForKnown = 8
	// maxQueued is how many connections may wait without an sshd. They cost no process.
	maxQueued = 1024
	// silentTimeout is how long a client may take to send its first line.
	silentTimeout = 5 * time.Second
	// queueTimeout is how long a connection may wait in all.
	queueTimeout = 20 * time.Second
	// overdueTimeout is how long a client may owe sshd an answer while others wait.
	overdueTimeout = time.Second
	// loginTimeout is how long a client may take to log in while others wait.
	loginTimeout = 5 * time.Second
	// maxFirst is how many processes a known address may have before other addresses go first, so that
	// no signer can shut others out.
	maxFirst = 8
	// maxComputing is how many processes may compute before another one starts: so many of known
	// addresses, and so many of others. A login takes 0.05 s of a CPU. With 48 at a time on 2 busy CPUs,
	// each took over 4 s, after which clients give up, and hardly one of a hundred got in within a minute.
	maxComputing = 8
	// computingTimeout is after how long a process no longer counts as computing. A client can keep its
	// sshd busy, to keep others out.
	computingTimeout = 2 * time.Second
)

// nat64 is how IPv4 addresses look from an IPv6 network (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// Source returns what counts as one address. Of IPv6 that is the first 64 bits, which one host has.
// All IPv4 addresses in IPv6 have the same 64 bits, so of these it is the IPv4 address.
func Source(address netip.Addr) netip.Addr {
	address = address.Unmap()
	if !address.Is6() {
		return address
	}
	if bytes := address.As16(); nat64.Contains(address) {
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	block, _ := address.WithZone("").Prefix(64)
	return block.Masked().Addr()
}

// pending is what the policy knows of a pending connection.
type pending struct {
	source netip.Addr
	// known: a signer has logged in from this address. knownClient: a signer's client sent the same
	// first line. The latter is only a hint, for where all clients share one address.
	known, knownClient bool
	since              time.Time // when it came, or when its sshd started
	ready              bool      // queued: it has sent its first line
	computing          bool      // authenticating: its sshd computes, or waits for a CPU
	overdue            time.Duration
}

func countSources(connections []pending) map[netip.Addr]int {
	counts := map[netip.Addr]int{}
	for _, each := range connections {
		counts[each.source]++
	}
	return counts
}

// nextToStart chooses which of the queued connections gets the next process; -1 for none, for example
// while enough processes compute. A queued client waits for the greeting, for which clients have 10 s
// and longer. From the greeting on they give up after 4 s without a word.
//
// Known addresses go first, up to a number of processes; then the address with the fewest processes;
// then a client that signers have; then the newest. The newest goes first because a queue that is
// longer than anybody's patience would serve nobody. A signer that retries is the newest again.
func nextToStart(queued, authenticating []pending, now time.Time) int {
	counts := countSources(authenticating)
	computing := map[bool]int{} // by whether the address is known
	for _, each := range authenticating {
		if each.computing && now.Sub(each.since) < computingTimeout {
			computing[each.known]++
		}
	}
	mayStart := func(p pending) bool { return p.ready && computing[p.known] < maxComputing }
	isFirst := func(p pending) bool { return p.known && counts[p.source] < maxFirst }
	return best(queued, mayStart, func(a, b pending) bool {
		if isFirst(a) != isFirst(b) {
			return isFirst(a)
		}
		if counts[a.source] != counts[b.source] {
			return counts[a.source] < counts[b.source]
		}
		if a.knownClient != b.knownClient {
			return a.knownClient
		}
		return a.since.After(b.since)
	})
}

// roomFor returns how many processes there may be before a connection has to wait.
func roomFor(p pending) int {
	if p.known {
		return maxAuthenticating
	}
	return maxAuthenticating - reservedForKnown
}

// toEvict chooses whose process ends because another connection waits; -1 for none. Only a client that
// owes an answer for too long, or takes too long to log in, is evicted. Of these, unknown addresses go
// first, then those of the busiest address, then clients that no signer has, then the oldest.
func toEvict(authenticating []pending, now time.Time) int {
	counts := countSources(authenticating)
	isSlow := func(p pending) bool {
		return p.overdue > overdueTimeout || now.Sub(p.since) > loginTimeout
	}
	return best(authenticating, isSlow, func(a, b pending) bool {
		if a.known != b.known {
			return b.known
		}
		if counts[a.source] != counts[b.source] {
			return counts[a.source] > counts[b.source]
		}
		if a.knownClient != b.knownClient {
			return b.knownClient
		}
		return a.since.Before(b.since)
	})
}

// toDrop chooses which of the queued connections is closed when there are too many: first those that
// have said nothing, then those of unknown addresses, then those of the busiest address, then the
// oldest.
func toDrop(queued []pending) int {
	counts := countSources(queued)
	anyOf := func(pending) bool { return true }
	return best(queued, anyOf, func(a, b pending) bool {
		if a.ready != b.ready {
			return b.ready
		}
		if a.known != b.known {
			return b.known
		}
		if counts[a.source] != counts[b.source] {
			return counts[a.source] > counts[b.source]
		}
		return a.since.Before(b.since)
	})
}

// best returns the index of the connection that comes before all others that qualify; -1 if none does.
func best(connections []pending, qualifies func(pending) bool, isBefore func(a, b pending) bool) int {
	found := -1
	for i, each := range connections {
		if qualifies(each) && (found < 0 || isBefore(each, connections[found])) {
			found = i
		}
	}
	return found
}
