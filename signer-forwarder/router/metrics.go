package main

import (
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"remote-signer-cloud/signer-forwarder/internal/gateway"
	forwarder "remote-signer-cloud/signer-forwarder/internal/metrics"
)

// metrics are the router's. Their names differ from the forwarder's, so that no sum counts a request twice.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	errors    *prometheus.CounterVec
	refused   *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	hedges    *prometheus.CounterVec
	hedgesWon *prometheus.CounterVec
}

// durations are the bounds of the histogram, in seconds. 0.3 is when a second replica is asked.
var durations = []float64{.002, .005, .01, .02, .05, .1, .2, .3, .5, 1, 2, 4, 6}

// newMetrics returns the metrics of a router whose program has crashed so often before.
func newMetrics(crashes int) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "router_crashes_total", Help: "How often the router was killed or has crashed, and was started again in its container.",
	}, func() float64 { return float64(crashes) }))
	counter := forwarder.Counters(m.registry)
	m.requests = counter("router_requests_total", "Signing requests of the baker.", "signer", "key", "kind")
	m.errors = counter("router_request_errors_total", "Signing requests without a signature.", "signer", "key", "kind", "cause")
	m.refused = counter("router_refused_requests_total", "Requests that the router did not pass on.", "signer", "reason")
	m.hedges = counter("router_hedges_total", "Signing requests that were sent to a second replica as well.", "signer", "replica")
	m.hedgesWon = counter("router_hedges_won_total", "Those that the second replica answered first.", "signer", "replica")
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "router_request_duration_seconds", Help: "How long signing requests took.", Buckets: durations,
	}, []string{"signer", "key", "kind"})
	m.registry.MustRegister(m.duration)
	return m
}

// count counts a request that was refused, or one for a signature.
func (m *metrics) count(r gateway.Record) {
	switch {
	case r.Refused != "":
		m.refused.WithLabelValues(r.Signer, string(r.Refused)).Inc()
	case r.IsSignature():
		m.requests.WithLabelValues(r.Signer, r.Key, r.Kind).Inc()
		m.duration.WithLabelValues(r.Signer, r.Key, r.Kind).Observe(r.Took.Seconds())
		if r.Cause != "" {
			m.errors.WithLabelValues(r.Signer, r.Key, r.Kind, string(r.Cause)).Inc()
		}
	}
}

func (m *metrics) countHedge(h gateway.Hedge) {
	counter := m.hedges
	if h.HasWon {
		counter = m.hedgesWon
	}
	counter.WithLabelValues(h.Signer, h.Replica).Inc()
}

// observe adds the gauges. `states` is called at each scrape.
func (m *metrics) observe(states func() map[string]gateway.State) {
	m.registry.MustRegister(gauges(states))
}

// gauges implements prometheus.Collector.
type gauges func() map[string]gateway.State

var (
	replicaUp   = prometheus.NewDesc("router_replica_up", "Whether the replica answers.", []string{"signer", "replica"}, nil)
	signerReady = prometheus.NewDesc("router_signer_ready", "Whether the signer has a tunnel at the replica, and can sign.", []string{"signer", "replica"}, nil)
	chosen      = prometheus.NewDesc("router_chosen", "1 for the signer that the requests to a signer's port go to.", []string{"port", "signer"}, nil)
	inFlight    = prometheus.NewDesc("router_requests_in_flight", "Requests that are under way to the signer, by all replicas.", []string{"signer"}, nil)
)

func (gauges) Describe(descriptions chan<- *prometheus.Desc) {
	for _, each := range []*prometheus.Desc{replicaUp, signerReady, chosen, inFlight} {
		descriptions <- each
	}
}

func (g gauges) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(description *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, labels...)
	}
	for name, each := range g() {
		gauge(inFlight, float64(each.Inside), name)
		for _, replica := range each.Replicas {
			gauge(replicaUp, forwarder.Number(replica.Up), name, replica.Name)
			gauge(signerReady, forwarder.Number(replica.Ready), name, replica.Name)
		}
		if each.Chosen != "" {
			gauge(chosen, 1, name, each.Chosen)
		}
	}
}

// serve answers /healthz and /metrics, until what it returns is closed.
func (m *metrics) serve(address string) (io.Closer, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /healthz", func(response http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(response, "ok\n")
	})
	pages.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	return server, nil
}
