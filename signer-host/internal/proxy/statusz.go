package proxy

import (
	"encoding/json"
	"net/http"

	"remote-signer-cloud/signer-host/internal/daemon"
	"remote-signer-cloud/signer-host/internal/device"
)

// keyPage is the page of a key. What is not known is left out.
type keyPage struct {
	Key       string                 `json:"key"`
	Known     *bool                  `json:"known,omitempty"`
	Device    device.State           `json:"device"`
	Since     string                 `json:"since"`
	Watermark map[string]daemon.Mark `json:"watermark,omitempty"`
}

// statusz answers whether the daemon knows a key and the device can sign, with 200 or 503, and the last
// level and round of each kind. The daemon knows a key's public key without its device.
func (p *Proxy) statusz(w http.ResponseWriter, r *http.Request, address string) {
	status := p.device.Status()
	page := keyPage{Key: address, Device: status.State, Since: since(status)}
	got, err := p.daemon.Ask(r.Context(), daemon.Request{Method: http.MethodGet, Target: "/keys/" + address})
	if err == nil && (got.Status == http.StatusOK || got.Status == http.StatusNotFound) {
		isKnown := got.Status == http.StatusOK
		page.Known = &isKnown
	}
	for kind, mark := range p.signed.Marks(address, p.options.Marks(address)) {
		if page.Watermark == nil {
			page.Watermark = map[string]daemon.Mark{}
		}
		page.Watermark[kind.String()] = mark
	}
	text, _ := json.Marshal(page)
	answer := daemon.Answer{Status: http.StatusServiceUnavailable, ContentType: "application/json", Body: append(text, '\n')}
	if page.Known != nil && *page.Known && status.State == device.Ready {
		answer.Status = http.StatusOK
	}
	write(w, answer)
}
