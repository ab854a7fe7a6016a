package gateway

import (
	"net/http"
	"regexp"
	"time"
)

// A host's /healthz is scraped each minute. The wrapper's page of a host with four keys has 33 KB, and
// 1.8 KB in gzip: through a tunnel 3.3 MB a day, and not 50. That is still too much for an uplink that is
// paid by the byte. So a page that tells of one is served again for a while, and then takes 0.3 MB a day.
//
// A page that the wrapper has not made is served again as well. The one of the older wrapper tells of no
// uplink, and has all of node_exporter in it, some 100 KB.

// keptFor is for how long a page is served again that costs too much to be asked for each minute.
const keptFor = 10 * time.Minute

// health is a page of /healthz that is served again.
type health struct {
	answer
	session uint64 // in which it was read: another session may lead through another uplink
	at      time.Time
}

var (
	wrapperLine = regexp.MustCompile(`(?m)^signer_host_`)
	meteredLine = regexp.MustCompile(`(?m)^signer_host_uplink_metered 1$`)
)

// noPage is the page of a host without one, such as octez-signer alone. It is an empty page of metrics
// and no failure, as nothing is wrong with that host.
var noPage = answer{
	status: http.StatusOK, contentType: "text/plain; version=0.0.4; charset=utf-8",
	body: []byte("# The signer's host has no such page.\n"),
}

// health returns the page /healthz of the signer's host, and how old it is. `fresh` asks the host
// whatever that costs.
func (s *signer) health(a *ask, fresh bool) (answer, time.Duration) {
	s.mu.Lock()
	session, kept := s.session, s.kept
	s.mu.Unlock()
	if age := time.Since(kept.at); !fresh && session != 0 && kept.session == session && age < keptFor {
		return kept.answer, age
	}
	got := s.readPage(a)
	if got.status == http.StatusNotFound {
		got = noPage
	}
	if got.status == http.StatusOK && (!wrapperLine.Match(got.body) || meteredLine.Match(got.body)) {
		s.mu.Lock()
		s.kept = health{got, session, time.Now()}
		s.mu.Unlock()
	}
	return got, 0
}
