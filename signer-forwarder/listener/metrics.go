package main

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics is what Prometheus is told. The tunnels' own are made when it asks, from the sessions that there are.
type metrics struct {
	registry      *prometheus.Registry
	connects      *prometheus.CounterVec
	takeovers     *prometheus.CounterVec
	requests      *prometheus.CounterVec
	duration      *prometheus.HistogramVec
	errors        *prometheus.CounterVec
	lastSignature *prometheus.GaugeVec
	refused       *prometheus.CounterVec
	strangers     *prometheus.CounterVec
}

// durations are the bounds of the histogram, in seconds: HAProxy says whole milliseconds, a Ledger takes 0.2 to 0.9 s a key, and
// after a level, 6 s, a signature is of no use.
var durations = []float64{.001, .002, .005, .01, .02, .05, .1, .2, .3, .5, .75, 1, 1.5, 2, 3, 4.5, 6}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		made := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(made)
		return made
	}
	m.connects = counter("signer_tunnel_connects_total", "Sessions that a signer has opened.", "signer")
	m.takeovers = counter("signer_tunnel_takeovers_total", "Older sessions of a signer that ended because it was back.", "signer")
	m.requests = counter("signer_requests_total", "Signing requests.", "signer", "key", "kind")
	m.errors = counter("signer_request_errors_total", "Signing requests without a signature.", "signer", "key", "kind", "cause")
	m.refused = counter("signer_refused_requests_total", "Requests that the gateway did not pass on.", "signer", "reason")
	m.strangers = counter("signer_forwarder_refused_connections_total", "Connections that did not become a session.", "cause")
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "signer_request_duration_seconds", Help: "How long signing requests took.", Buckets: durations,
	}, []string{"signer", "key", "kind"})
	m.lastSignature = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "signer_last_signature_timestamp_seconds", Help: "When a signature was last given.",
	}, []string{"signer", "key", "kind"})
	process := collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
	m.registry.MustRegister(m.duration, m.lastSignature, collectors.NewGoCollector(), process)
	return m
}

// setSigners gives every signer its counters from the start, so that a rate is known from the first event on, and takes
// those of removed signers away.
func (m *metrics) setSigners(names, removed []string) {
	for _, name := range names {
		m.connects.WithLabelValues(name)
		m.takeovers.WithLabelValues(name)
	}
	for _, name := range removed {
		labels := prometheus.Labels{"signer": name}
		for _, vector := range []interface{ DeletePartialMatch(prometheus.Labels) int }{
			m.connects, m.takeovers, m.requests, m.duration, m.errors, m.lastSignature, m.refused,
		} {
			vector.DeletePartialMatch(labels)
		}
	}
}

// tunnels tells of the sessions that there are at the time it is asked.
type tunnels struct {
	sessions *sessions
	door     *doorman
}

var (
	tunnelUp      = prometheus.NewDesc("signer_tunnel_up", "Whether the signer has a session. A page of its host, /signers/<name>/healthz, says nothing of that: octez-signer by itself answers 404 there.", []string{"signer"}, nil)
	tunnelStart   = prometheus.NewDesc("signer_tunnel_start_time_seconds", "When the signer's session opened.", []string{"signer"}, nil)
	strangerCount = prometheus.NewDesc("signer_forwarder_strangers", "Connections that have not logged in.", nil, nil)
)

func (t tunnels) Describe(descriptions chan<- *prometheus.Desc) {
	for _, each := range []*prometheus.Desc{tunnelUp, tunnelStart, strangerCount} {
		descriptions <- each
	}
}

func (t tunnels) Collect(found chan<- prometheus.Metric) {
	gauge := func(what *prometheus.Desc, value float64, labels ...string) {
		found <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, value, labels...)
	}
	connected := t.sessions.connected()
	for _, name := range t.sessions.names() {
		up := 0.0
		if each := connected[name]; each != nil {
			up = 1
			gauge(tunnelStart, float64(each.since.UnixMilli())/1000, name)
		}
		gauge(tunnelUp, up, name)
	}
	gauge(strangerCount, float64(t.door.strangers()))
}

// oneOf gives a word if it is among those that are known, so that no label grows without end.
func oneOf(word string, known ...string) string {
	if slices.Contains(known, word) {
		return word
	}
	return "other"
}
