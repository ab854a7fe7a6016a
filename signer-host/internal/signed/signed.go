// Package signed counts what was signed since the wrapper's start, for metrics and for /statusz.
package signed

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"remote-signer-cloud/internal/once"
	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-host/internal/daemon"
)

// Signed is what was signed. Its labels are keys that the daemon has signed with, and kinds of a fixed
// list, so that no client makes it grow.
type Signed struct {
	at, level, round *prometheus.GaugeVec
	duration         *prometheus.HistogramVec
	repeats          *prometheus.CounterVec

	// mu guards the field below. Nothing else is locked while it is held.
	mu    sync.Mutex
	marks map[string]map[payload.Kind]daemon.Mark
}

// durations are the bounds of the histogram, in seconds: software keys, tezsign, Ledgers of 0.2 to 0.9 s,
// and several of them in a row. A level is over after 6 s.
var durations = []float64{.002, .005, .01, .02, .05, .1, .2, .3, .5, .75, 1, 1.5, 2, 3, 4.5, 6}

// repeated are the ways in which a signature is given without the daemon.
var repeated = map[once.How]string{once.Joined: "joined", once.Remembered: "remembered"}

// New returns the counts, registered with a registry.
func New(registry prometheus.Registerer) *Signed {
	labels := []string{"key", "kind"}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	s := &Signed{
		at: gauge("signer_host_last_signature_timestamp_seconds",
			"When the daemon gave the last signature, in seconds since 1970."),
		level: gauge("signer_host_last_signature_level", "Level of the last signature."),
		round: gauge("signer_host_last_signature_round", "Round of the last signature."),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "signer_host_signature_duration_seconds",
			Help:    "How long the daemon and its device took for a signature.",
			Buckets: durations,
		}, labels),
		repeats: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "signer_host_repeats_total",
			Help: "Requests for signatures that were answered without the daemon: joined one under way, or remembered.",
		}, []string{"how"}),
		marks: map[string]map[payload.Kind]daemon.Mark{},
	}
	for _, how := range repeated {
		s.repeats.WithLabelValues(how)
	}
	registry.MustRegister(s.at, s.level, s.round, s.duration, s.repeats)
	return s
}

// Note notes a signature that the daemon gave.
func (s *Signed) Note(address string, what payload.Payload, took time.Duration, now time.Time) {
	kind := what.Kind.String()
	s.at.WithLabelValues(address, kind).Set(float64(now.UnixMilli()) / 1000)
	s.level.WithLabelValues(address, kind).Set(float64(what.Level))
	s.round.WithLabelValues(address, kind).Set(float64(what.Round))
	s.duration.WithLabelValues(address, kind).Observe(took.Seconds())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks[address] == nil {
		s.marks[address] = map[payload.Kind]daemon.Mark{}
	}
	s.marks[address][what.Kind] = daemon.Mark{Level: what.Level, Round: what.Round}
}

// NoteRepeat notes a request that was answered without the daemon.
func (s *Signed) NoteRepeat(how once.How) {
	if word, ok := repeated[how]; ok {
		s.repeats.WithLabelValues(word).Inc()
	}
}

// Marks returns the last level and round of a key's kinds, with those of another source where these are
// higher.
func (s *Signed) Marks(address string, others map[payload.Kind]daemon.Mark) map[payload.Kind]daemon.Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	marks := map[payload.Kind]daemon.Mark{}
	for _, kind := range payload.Kinds {
		mark, ok := s.marks[address][kind]
		if other, isOther := others[kind]; isOther && (!ok || mark.IsBelow(other)) {
			mark, ok = other, true
		}
		if ok {
			marks[kind] = mark
		}
	}
	return marks
}
