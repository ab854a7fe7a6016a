package metrics

import (
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Serve answers /healthz, which does not depend on any signer's home, and /metrics. `page` answers what
// is below /signers/. Nothing else is answered, and only a GET is.
func (m *Metrics) Serve(address string, page http.HandlerFunc) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           m.handler(page),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    1 << 14,
	}
	go func() { _ = server.Serve(listener) }()
	return nil
}

func (m *Metrics) handler(page http.HandlerFunc) http.Handler {
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
	// Not a ServeMux, which would lead a path that is not clean to another one.
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		switch path := request.URL.EscapedPath(); {
		case request.Method != http.MethodGet:
			http.Error(response, "Refused: method", http.StatusForbidden)
		case path == "/healthz":
			_, _ = io.WriteString(response, "ok\n")
		case path == "/metrics":
			metrics.ServeHTTP(response, request)
		case strings.HasPrefix(path, "/signers/"):
			page(response, request)
		default:
			http.Error(response, "Not found", http.StatusNotFound)
		}
	})
}
