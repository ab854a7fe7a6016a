package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// voted is how many votes there were, how many were lost, and the cause of the last loss.
type voted struct {
	Votes int    `json:"votes"`
	Lost  int    `json:"lost"`
	Cause string `json:"cause,omitempty"`
	// Seconds from the request to the answer, of the slowest vote that got one.
	Slowest float64 `json:"slowest"`
}

// vote does what octez-baker does with several keys. At each level it asks for all preattestations at once, then for all
// attestations, each over its own connection. A level begins at its time, once the previous one is over. The first one is
// above that of every signature asked for before, because each is a second of its time (see target.post): a lower one would
// be refused.
func vote(words []string) error {
	flags := flag.NewFlagSet("vote", flag.ExitOnError)
	address := flags.String("to", "127.0.0.1:8443", "whom to ask")
	keys := flags.String("keys", "", "whose signatures to ask for, with commas between")
	levels := flags.Int("levels", 60, "how many levels")
	every := flags.Duration("every", 6*time.Second, "from the start of one level to the start of the next")
	timeout := flags.Duration("timeout", time.Minute, "how long a call may take; Octez itself would wait for ever")
	flags.Parse(words)

	var result voted
	var mu sync.Mutex // guards result
	get := request(*address, "GET", "/authorized_keys", "")
	ticker := time.NewTicker(*every)
	first := int(time.Now().Unix()) + 1
	for level := first; level < first+*levels; level++ {
		for _, magic := range []string{"12", "13"} {
			var all sync.WaitGroup
			for _, key := range strings.Split(*keys, ",") {
				all.Add(1)
				go func() {
					defer all.Done()
					post := request(*address, "POST", "/keys/"+key+"?version=3", voteBody(magic, level, 0))
					start := time.Now()
					err := patiently(*address, get, post, *timeout)
					mu.Lock()
					defer mu.Unlock()
					result.Votes++
					if err != nil {
						result.Lost++
						result.Cause = err.Error()
						return
					}
					result.Slowest = max(result.Slowest, time.Since(start).Seconds())
				}()
			}
			all.Wait()
		}
		<-ticker.C
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// voteBody is a vote's bytes as octez-baker sends them: a JSON string of hex digits and a newline.
func voteBody(magic string, level, round int) string {
	return fmt.Sprintf("%q\n", voteBytes(magic, level, round))
}

// request is a request as Octez sends it: over its own connection, and with its body in one chunk.
func request(address, method, path, body string) []byte {
	headers := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nConnection: close\r\n", method, path, address)
	if body == "" {
		return []byte(headers + "\r\n")
	}
	return []byte(fmt.Sprintf("%sContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
		headers, len(body), body))
}
