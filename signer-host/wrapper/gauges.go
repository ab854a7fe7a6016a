package main

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-host/internal/config"
	"remote-signer-cloud/signer-host/internal/device"
)

var (
	info = prometheus.NewDesc("signer_host_info", "The signer, its stack and the wrapper's version.",
		[]string{"signer", "stack", "version"}, nil)
	daemonUp = prometheus.NewDesc("signer_host_daemon_up",
		"Whether the signer daemon accepts connections.", nil, nil)
	daemonInfo = prometheus.NewDesc("signer_host_daemon_info", "The signer daemon's version, where it is known.",
		[]string{"version"}, nil)
	deviceReady = prometheus.NewDesc("signer_host_device_ready", "Whether the device can sign.", nil, nil)
	deviceState = prometheus.NewDesc("signer_host_device_state", "1 for the state that the device is in.",
		[]string{"state"}, nil)
)

// gauges are read at each scrape.
type gauges struct {
	config config.Config
	device *device.Device

	// mu guards the fields below. Nothing else is locked while it is held.
	mu      sync.Mutex
	looked  bool // the daemon was looked at
	isUp    bool
	version string
}

// setUp takes whether the daemon is up, and reports whether that is news.
func (g *gauges) setUp(isUp bool) bool {
	g.mu.Lock()
	isNews := !g.looked || g.isUp != isUp
	g.looked, g.isUp = true, isUp
	g.mu.Unlock()
	switch {
	case isNews && isUp:
		logf.Printf("the signer daemon answers at %s", g.config.Daemon)
	case isNews:
		logf.Printf("the signer daemon does not answer at %s", g.config.Daemon)
	}
	return isNews
}

func (g *gauges) setVersion(version string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.version = version
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, each := range []*prometheus.Desc{info, daemonUp, daemonInfo, deviceReady, deviceState} {
		to <- each
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	send := func(what *prometheus.Desc, isTrue bool, labels ...string) {
		value := 0.0
		if isTrue {
			value = 1
		}
		to <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, value, labels...)
	}
	g.mu.Lock()
	looked, isUp, daemonVersion := g.looked, g.isUp, g.version
	g.mu.Unlock()
	status := g.device.Status()
	send(info, true, g.config.Signer, g.config.Stack, version)
	if looked {
		send(daemonUp, isUp)
	}
	if daemonVersion != "" {
		send(daemonInfo, true, daemonVersion)
	}
	send(deviceReady, status.State == device.Ready)
	for _, state := range device.States {
		send(deviceState, status.State == state, string(state))
	}
}
