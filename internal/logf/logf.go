// Package logf writes a program's log, one line for each event, and limits how many lines an event may
// write.
package logf

import (
	"fmt"
	"os"
	"strings"
)

// Prefix is put before each line. A program that wants another one sets it before its first line.
var Prefix = "signer-forwarder: "

// Printf writes one line to the log. Text that others chose (names, messages) cannot break the line.
func Printf(format string, values ...any) {
	text := strings.Map(printable, fmt.Sprintf(format, values...))
	fmt.Fprintf(os.Stderr, "%s%s\n", Prefix, text)
}

// printable replaces control characters.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
		return '?'
	}
	return r
}
