// Package logf writes a program's log, one line for each event, and limits how many lines an event may
// write.
package logf

import (
	"fmt"
	"os"
	"strings"
	"unicode"
)

// Prefix is put before each line. A program that wants another one sets it before its first line.
var Prefix = "signer-forwarder: "

// Printf writes one line to the log. Text that others chose (names, messages) cannot break the line.
func Printf(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "%s%s\n", Prefix, Printable(fmt.Sprintf(format, values...)))
}

// Error writes an error to the log, a line for each of those that it joins.
func Error(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		Printf("%s", line)
	}
}

// Printable returns a text with a ? for each control character, by which others could break a line or
// steer a terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}
