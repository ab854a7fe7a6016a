package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"remote-signer-cloud/signer-host/internal/systembus"
)

// busTime is how long systemd has to answer.
const busTime = 3 * time.Second

// examineTunnel follows one tunnel to its forwarder. A hop that can't be examined because of an earlier one
// is left out: the earlier one has the cure.
func (d *doctor) examineTunnel(ctx context.Context, name string) {
	d.isBad = map[string]bool{}
	unit, unitErr := unitOf(ctx, name)
	s, err := settingsOf(ctx, d.places.SSHConfig, name)
	if err != nil {
		d.bad("config", fmt.Sprintf("%s: %v", d.places.SSHConfig, err), newKit)
		return
	}
	publicKey := d.examineKey(s)
	known := d.examineKnownHosts(ctx, s)
	if d.examineName(ctx, s) {
		open := d.examinePorts(ctx, s, portsOf(unit.Environment, s.port))
		if open != "" && known != nil {
			d.examineHostKey(ctx, s.host, open, known)
		}
	}
	switch {
	case unitErr != nil:
		d.unknown("tunnel", "systemd doesn't answer: "+unitErr.Error(), "see that systemd and D-Bus run on this host, and run it there")
	case !unit.Exists:
		d.bad("tunnel", "systemd has no "+name, newKit)
	case unit.Active == "active":
		d.ok("login", "the forwarder takes this host's key")
		d.ok("forwards", "both are confirmed")
		up := "is up"
		if !unit.Since.IsZero() {
			up += " for " + time.Since(unit.Since).Round(time.Second).String()
		}
		d.ok("tunnel", fmt.Sprintf("%s %s, started again %d times", name, up, unit.Restarts))
	case unit.Active == "inactive":
		d.bad("tunnel", name+" is stopped", "sudo systemctl start "+name)
	default:
		d.examineCalls(ctx, name, unit, publicKey)
	}
}

func unitOf(ctx context.Context, name string) (systembus.Unit, error) {
	ctx, cancel := context.WithTimeout(ctx, busTime)
	defer cancel()
	bus, err := systembus.Open(ctx)
	if err != nil {
		return systembus.Unit{}, err
	}
	defer bus.Close()
	return bus.Unit(ctx, name)
}

// portsOf returns the ports that a tunnel dials in turn: those of the variable PORTS of its unit, or the one of
// its ssh_config.
func portsOf(environment []string, usual string) []string {
	for _, variable := range environment {
		if list, ok := strings.CutPrefix(variable, "PORTS="); ok && strings.TrimSpace(list) != "" {
			return strings.Fields(list)
		}
	}
	return []string{usual}
}

// examineCalls looks into the log of a tunnel that is not up for the reason.
func (d *doctor) examineCalls(ctx context.Context, name string, unit systembus.Unit, publicKey string) {
	state := fmt.Sprintf("%s is not up (%s), started again %d times", name, unit.Active, unit.Restarts)
	log, err := run(ctx, "journalctl", "--quiet", "--no-pager", "--output", "cat", "--lines", "60", "--unit", name)
	if err != nil || strings.TrimSpace(log) == "" {
		d.bad("tunnel", state+"; its log can't be read", asRoot)
		return
	}
	call := readCall(log)
	if call.authenticated {
		d.ok("login", "the forwarder takes this host's key")
	}
	if call.cause == nil {
		d.bad("tunnel", state+"; the last line of its log: "+lastLine(log), "see more of it: journalctl -u "+name)
		return
	}
	hop := call.cause.hop
	if before := toldAs[hop]; d.isBad[before] {
		hop = before
	}
	if !d.isBad[hop] {
		d.bad(hop, call.line, strings.ReplaceAll(call.cause.cure, "KEYLINE", publicKey))
	}
	d.bad("tunnel", state, "see "+hop)
}
