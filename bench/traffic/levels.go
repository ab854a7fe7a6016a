package main

import (
	"flag"
	"strings"
	"sync"
	"time"
)

// levels does what bakers do at many levels: each key signs once, all at once or evenly spread over the level. It prints how
// long each signature took. The first key is asked for at the first address, the next one at the next, and so on in turn.
func levels(words []string) error {
	flags := flag.NewFlagSet("levels", flag.ExitOnError)
	count := flags.Int("levels", 30, "how many levels")
	every := flags.Duration("every", 300*time.Millisecond, "from the start of one level to the start of the next")
	spread := flags.Bool("spread", false, "whether the keys ask evenly spread over the level, and not at once")
	timeout := flags.Duration("timeout", 10*time.Second, "how long to wait for an answer")
	t := targetOf(flags, words)

	addresses := strings.Split(t.address, ",")
	apart := time.Duration(0)
	if *spread {
		apart = *every / time.Duration(len(t.keys))
	}
	samples := make([][]float64, len(t.keys))
	failures := make([][]error, len(t.keys))
	once := func(i int) {
		now := time.Now()
		body := voteBody("13", int(now.Unix()), now.Nanosecond()/1000)
		if err := sign(addresses[i%len(addresses)], t.keys[i], body, *timeout); err != nil {
			failures[i] = append(failures[i], err)
			return
		}
		samples[i] = append(samples[i], milliseconds(time.Since(now)))
	}
	// The first level does not count.
	var started time.Time
	for n := range *count + 1 {
		begun := time.Now()
		if n == 1 {
			clear(samples)
			clear(failures)
			started = begun
		}
		var all sync.WaitGroup
		for i := range t.keys {
			all.Add(1)
			go func() {
				defer all.Done()
				time.Sleep(time.Duration(i) * apart)
				once(i)
			}()
		}
		all.Wait()
		time.Sleep(time.Until(begun.Add(*every)))
	}
	return printResult("signature", samples, failures, time.Since(started))
}
