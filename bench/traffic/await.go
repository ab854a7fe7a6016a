package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"time"
)

// await tries an address until it accepts a connection, and prints when that was, in milliseconds since 1970.
func await(words []string) error {
	flags := flag.NewFlagSet("await", flag.ExitOnError)
	address := flags.String("to", "", "whom to try")
	seconds := flags.Float64("seconds", 60, "for how long")
	flags.Parse(words)
	for end := time.Now().Add(time.Duration(*seconds * float64(time.Second))); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.DialTimeout("tcp", *address, 100*time.Millisecond); err == nil {
			fmt.Println(now())
			return conn.Close()
		}
	}
	return errors.New("nobody is at " + *address)
}
