// Package metrics has the forwarder's metrics, and the HTTP server that Prometheus and the kubelet ask.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/gateway"
)

// Metrics are the forwarder's metrics. The counters live here. The gauges of the tunnels are read from
// their owners at each scrape: see Observe.
type Metrics struct {
	registry      *prometheus.Registry
	connects      *prometheus.CounterVec
	takeovers     *prometheus.CounterVec
	requests      *prometheus.CounterVec
	duration      *prometheus.HistogramVec
	errors        *prometheus.CounterVec
	lastSignature *prometheus.GaugeVec
	refused       *prometheus.CounterVec
	lastError     *prometheus.GaugeVec
	lastRefusal   *prometheus.GaugeVec
	notLoggedIn   *prometheus.CounterVec

	keys map[signerKey]bool // that have series, of the configuration
}

// signerKey is a key at the port of its signer.
type signerKey struct{ signer, key string }

// durations are the bounds of the histogram, in seconds. A Ledger
// takes 0.2 to 0.9 s for a signature. After a level, 6 s, a signature is useless.
var durations = []float64{.001, .002, .005, .01, .02, .05, .1, .2, .3, .5, .75, 1, 1.5, 2, 3, 4.5, 6}

// Counters returns what makes a counter, with its name, its help and its labels, and registers it.
func Counters(registry *prometheus.Registry) func(name, help string, labels ...string) *prometheus.CounterVec {
	return func(name, help string, labels ...string) *prometheus.CounterVec {
		vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		registry.MustRegister(vector)
		return vector
	}
}

// New returns the metrics, all at zero.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	counter := Counters(m.registry)
	m.connects = counter("signer_tunnel_connects_total", "Sessions that a signer has opened.", "signer")
	m.takeovers = counter("signer_tunnel_takeovers_total", "Older sessions of a signer that ended because it was back.", "signer")
	m.requests = counter("signer_requests_total", "Signing requests.", "signer", "key", "kind")
	m.errors = counter("signer_request_errors_total", "Signing requests without a signature.", "signer", "key", "kind", "cause")
	m.refused = counter("signer_refused_requests_total", "Requests that the gateway did not pass on.", "signer", "reason")
	m.notLoggedIn = counter("signer_forwarder_refused_connections_total", "Connections that did not become a session.", "cause")
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "signer_request_duration_seconds", Help: "How long signing requests took.", Buckets: durations,
	}, []string{"signer", "key", "kind"})
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(vector)
		return vector
	}
	m.lastSignature = gauge("signer_last_signature_timestamp_seconds", "When a signature was last given.", "signer", "key", "kind")
	// A counter begins with its first event, which a rate of it does not see. These do.
	m.lastError = gauge("signer_last_error_timestamp_seconds", "When a signing request last had no signature.", "signer", "cause")
	m.lastRefusal = gauge("signer_last_refusal_timestamp_seconds", "When a request was last not passed on.", "signer", "reason")
	process := collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
	m.registry.MustRegister(m.duration, collectors.NewGoCollector(), process)
	return m
}

// SetSigners gives each signer its counters at once, so that a rate is known from its first event on.
// It removes the series of removed signers.
func (m *Metrics) SetSigners(names, removed []string) {
	for _, name := range names {
		m.connects.WithLabelValues(name)
		m.takeovers.WithLabelValues(name)
	}
	for _, name := range removed {
		labels := prometheus.Labels{"signer": name}
		for _, vector := range []interface{ DeletePartialMatch(prometheus.Labels) int }{
			m.connects, m.takeovers, m.requests, m.duration, m.errors, m.lastSignature, m.refused, m.lastError, m.lastRefusal,
		} {
			vector.DeletePartialMatch(labels)
		}
	}
}

// SetKeys gives each key its counters of requests at once, at the signer whose port it has, so that one
// that is never asked for is seen. It removes the series of removed keys.
func (m *Metrics) SetKeys(signers []config.Signer) {
	current := map[signerKey]bool{}
	for _, s := range signers {
		for _, key := range s.Keys {
			current[signerKey{s.Name, key.Address}] = true
			for _, kind := range payload.Kinds {
				m.requests.WithLabelValues(s.Name, key.Address, kind.String())
			}
		}
	}
	for former := range m.keys {
		if current[former] {
			continue
		}
		labels := prometheus.Labels{"signer": former.signer, "key": former.key}
		for _, vector := range []interface{ DeletePartialMatch(prometheus.Labels) int }{
			m.requests, m.duration, m.errors, m.lastSignature,
		} {
			vector.DeletePartialMatch(labels)
		}
	}
	m.keys = current
}

// CountConnect counts a session that a signer has opened.
func (m *Metrics) CountConnect(signer string) { m.connects.WithLabelValues(signer).Inc() }

