package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"remote-signer-cloud/signer-host/internal/config"
)

// examineSigner follows a request from the tunnel's end to the device.
func (d *doctor) examineSigner(ctx context.Context) {
	c := d.config
	wrapper := "http://" + c.Listen
	if _, _, err := get(ctx, wrapper+"/healthz"); err != nil {
		d.bad("wrapper", fmt.Sprintf("doesn't answer at %s: %v", c.Listen, err),
			"sudo systemctl restart remote-signer-wrapper, and see journalctl -u remote-signer-wrapper")
	} else {
		d.ok("wrapper", "answers at "+c.Listen)
	}
	daemon := strings.TrimSuffix(c.Daemon.String(), "/")
	if c.HasOctezSigner() {
		d.examineOctez(ctx)
	}
	// Any answer is one of a daemon that runs.
	_, body, err := get(ctx, daemon+"/authorized_keys")
	if err != nil {
		d.bad("daemon", fmt.Sprintf("doesn't answer at %s: %v", daemon, err), daemonCure(c))
		return
	}
	d.ok("daemon", "answers at "+daemon)
	if c.HasOctezSigner() {
		d.examineAuthorized(body)
	}
	for _, key := range c.Keys {
		d.examineAddress(ctx, daemon, key)
	}
	if len(c.Keys) == 0 {
		d.ok("keys", "the stack's config names none for this signer")
	}
	d.examineDevice(ctx, wrapper)
}

func daemonCure(c config.Config) string {
	if c.HasOctezSigner() {
		return "sudo systemctl restart remote-signer-daemon, and see journalctl -u remote-signer-daemon"
	}
	return "start the daemon of the device: the kit has none for the kind " + string(c.Device)
}

// examineAddress asks the daemon for a key.
func (d *doctor) examineAddress(ctx context.Context, daemon, key string) {
	status, body, err := get(ctx, daemon+"/keys/"+key)
	switch {
	case err != nil:
		d.bad("keys", fmt.Sprintf("%s: %v", key, err), daemonCure(d.config))
	case status == http.StatusOK:
		d.ok("keys", key+" is known to the daemon")
	case status == http.StatusNotFound, status == http.StatusInternalServerError, status == http.StatusBadRequest:
		d.bad("keys", fmt.Sprintf("%s is not known to the daemon (%d)", key, status),
			"import the key on this host (docs/guide/signer-host.md), or correct the address in the stack's config")
	default:
		d.unknown("keys", fmt.Sprintf("%s: the daemon answers %d: %.80s", key, status, lastLine(body)), "see the daemon's log")
	}
}

// deviceCures are what to do for each word of the wrapper.
var deviceCures = map[string]string{
	"absent":  "plug the device in: lsusb -d 2c97: shows a Ledger. Try another cable or port, and a supply that is strong enough",
	"locked":  "unlock the device, and open its baking app",
	"busy":    "look at the device: it has not answered a request for longer than answerSeconds. Confirm or reject what it shows, or plug it in anew",
	"unknown": "look at the device, and at the daemon's log",
}

// examineDevice asks the wrapper whether the device can sign. It knows without asking the device.
func (d *doctor) examineDevice(ctx context.Context, wrapper string) {
	status, body, err := get(ctx, wrapper+"/authorized_keys")
	var word struct{ Device, Since string }
	switch {
	case err != nil:
		d.unknown("device", "the wrapper doesn't answer", "see wrapper")
	case status == http.StatusServiceUnavailable && json.Unmarshal([]byte(body), &word) == nil && deviceCures[word.Device] != "":
		d.bad("device", "is "+word.Device+" since "+word.Since, deviceCures[word.Device])
	case status == http.StatusOK:
		d.ok("device", "is ready, as far as that shows without a signature")
	default:
		d.unknown("device", fmt.Sprintf("the wrapper answers %d: %.80s", status, lastLine(body)), "see journalctl -u remote-signer-wrapper")
	}
}

// askTime is how long a program on this host has to answer.
const askTime = 5 * time.Second

// client asks programs on this host, without a proxy, and follows no redirection.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       askTime,
}

// get asks for a page. Its error is short.
func get(ctx context.Context, url string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		if timeout, ok := err.(interface{ Timeout() bool }); ok && timeout.Timeout() {
			return 0, "", errors.New("no answer within 5 s")
		}
		return 0, "", plain(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, string(text), err
}
