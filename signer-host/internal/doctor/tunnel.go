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

// active is systemd's word for a unit that is up.
const active = "active"

// tunnel is a tunnel's unit as systemd knows it.
type tunnel struct {
	name string
	unit systembus.Unit
	err  error // systemd didn't answer
}

// examineTunnels examines each tunnel.
func (d *doctor) examineTunnels(ctx context.Context) {
	tunnels := make([]tunnel, len(d.config.Tunnels))
	for i, name := range d.config.Tunnels {
		unit, err := unitOf(ctx, name)
		tunnels[i] = tunnel{name, unit, err}
	}
	for _, each := range tunnels {
		d.other = otherOf(each, tunnels)
		d.examineTunnel(ctx, each)
	}
	d.other = ""
}

// otherOf returns the name of a tunnel that is up while this one is not, empty if there is none.
func otherOf(one tunnel, all []tunnel) string {
	if one.err != nil || one.unit.Active == active {
		return ""
	}
	for _, each := range all {
		if each.err == nil && each.unit.Active == active {
			return each.name
		}
	}
	return ""
}

// examineTunnel follows one tunnel to its forwarder. A hop that can't be examined because of an earlier one
// is left out: the earlier one has the cure.
func (d *doctor) examineTunnel(ctx context.Context, t tunnel) {
	d.isBad = map[string]bool{}
	name, unit := t.name, t.unit
	s, err := settingsOf(ctx, d.places.SSHConfig, name)
	if err != nil {
		d.bad("config", fmt.Sprintf("%s: %v", d.places.SSHConfig, err), newKit)
		return
	}
	publicKey := d.examineKey(s)
	known := d.examineKnownHosts(ctx, s)
	if d.examineUplink(s) && d.examineName(ctx, s) {
		open := d.examinePorts(ctx, s, portsOf(unit.Environment, s.port))
		if open != "" && known != nil {
			d.examineHostKey(ctx, s, open, known)
		}
	}
	switch {
	case t.err != nil:
		d.unknown("tunnel", "systemd doesn't answer: "+t.err.Error(), "see that systemd and D-Bus run on this host, and run it there")
	case !unit.Exists:
		d.bad("tunnel", "systemd has no "+name, newKit)
	case unit.Active == active:
		d.ok("login", "the forwarder takes this host's key")
		d.ok("forwards", "both are confirmed")
		up := "is up"
		if !unit.Since.IsZero() {
			up += " for " + time.Since(unit.Since).Round(time.Second).String()
		}
		d.ok("tunnel", fmt.Sprintf("%s %s, started again %d times", name, up, unit.Restarts))
	case unit.Active == "inactive":
		d.bad("tunnel", name+" is stopped"+d.goesOn(), "sudo systemctl start "+name)
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

// goesOn says that another tunnel is up, if one is.
func (d *doctor) goesOn() string {
	if d.other == "" {
		return ""
	}
	return "; signing goes on by " + d.other
}

// examineCalls looks into the log of a tunnel that is not up for the reason.
func (d *doctor) examineCalls(ctx context.Context, name string, unit systembus.Unit, publicKey string) {
	state := fmt.Sprintf("%s is not up (%s), started again %d times", name, unit.Active, unit.Restarts) + d.goesOn()
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