// CountTakeover counts a session that ended because its signer opened a newer one.
func (m *Metrics) CountTakeover(signer string) { m.takeovers.WithLabelValues(signer).Inc() }

// CountRefusal counts a connection that did not become a session.
func (m *Metrics) CountRefusal(cause string) { m.notLoggedIn.WithLabelValues(cause).Inc() }

// CountRequest counts a request that was refused, or one for a signature.
func (m *Metrics) CountRequest(r gateway.Record) {
	if r.Refused != "" {
		m.refused.WithLabelValues(r.Signer, string(r.Refused)).Inc()
		m.lastRefusal.WithLabelValues(r.Signer, string(r.Refused)).Set(seconds(r.Time))
		return
	}
	if !r.IsSignature() {
		return
	}
	m.requests.WithLabelValues(r.Signer, r.Key, r.Kind).Inc()
	m.duration.WithLabelValues(r.Signer, r.Key, r.Kind).Observe(r.Took.Seconds())
	if r.Cause != "" {
		m.errors.WithLabelValues(r.Signer, r.Key, r.Kind, string(r.Cause)).Inc()
		m.lastError.WithLabelValues(r.Signer, string(r.Cause)).Set(seconds(r.Time))
		return
	}
	m.lastSignature.WithLabelValues(r.Signer, r.Key, r.Kind).Set(seconds(r.Time))
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// State is what the gauges show.
type State struct {
	Signers   []string
	Connected map[string]time.Time // when the session of a signer opened, of those that have one
	Pending   int                  // connections that have not logged in
	// NextHostKey says that there is a host key that will replace the current one.
	NextHostKey bool
	Gateway     map[string]gateway.State
}

// Observe adds the gauges. `state` is called at each scrape.
func (m *Metrics) Observe(state func() State) { m.registry.MustRegister(gauges{state}) }

// gauges implements prometheus.Collector.
type gauges struct{ state func() State }

var (
	tunnelUp     = prometheus.NewDesc("signer_tunnel_up", "Whether the signer has a session.", []string{"signer"}, nil)
	tunnelStart  = prometheus.NewDesc("signer_tunnel_start_time_seconds", "When the signer's session opened.", []string{"signer"}, nil)
	answers      = prometheus.NewDesc("signer_answers", "Whether the signer answers the gateway's checks, and so is asked for signatures.", []string{"signer"}, nil)
	deviceReady  = prometheus.NewDesc("signer_device_ready", "Whether the signer answers, and its device can sign as far as is known.", []string{"signer"}, nil)
	roundTrip    = prometheus.NewDesc("signer_check_duration_seconds", "How long the last check of the signer took that was passed in this session.", []string{"signer"}, nil)
	inFlight     = prometheus.NewDesc("signer_requests_in_flight", "Requests for signatures that are under way to the signer.", []string{"signer"}, nil)
	waiting      = prometheus.NewDesc("signer_requests_waiting", "Requests that wait for a place in the signer's tunnel.", []string{"signer"}, nil)
	connections  = prometheus.NewDesc("signer_baker_connections", "Connections of bakers to the signer's port.", []string{"signer"}, nil)
	chosen       = prometheus.NewDesc("signer_chosen", "1 for the signer that the requests to a signer's port go to.", []string{"port", "signer"}, nil)
	nextHostKey  = prometheus.NewDesc("signer_forwarder_next_host_key", "Whether there is a next host key, which signers learn before it replaces the current one.", nil, nil)
	pendingCount = prometheus.NewDesc("signer_forwarder_strangers", "Connections that have not logged in.", nil, nil)
)

func (g gauges) Describe(descriptions chan<- *prometheus.Desc) {
	for _, each := range []*prometheus.Desc{
		tunnelUp, tunnelStart, pendingCount, nextHostKey, answers, deviceReady, roundTrip, inFlight, waiting, connections, chosen,
	} {
		descriptions <- each
	}
}

func (g gauges) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(description *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, labels...)
	}
	state := g.state()
	for _, name := range state.Signers {
		up := 0.0
		if since, ok := state.Connected[name]; ok {
			up = 1
			gauge(tunnelStart, seconds(since), name)
		}
		gauge(tunnelUp, up, name)
	}
	gauge(pendingCount, float64(state.Pending))
	gauge(nextHostKey, Number(state.NextHostKey))
	for name, each := range state.Gateway {
		gauge(answers, Number(each.Answers), name)
		gauge(deviceReady, Number(each.Ready), name)
		gauge(inFlight, float64(each.Inside), name)
		gauge(waiting, float64(each.Waiting), name)
		gauge(connections, float64(each.Connections), name)
		if each.Trip > 0 {
			gauge(roundTrip, each.Trip.Seconds(), name)
		}
		if each.Chosen != "" {
			gauge(chosen, 1, name, each.Chosen)
		}
	}
}

// Number is a yes or a no as a gauge has it.
func Number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
