package health

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"remote-signer-cloud/signer-host/internal/config"
)

// says is a source with one line, and a word on mains power.
func says(zone string, word mains) func(context.Context) found {
	return func(context.Context) (f found) {
		f.gauge(temperatureCelsius, 1, zone)
		f.mains = word
		return f
	}
}

func TestASourceThatHangsLeavesOutOnlyItsOwnLines(t *testing.T) {
	var asked atomic.Int32
	release := make(chan struct{})
	hangs := func(context.Context) found {
		asked.Add(1)
		<-release
		return says("hung", mainsUnknown)(nil)
	}
	c := &collector{sources: []*source{{read: hangs}, {read: says("well", mainsUnknown)}}, patience: 50 * time.Millisecond}
	begin := time.Now()
	for range 3 {
		same(t, page(t, c), `signer_host_temperature_celsius{zone="well"} 1`)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("three scrapes took %v, want at most 3 times the patience", took)
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("asked %d times, want once: it still hangs", got)
	}
	close(release)
	for range 100 {
		if len(page(t, c)) == 2 {
			return
		}
	}
	t.Error("its lines are not back")
}

func TestASourceThatStopsAtTheEndOfTheTimeIsHeard(t *testing.T) {
	slow := func(ctx context.Context) found {
		<-ctx.Done()
		return says("half", mainsUnknown)(nil)
	}
	c := &collector{sources: []*source{{read: slow}}, patience: 200 * time.Millisecond}
	same(t, page(t, c), `signer_host_temperature_celsius{zone="half"} 1`)
}

func TestScrapesAtTheSameTimeShareTheAnswers(t *testing.T) {
	var asked atomic.Int32
	slow := func(context.Context) found {
		asked.Add(1)
		time.Sleep(300 * time.Millisecond)
		return says("one", mainsUnknown)(nil)
	}
	c := &collector{sources: []*source{{read: slow}}, patience: time.Second}
	var scrapes sync.WaitGroup
	for range 20 {
		scrapes.Add(1)
		go func() {
			defer scrapes.Done()
			same(t, page(t, c), `signer_host_temperature_celsius{zone="one"} 1`)
		}()
	}
	scrapes.Wait()
	if got := asked.Load(); got > 2 {
		t.Errorf("asked %d times, want once or twice", got)
	}
}

func TestTwoSourcesWithOneNameDoNotSpoilThePage(t *testing.T) {
	c := &collector{sources: []*source{{read: says("same", mainsUnknown)}, {read: says("same", mainsUnknown)}}, patience: time.Second}
	same(t, page(t, c), `signer_host_temperature_celsius{zone="same"} 1`)
}

func TestALabelThatIsNoTextDoesNotSpoilThePage(t *testing.T) {
	c := &collector{sources: []*source{{read: says("\xff", mainsUnknown)}, {read: says("well", mainsUnknown)}}, patience: time.Second}
	same(t, page(t, c), `signer_host_temperature_celsius{zone="well"} 1`)
}

func TestMainsPowerOfSeveralSources(t *testing.T) {
	type word struct {
		mains   mains
		decides bool
	}
	for name, test := range map[string]struct {
		words []word
		want  []string
	}{
		"nobody knows":                            {[]word{{mainsUnknown, false}}, nil},
		"an adapter alone":                        {[]word{{mainsThere, false}}, []string{"signer_host_mains_online 1"}},
		"an adapter is off":                       {[]word{{mainsLost, false}}, []string{"signer_host_mains_online 0"}},
		"the UPS runs on its battery":             {[]word{{mainsThere, false}, {mainsLost, true}}, []string{"signer_host_mains_online 0"}},
		"unplugged from the UPS":                  {[]word{{mainsLost, false}, {mainsThere, true}}, []string{"signer_host_mains_online 0"}},
		"all agree":                               {[]word{{mainsThere, false}, {mainsThere, true}}, []string{"signer_host_mains_online 1"}},
		"the UPS of the config is silent":         {[]word{{mainsThere, false}, {mainsUnknown, true}}, nil},
		"it is silent, but the adapter is off":    {[]word{{mainsLost, false}, {mainsUnknown, true}}, []string{"signer_host_mains_online 0"}},
		"one of the config knows, one is silent":  {[]word{{mainsThere, true}, {mainsUnknown, true}}, nil},
		"one of the config says lost, one silent": {[]word{{mainsLost, true}, {mainsUnknown, true}}, []string{"signer_host_mains_online 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &collector{patience: time.Second}
			for _, each := range test.words {
				read := func(context.Context) found { return found{mains: each.mains} }
				c.sources = append(c.sources, &source{read: read, decidesMains: each.decides})
			}
			same(t, page(t, c), test.want...)
		})
	}
}

func TestTheUPSOfTheConfigIsOpenWhileItHangs(t *testing.T) {
	hangs := func(context.Context) found { select {} }
	c := &collector{
		sources:  []*source{{read: hangs, decidesMains: true}, {read: says("well", mainsThere)}},
		patience: 50 * time.Millisecond,
	}
	for range 2 {
		same(t, page(t, c), `signer_host_temperature_celsius{zone="well"} 1`)
	}
}

func TestThisMachineHasAPage(t *testing.T) {
	missing := Options{Tunnels: []string{"none.service"}, Mains: &config.Mains{Chip: "gpiochip99", Line: 6, LostWhen: "high"}, UPS: "none@127.0.0.1:1"}
	lines := page(t, Collector(missing))
	if len(lines) == 0 {
		t.Error("got no line, want at least the disk's")
	}
	described := make(chan *prometheus.Desc, 100)
	Collector(missing).Describe(described)
	if got := len(described); got != len(descriptions) {
		t.Errorf("got %d descriptions, want %d", got, len(descriptions))
	}
}
