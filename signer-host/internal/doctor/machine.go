package doctor

import (
	"fmt"
	"math"

	"remote-signer-cloud/signer-host/internal/health"
)

const (
	// mostOffset is in seconds. No signature depends on this clock: it is for comparing this host's log with the
	// forwarder's, where a level has 6 s.
	mostOffset = 1.0
	// leastDisk is what the watermarks, known_hosts and the journal need, in bytes.
	leastDisk = 100e6
)

func (d *doctor) examineClock() {
	const cure = "see that a time daemon runs: timedatectl status (systemd-timesyncd or chrony)"
	synchronized, offset, err := health.Clock()
	switch {
	case err != nil:
		d.unknown("clock", err.Error(), asRoot)
	case !synchronized:
		d.bad("clock", "no time daemon keeps it", cure)
	case math.Abs(offset) > mostOffset:
		d.bad("clock", fmt.Sprintf("it is off by %.1f s", offset), cure)
	default:
		d.ok("clock", fmt.Sprintf("it is off by %.1f ms", offset*1000))
	}
}

func (d *doctor) examineDisk() {
	free, size, err := health.Disk(d.places.State)
	found := fmt.Sprintf("%.1f of %.1f GB are free at %s", free/1e9, size/1e9, d.places.State)
	switch {
	case err != nil:
		d.unknown("disk", d.places.State+": "+err.Error(), asRoot)
	case free < leastDisk:
		d.bad("disk", found+", wanted 0.1 GB: a watermark that can't be written is a signature that isn't made",
			"free some: journalctl --vacuum-size=100M, apt clean")
	default:
		d.ok("disk", found)
	}
}
