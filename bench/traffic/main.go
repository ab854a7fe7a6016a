// Command traffic is what the benchmark measures with: a signer that answers, bakers that ask, and a long link between them.
//
//	traffic signer   answers like a signer
//	traffic load     signs as fast as it can, and prints how fast that was
//	traffic ask      signs at a steady pace, retries like a baker, and prints each signature
//	traffic together asks with all keys at once, like a baker that has seen a block, and prints how long that took
//	traffic levels   asks once a level with each key, at once or spread over it, and prints how long each signature took
//	traffic attest   signs attestations with one key after the other, like a baker whose tz4 has a companion key, and prints how long that took
//	traffic vote     votes at each level with several keys at once, like a baker, and prints how many votes were lost
//	traffic await    waits until an address accepts connections, and prints when
//	traffic relay    passes connections on, half a round trip later in each direction
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{"signer": signer, "load": load, "ask": ask, "together": together, "levels": levels, "attest": attest, "vote": vote, "await": await, "relay": relay}
	word := ""
	if len(os.Args) > 1 {
		word = os.Args[1]
	}
	command, ok := commands[word]
	if !ok {
		fmt.Fprintf(os.Stderr, "traffic: found %q, wanted signer, load, ask, together, levels, attest, vote, await or relay\n", word)
		os.Exit(2)
	}
	if err := command(os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "traffic %s: %v\n", word, err)
		os.Exit(1)
	}
}
