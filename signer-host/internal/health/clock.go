package health

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

var (
	clockSynchronized = prometheus.NewDesc("signer_host_clock_synchronized", "Whether a time daemon keeps the clock.", nil, nil)
	clockOffset       = prometheus.NewDesc("signer_host_clock_offset_seconds", "How far the clock is off, as its time daemon tells the kernel.", nil, nil)
)

// Clock returns whether a time daemon keeps the clock, and by how many seconds it is off then. A sandbox
// must allow adjtimex for it: systemd's ProtectClock forbids even the reading.
func Clock() (synchronized bool, offset float64, err error) {
	var state unix.Timex
	word, err := unix.Adjtimex(&state)
	if err != nil {
		return false, 0, err
	}
	offset = float64(state.Offset) / 1e6
	if state.Status&unix.STA_NANO != 0 {
		offset = float64(state.Offset) / 1e9
	}
	return word != unix.TIME_ERROR && state.Status&unix.STA_UNSYNC == 0, offset, nil
}

func clock(context.Context) (f found) {
	synchronized, offset, err := Clock()
	if err != nil {
		return f
	}
	f.truth(clockSynchronized, synchronized)
	// The kernel has 0 for a clock that nobody keeps.
	if synchronized {
		f.gauge(clockOffset, offset)
	}
	return f
}
