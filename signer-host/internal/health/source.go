package health

import (
	"context"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// source is one thing to ask.
type source struct {
	// read asks it. It should return when the context ends, with what it has by then.
	read func(ctx context.Context) found
	// decidesMains is whether the config names it for mains power. If it is silent, nobody else's word
	// that the mains are there is enough.
	decidesMains bool

	busy bool // whether it still reads; guarded by collector.mu
}

// found is what a source has to say.
type found struct {
	metrics []metric
	mains   mains
}

// metric is a number with what tells it from others.
type metric struct {
	prometheus.Metric
	key string
}

// gauge adds a number.
func (f *found) gauge(description *prometheus.Desc, value float64, labels ...string) {
	f.add(description, prometheus.GaugeValue, value, labels)
}

// truth adds 1 or 0.
func (f *found) truth(description *prometheus.Desc, value bool, labels ...string) {
	number := 0.0
	if value {
		number = 1
	}
	f.gauge(description, number, labels...)
}

func (f *found) add(description *prometheus.Desc, kind prometheus.ValueType, value float64, labels []string) {
	// A label that is not UTF-8 would spoil the whole page. Its metric is left out.
	if made, err := prometheus.NewConstMetric(description, kind, value, labels...); err == nil {
		key := description.String() + "\x00" + strings.Join(labels, "\x00")
		f.metrics = append(f.metrics, metric{made, key})
	}
}
