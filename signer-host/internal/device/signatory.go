package device

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// signatoryPort is where Signatory answers for its health, unless it is told another one.
	signatoryPort = "9583"
	// signatoryInterval is how often it is asked. It asks its vaults, which may be in a cloud.
	signatoryInterval = 5 * time.Second
)

// SignatoryPage is the page of a Signatory's health. It has a port of its own.
func SignatoryPage(address *url.URL) string {
	return "http://" + net.JoinHostPort(address.Hostname(), signatoryPort) + "/healthz"
}

// WatchSignatory asks a Signatory at that page whether its vaults are ready, until the context ends
// (Signatory, pkg/server/utility.go: 200 or 503).
func (d *Device) WatchSignatory(ctx context.Context, page string) {
	client := &http.Client{Timeout: signatoryInterval}
	look := func() { d.say(fromItsDaemon, vaults(ctx, client, page)) }
	go func() {
		look()
		every(ctx, signatoryInterval, look)
	}()
}

// vaults returns whether the vaults are ready. A page that isn't there says nothing.
func vaults(ctx context.Context, client *http.Client, page string) State {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return Ready
	}
	response, err := client.Do(request)
	if err != nil {
		return Ready
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusServiceUnavailable {
		return Unknown
	}
	return Ready
}
