package health

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// collector asks the sources side by side at each scrape. A source that hangs costs the scrape its
// patience, and only its own lines. It is not asked again before it has answered.
type collector struct {
	sources  []*source
	patience time.Duration

	// mu guards current, and the field busy of each source.
	mu      sync.Mutex
	current *round // nil if no scrape is under way
}

// round is one asking of all sources. Scrapes that come meanwhile share it, so that many scrapes cost no
// more than one.
type round struct {
	ended   chan struct{}
	metrics []prometheus.Metric // complete once ended is closed
}

type answer struct {
	source *source
	found  found
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, each := range descriptions {
		to <- each
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	r := c.current
	if r == nil {
		r = &round{ended: make(chan struct{})}
		c.current = r
		go c.hold(r)
	}
	c.mu.Unlock()
	<-r.ended
	for _, each := range r.metrics {
		to <- each
	}
}

// hold asks all sources that are not still busy, and ends the round.
func (c *collector) hold(r *round) {
	ctx, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	answers := make(chan answer, len(c.sources))
	asked := c.start(ctx, answers)
	// Those that end with the context have a moment to hand over what they have.
	limit := time.After(c.patience + c.patience/9)
	heard := make([]answer, 0, asked)
	for waiting := true; waiting && len(heard) < asked; {
		select {
		case each := <-answers:
			heard = append(heard, each)
		case <-limit:
			waiting = false
		}
	}
	r.metrics = c.page(heard)
	c.mu.Lock()
	c.current = nil
	c.mu.Unlock()
	close(r.ended)
}

// start asks the sources that are not busy, and returns how many those are.
func (c *collector) start(ctx context.Context, answers chan<- answer) (asked int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sources {
		if s.busy {
			continue
		}
		s.busy = true
		asked++
		go func() {
			read := s.read(ctx)
			c.mu.Lock()
			s.busy = false
			c.mu.Unlock()
			answers <- answer{s, read}
		}()
	}
	return asked
}

// page returns the metrics of the answers. Of two with the same labels it takes the first, because
// Prometheus' library has no page at all with both.
func (c *collector) page(heard []answer) []prometheus.Metric {
	var words []mains
	undecided := 0
	for _, s := range c.sources {
		if s.decidesMains {
			undecided++
		}
	}
	var all []metric
	for _, each := range heard {
		all = append(all, each.found.metrics...)
		words = append(words, each.found.mains)
		if each.source.decidesMains && each.found.mains != mainsUnknown {
			undecided--
		}
	}
	var power found
	if word := together(words, undecided > 0); word != mainsUnknown {
		power.truth(mainsOnline, word == mainsThere)
	}
	seen := map[string]bool{}
	var metrics []prometheus.Metric
	for _, each := range append(all, power.metrics...) {
		if !seen[each.key] {
			seen[each.key] = true
			metrics = append(metrics, each.Metric)
		}
	}
	return metrics
}
