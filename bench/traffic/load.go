package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"
)

// loadResult is how fast a load was. Times are in milliseconds.
type loadResult struct {
	Count     int      `json:"count"`
	Errors    int      `json:"errors"`
	Cause     string   `json:"cause,omitempty"`
	Seconds   float64  `json:"seconds"`
	PerSecond float64  `json:"perSecond"`
	P50       float64  `json:"p50"`
	P99       float64  `json:"p99"`
	P999      *float64 `json:"p999"`
	Max       float64  `json:"max"`
}

// load signs over several connections, each as fast as it gets answers, and prints how fast that was.
func load(words []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	what := flags.String("what", "signature", "what to measure: a signature, which is GET and POST, or the post alone")
	connections := flags.Int("connections", 1, "how many at a time")
	fresh := flags.Bool("fresh", false, "a connection for each request")
	seconds := flags.Float64("seconds", 1, "how long")
	pause := flags.Duration("pause", 0, "from one answer to the next request")
	warm := flags.Int("warm", 3, "how many to leave out first, on each connection")
	timeout := flags.Duration("timeout", 10*time.Second, "how long to wait for an answer")
	t := targetOf(flags, words)
	if len(t.keys) < *connections {
		return fmt.Errorf("found %d keys for %d connections, wanted one for each", len(t.keys), *connections)
	}

	var warmed, done sync.WaitGroup
	begin := make(chan time.Time)
	samples := make([][]float64, *connections)
	failures := make([][]error, *connections)
	for i := range samples {
		warmed.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			c := caller{address: t.address, fresh: *fresh, timeout: *timeout}
			defer c.end()
			once := func() error {
				if *what == "signature" {
					if err := c.call(t.get(*fresh)); err != nil {
						return err
					}
				}
				return c.call(t.post(t.keys[i], *fresh))
			}
			for n := 0; n < *warm; n++ {
				once()
			}
			warmed.Done()
			for end := <-begin; ; time.Sleep(*pause) {
				started := time.Now()
				if started.After(end) {
					return
				}
				if err := once(); err != nil {
					failures[i] = append(failures[i], err)
					// Do not hammer what rejects us.
					time.Sleep(10 * time.Millisecond)
					continue
				}
				samples[i] = append(samples[i], milliseconds(time.Since(started)))
			}
		}()
	}
	warmed.Wait()
	started := time.Now()
	for range samples {
		begin <- started.Add(time.Duration(*seconds * float64(time.Second)))
	}
	done.Wait()
	return json.NewEncoder(os.Stdout).Encode(resultOf(samples, failures, time.Since(started).Seconds()))
}

func milliseconds(took time.Duration) float64 {
	return float64(took.Microseconds()) / 1000
}

// printResult prints what was measured. Without any sample it is an error, with the cause of the last failure.
func printResult(what string, samples [][]float64, failures [][]error, took time.Duration) error {
	result := resultOf(samples, failures, took.Seconds())
	if result.Count == 0 {
		return fmt.Errorf("found no %s, but %s", what, result.Cause)
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func resultOf(samples [][]float64, failures [][]error, seconds float64) loadResult {
	var all []float64
	result := loadResult{Seconds: seconds}
	for i := range samples {
		all = append(all, samples[i]...)
		for _, err := range failures[i] {
			result.Errors++
			result.Cause = fmt.Sprint(err)
		}
	}
	result.Count = len(all)
	result.PerSecond = float64(len(all)) / seconds
	if len(all) == 0 {
		return result
	}
	sort.Float64s(all)
	// The smallest value that this share of all samples does not exceed.
	share := func(thousandths int) float64 { return all[(len(all)*thousandths+999)/1000-1] }
	result.P50, result.P99, result.Max = share(500), share(990), all[len(all)-1]
	// With fewer samples it would be the slowest one.
	if len(all) >= 1000 {
		p999 := share(999)
		result.P999 = &p999
	}
	return result
}
