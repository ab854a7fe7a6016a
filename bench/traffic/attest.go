package main

import (
	"flag"
	"fmt"
	"time"
)

// attest signs attestations as octez-baker does for a tz4 delegate that attests to the DAL: its consensus key and then its
// companion key sign the same bytes (src/proto_025_PsUshuai/lib_delegate/baking_actions.ml, v25.1). It prints how long both took.
func attest(words []string) error {
	flags := flag.NewFlagSet("attest", flag.ExitOnError)
	seconds := flags.Float64("seconds", 5, "how long")
	pause := flags.Duration("pause", 20*time.Millisecond, "from one attestation to the next")
	timeout := flags.Duration("timeout", 10*time.Second, "how long to wait for an answer")
	t := targetOf(flags, words)

	return repeat("attestation", *seconds, *pause, func() (time.Duration, error) {
		now := time.Now()
		body := fmt.Sprintf("%q\n", tz4VoteBytes("13", int(now.Unix()), now.Nanosecond()/1000))
		for _, key := range t.keys {
			if err := sign(t.address, key, body, *timeout); err != nil {
				return 0, err
			}
		}
		return time.Since(now), nil
	})
}
