package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// page is what the port for monitoring passes on of a signer's host.
func (g *Gateway) page(name, path string) (*signer, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.signer(name)
	if s == nil {
		return nil, false
	}
	if path == "healthz" || path == "authorized_keys" {
		return s, true
	}
	address, ok := strings.CutPrefix(path, "statusz/")
	if !ok {
		return nil, false
	}
	// A fall-back device has the keys of another signer's port.
	for _, r := range g.routes {
		if r.leadsTo(s, address) {
			return s, true
		}
	}
	return nil, false
}

// maxPage is the largest page of a signer's host, in bytes.
const maxPage = 256 << 10

// ServePage answers GET /signers/<name>/healthz and /signers/<name>/statusz/<address> with the page of
// the signer's host. The query string is passed on: the older wrapper's page is
// /statusz/<key>?ledger_url=…. It answers /signers/<name>/authorized_keys with what the signer has said to
// the last check: whose requests it signs.
func (g *Gateway) ServePage(response http.ResponseWriter, request *http.Request) {
	name, path, ok := cutPage(request.URL.EscapedPath())
	var s *signer
	if ok {
		s, ok = g.page(name, path)
	}
	if !ok {
		http.Error(response, "Not found", http.StatusNotFound)
		return
	}
	a := &ask{method: http.MethodGet, target: "/" + path}
	if request.URL.RawQuery != "" {
		a.target += "?" + request.URL.RawQuery
	}
	var got answer
	switch path {
	case "authorized_keys":
		said, cause := s.awaitGreeting(time.Now(), holdTime)
		if got = failed(name, cause).answer; said != nil {
			got = said.answer
		}
	case "healthz":
		a.encoding = "gzip"
		var age time.Duration
		got, age = s.health(a, request.URL.Query().Has("fresh"))
		response.Header().Set("age", strconv.Itoa(int(age.Seconds())))
	default:
		a.accept = request.Header.Get("accept")
		got = s.readPage(a)
	}
	if got.contentType != "" {
		response.Header().Set("content-type", got.contentType)
	}
	response.WriteHeader(got.status)
	_, _ = response.Write(got.body)
}

// readPage asks the signer's host for a page.
func (s *signer) readPage(a *ask) answer {
	return s.request(a, func() patience { return limit(time.Now().Add(readTimeout)) }, maxPage, passAll).answer
}

// cutPage splits /signers/<name>/<path>.
func cutPage(all string) (name, path string, ok bool) {
	rest, ok := strings.CutPrefix(all, "/signers/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}
