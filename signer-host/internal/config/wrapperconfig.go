// Package config reads wrapper.json, in which the kit tells the programs of a signer host what they serve.
//
// Its schema is closed, and it is taken as a whole or not at all.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"remote-signer-cloud/internal/payload"
)

// File is where the kit puts it.
const File = "/etc/remote-signer/wrapper.json"

// Config is what wrapper.json says.
type Config struct {
	Stack, Signer string
	// Listen is an address of loopback and a port: the local end of the tunnel's first forward.
	Listen string
	// Daemon is the signer daemon's URL: http, a host and a port.
	Daemon *url.URL
	Device Kind
	// Answer is how long a request for a signature may go without an answer before the device is busy.
	Answer time.Duration
	// Tunnels are the units of systemd that run the tunnels.
	Tunnels []string
	// Keys are the addresses that the stack's bakers have at this signer.
	Keys  []string
	Mains *Mains
	// UPS is name, name@host or name@host:port, as NUT's upsc takes it; empty: none.
	UPS string
}

// Kind is a kind of device.
type Kind string

// The kinds of devices.
const (
	Ledger    Kind = "ledger"
	Tezsign   Kind = "tezsign"
	TCP       Kind = "tcp"
	Signatory Kind = "signatory"
	Own       Kind = "own"
)

var kinds = []string{string(Ledger), string(Tezsign), string(TCP), string(Signatory), string(Own)}

// octezSigner is where the kit has octez-signer serve, if a device needs it. signer-host/package/wrapperConfig.ts
// has it as well.
const octezSigner = "127.0.0.1:8442"

// HasOctezSigner reports whether the daemon is octez-signer.
func (c Config) HasOctezSigner() bool {
	return c.Device == Ledger || c.Device == TCP || c.Daemon.Host == octezSigner
}

// HasLocalDaemon reports whether the daemon runs on this host.
func (c Config) HasLocalDaemon() bool {
	ip, err := netip.ParseAddr(c.Daemon.Hostname())
	return c.Daemon.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// Mains is a GPIO line that tells whether mains power is lost.
type Mains struct {
	Chip     string // such as gpiochip0
	Line     int    // its offset on the chip
	LostWhen string // the level that tells the loss: high or low
}

// Read reads a file. Its error has all that is wrong.
func Read(file string) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("found no readable file (%w), wanted the one that the signer's package installs", err)
	}
	c, err := Parse(text)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

// Parse reads a configuration. Its error has all that is wrong, in one line.
func Parse(text []byte) (Config, error) {
	var all problems
	o := all.object("", text)
	c := Config{
		Stack:   o.text("stack", "the name of a stack", isName),
		Signer:  o.text("signer", "the name of a signer: lower-case letters, digits and hyphens", isName),
		Listen:  o.text("listen", "an address of loopback and a port, such as 127.0.0.1:8443", isLoopback),
		Device:  o.device(),
		Answer:  o.seconds("answerSeconds", 0.5, 30),
		Tunnels: o.texts("tunnels", "names of services, each once", isService),
		Keys:    o.texts("keys", "tz1…, tz2…, tz3… or tz4…, of 36 letters, each once", payload.IsAddress),
	}
	c.Daemon, _ = url.Parse(o.text("daemon", "http:// with a host and a port, such as http://127.0.0.1:8442", isDaemon))
	if c.Daemon != nil && c.Daemon.Port() == "" {
		c.Daemon.Host += ":80"
	}
	if o.has("mains") {
		c.Mains = o.mains()
	}
	if o.has("ups") {
		c.UPS = o.text("ups", "a UPS of NUT: name, name@host or name@host:port", ups.MatchString)
	}
	o.end()
	if len(all) > 0 {
		return Config{}, errors.New(strings.Join(all, "; "))
	}
	return c, nil
}

func (o *object) device() Kind {
	inner := o.inner("device", "an object with a kind")
	kind := inner.text("kind", "one of "+strings.Join(kinds, ", "), func(text string) bool {
		return slices.Contains(kinds, text)
	})
	inner.end()
	return Kind(kind)
}

func (o *object) mains() *Mains {
	inner := o.inner("mains", "an object with chip, line and lostWhen")
	m := &Mains{
		Chip: inner.text("chip", "a GPIO chip, such as gpiochip0", chip.MatchString),
		Line: inner.number("line", 0, 1023),
		LostWhen: inner.text("lostWhen", "high or low", func(text string) bool {
			return text == "high" || text == "low"
		}),
	}
	inner.end()
	return m
}

var (
	name    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	service = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*\.service$`)
	chip    = regexp.MustCompile(`^gpiochip[0-9]+$`)
	ups     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(@[A-Za-z0-9.:\[\]-]+)?$`)
)

func isName(text string) bool    { return name.MatchString(text) }
func isService(text string) bool { return service.MatchString(text) }

func isLoopback(text string) bool {
	host, port, err := net.SplitHostPort(text)
	ip, ipErr := netip.ParseAddr(host)
	return err == nil && ipErr == nil && ip.IsLoopback() && isPort(port)
}

func isDaemon(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "http" && u.Hostname() != "" && (u.Port() == "" || isPort(u.Port())) &&
		(u.Path == "" || u.Path == "/") && u.User == nil && !strings.ContainsAny(text, "?#")
}

func isPort(text string) bool {
	number, err := strconv.ParseUint(text, 10, 16)
	return err == nil && number > 0
}
