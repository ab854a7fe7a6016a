package main

import (
	"errors"
	"flag"
	"sync"
	"time"
)

// together does what octez-baker does when a block has come: all keys ask at once, each with a GET and then a POST in one
// chunk, each over a connection of its own. It does so again and again, and prints how long it took until the last key had
// its signature.
func together(words []string) error {
	flags := flag.NewFlagSet("together", flag.ExitOnError)
	seconds := flags.Float64("seconds", 1, "how long")
	pause := flags.Duration("pause", 5*time.Millisecond, "from the last signature to the next time")
	timeout := flags.Duration("timeout", 10*time.Second, "how long to wait for an answer")
	t := targetOf(flags, words)

	return repeat("signature", *seconds, *pause, func() (time.Duration, error) {
		now := time.Now()
		errs := make([]error, len(t.keys))
		var all sync.WaitGroup
		for i, key := range t.keys {
			all.Add(1)
			go func() {
				defer all.Done()
				errs[i] = sign(t.address, key, voteBody("13", int(now.Unix()), now.Nanosecond()/1000), *timeout)
			}()
		}
		all.Wait()
		return time.Since(now), errors.Join(errs...)
	})
}

// repeat does something again and again, after three times that do not count, and prints how long each took.
func repeat(what string, seconds float64, pause time.Duration, once func() (time.Duration, error)) error {
	for range 3 {
		once()
	}
	var samples []float64
	var failures []error
	started := time.Now()
	for end := started.Add(time.Duration(seconds * float64(time.Second))); time.Now().Before(end); time.Sleep(pause) {
		took, err := once()
		if err != nil {
			failures = append(failures, err)
			continue
		}
		samples = append(samples, milliseconds(took))
	}
	return printResult(what, [][]float64{samples}, [][]error{failures}, time.Since(started))
}

// sign asks for a key's signature with a GET and then a POST in one chunk, each over a connection of its own.
func sign(address, key, body string, timeout time.Duration) error {
	c := caller{address: address, fresh: true, timeout: timeout}
	if err := c.call(request(address, "GET", "/authorized_keys", "")); err != nil {
		return err
	}
	return c.call(request(address, "POST", "/keys/"+key+"?version=3", body))
}
