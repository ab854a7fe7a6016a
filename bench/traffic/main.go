// Traffic is what the bench measures with: the signer that answers, the bakers that ask, and the long link between.
//
//	traffic signer   answers as a signer does
//	traffic load     signs as fast as it can, and tells how fast that was
//	traffic ask      signs at a steady pace with a baker's patience, and tells of each signature
//	traffic vote     votes at each level with several keys at once, as a baker does, and tells how many votes were lost
//	traffic await    waits until an address takes connections, and tells when
//	traffic relay    passes connections on, later by half a round trip in each direction
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{"signer": signer, "load": load, "ask": ask, "vote": vote, "await": await, "relay": relay}
	word := ""
	if len(os.Args) > 1 {
		word = os.Args[1]
	}
	command, known := commands[word]
	if !known {
		fmt.Fprintf(os.Stderr, "traffic: found %q, wanted signer, load, ask, vote, await or relay\n", word)
		os.Exit(2)
	}
	if err := command(os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "traffic %s: %v\n", word, err)
		os.Exit(1)
	}
}
