// Package health measures the signer host for GET /healthz: power, uplink, temperature, disk, clock and
// tunnels. A thing that the host doesn't have, or that doesn't answer in time, has no line: never a zero.
// Nothing here asks the signer daemon, which would take one of its 100 connections from a signature.
package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"remote-signer-cloud/signer-host/internal/config"
)

// Options says what the host's config names.
type Options struct {
	Tunnels []string      // the tunnels' units, such as remote-signer-tunnel@0.service
	Mains   *config.Mains // the GPIO line that tells the loss of mains power, if there is one
	UPS     string        // the UPS of NUT, as upsc takes it: name[@host[:port]]; empty if there is none
}

// patience is how long the sources have. Prometheus gives a scrape 10 s, but shares the tunnel with
// signatures. What asks a program of the host is usually answered within 20 ms.
const patience = 900 * time.Millisecond

// Collector returns the metrics of the host. It reads them at each scrape.
func Collector(options Options) prometheus.Collector {
	const (
		sys  = "/sys"
		proc = "/proc"
	)
	sources := []*source{
		{read: supplies(sys)},
		{read: upower},
		{read: uplinks(sys, proc)},
		{read: metered(proc)},
		{read: modems},
		{read: temperature(sys)},
		{read: throttling(sys)},
		{read: disk("/var/lib")},
		{read: clock},
	}
	for _, unit := range options.Tunnels {
		sources = append(sources, &source{read: tunnel(unit)})
	}
	if options.Mains != nil {
		sources = append(sources, &source{read: line(*options.Mains), decidesMains: true})
	}
	if options.UPS != "" {
		sources = append(sources, &source{read: ups("upsc", options.UPS), decidesMains: true})
	}
	return &collector{sources: sources, patience: patience}
}

// descriptions are the metrics that this package has.
var descriptions = []*prometheus.Desc{
	mainsOnline, batteryRatio, uplinkActive, uplinkMetered, modemSignal, temperatureCelsius, throttled,
	undervoltage, diskFree, diskSize, clockOffset, clockSynchronized, tunnelUp, tunnelRestarts,
}
