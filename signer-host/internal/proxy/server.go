package proxy

import (
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// maxClients is how many connections of clients are open at a time; the next one waits. The gateway keeps
// 32 at most, for each forwarder.
const maxClients = 128

// NewServer returns the HTTP server. A client has 5 s for a head, and for a body of its own. A connection
// in no use stays open, because the gateway keeps those through the tunnel: opening one takes a round
// trip. If the gateway is gone, the tunnel's client closes them.
func (p *Proxy) NewServer() *http.Server {
	return &http.Server{
		Handler:                      p,
		ReadHeaderTimeout:            5 * time.Second,
		MaxHeaderBytes:               8 << 10,
		DisableGeneralOptionsHandler: true,
		// What strangers send is no event.
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// Limit limits the connections of a listener.
func Limit(listener net.Listener) net.Listener { return netutil.LimitListener(listener, maxClients) }
