package health

import "github.com/prometheus/client_golang/prometheus"

var mainsOnline = prometheus.NewDesc("signer_host_mains_online", "Whether the host has mains power, according to everything that knows: 0 if one of them says that it is lost.", nil, nil)

// mains is what one source says of mains power.
type mains int

const (
	mainsUnknown mains = iota
	mainsThere
	mainsLost
)

// together makes one word of the sources' words. One that says lost is believed: a laptop behind a UPS
// sees its adapter on when the UPS runs on its battery. A word that the mains are there is not enough
// while a source is open that the config names for it.
func together(words []mains, open bool) mains {
	word := mainsUnknown
	for _, each := range words {
		word = max(word, each)
	}
	if word == mainsThere && open {
		return mainsUnknown
	}
	return word
}
