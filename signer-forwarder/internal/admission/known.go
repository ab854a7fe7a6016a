package admission

import (
	"net/netip"
	"time"
)

// maxRemembered is how many addresses, and how many clients, are remembered.
const maxRemembered = 1024

// knownSigners is what is remembered of signers that have logged in.
type knownSigners struct {
	sources map[netip.Addr]time.Time // where they came from, and when last
	clients map[string]bool          // the first lines of their clients
}

func newKnownSigners() knownSigners {
	return knownSigners{sources: map[netip.Addr]time.Time{}, clients: map[string]bool{}}
}

func (k knownSigners) hasSource(source netip.Addr) bool {
	_, ok := k.sources[source]
	return ok
}

// add remembers a login. If there is no room for a new source, the one that was seen least recently is
// forgotten. Clients are few, so of these the first ones stay.
func (k knownSigners) add(source netip.Addr, client string, now time.Time) {
	if !k.hasSource(source) && len(k.sources) >= maxRemembered {
		delete(k.sources, k.oldest())
	}
	k.sources[source] = now
	if len(k.clients) < maxRemembered {
		k.clients[client] = true
	}
}

func (k knownSigners) oldest() netip.Addr {
	var oldest netip.Addr
	for source, last := range k.sources {
		if !oldest.IsValid() || last.Before(k.sources[oldest]) {
			oldest = source
		}
	}
	return oldest
}
