package main

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"sync"
	"time"
)

// asked is one signature. Times are in milliseconds since 1970.
type asked struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Cause string  `json:"cause,omitempty"`
}

// ask starts a signature at a steady pace, whether earlier ones have ended or not, and prints a line when each ends.
func ask(words []string) error {
	flags := flag.NewFlagSet("ask", flag.ExitOnError)
	every := flags.Duration("every", time.Second, "from the start of one to the start of the next")
	seconds := flags.Float64("seconds", 60, "how long")
	timeout := flags.Duration("timeout", 20*time.Second, "how long a call may take; Octez itself would wait for ever")
	t := targetOf(flags, words)

	out := json.NewEncoder(os.Stdout)
	var printing sync.Mutex
	var running sync.WaitGroup
	// A key asks for one signature at a time; while all do, none is started.
	keys := make(chan string, len(t.keys))
	for _, key := range t.keys {
		keys <- key
	}
	ticker := time.NewTicker(*every)
	for end := time.Now().Add(time.Duration(*seconds * float64(time.Second))); time.Now().Before(end); <-ticker.C {
		var key string
		select {
		case key = <-keys:
		default:
			continue
		}
		running.Add(1)
		go func() {
			defer running.Done()
			defer func() { keys <- key }()
			line := asked{Start: now()}
			if err := patiently(t.address, t.get(true), t.post(key, true), *timeout); err != nil {
				line.Cause = err.Error()
			}
			line.End = now()
			printing.Lock()
			defer printing.Unlock()
			out.Encode(line)
		}()
	}
	running.Wait()
	return nil
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1000 }

// patiently asks for a signature as Octez does: two calls, each tried up to ten times, 0 to 0.8 s apart, while the answer is 502.
func patiently(address string, get, post []byte, timeout time.Duration) error {
	for _, request := range [][]byte{get, post} {
		for attempt := 1; ; attempt++ {
			c := caller{address: address, fresh: true, timeout: timeout}
			err := c.call(request)
			var status badStatus
			if errors.As(err, &status) && status == 502 && attempt < 10 {
				time.Sleep(time.Duration(attempt-1) * 100 * time.Millisecond)
				continue
			}
			if err != nil {
				return err
			}
			break
		}
	}
	return nil
}
