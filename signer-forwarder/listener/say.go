package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// say writes one line into the container's log. What others chose (names, messages) can't break it.
func say(format string, values ...any) {
	text := strings.Map(printable, fmt.Sprintf(format, values...))
	fmt.Fprintf(os.Stderr, "signer-forwarder: %s\n", text)
}

func printable(letter rune) rune {
	if letter < ' ' || letter == 0x7f || letter >= 0x80 && letter < 0xa0 {
		return '?'
	}
	return letter
}

// lasted gives a duration as a person reads it: 3h2m1s, or milliseconds where it is that short.
func lasted(duration time.Duration) string {
	if duration < time.Second {
		return duration.Round(time.Millisecond).String()
	}
	return duration.Round(time.Second).String()
}
