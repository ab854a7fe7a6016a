package health

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

var (
	diskFree = prometheus.NewDesc("signer_host_disk_free_bytes", "Space that the signer daemon may still use where its watermarks are.", nil, nil)
	diskSize = prometheus.NewDesc("signer_host_disk_size_bytes", "Size of the file system where the signer daemon's watermarks are.", nil, nil)
)

// Disk returns the free and the whole space of a folder's file system, in bytes. What only root may use
// counts as used.
func Disk(folder string) (free, size float64, err error) {
	var state unix.Statfs_t
	if err := unix.Statfs(folder, &state); err != nil {
		return 0, 0, err
	}
	block := float64(state.Frsize)
	return float64(state.Bavail) * block, float64(state.Blocks) * block, nil
}

func disk(folder string) func(context.Context) found {
	return func(context.Context) (f found) {
		if free, size, err := Disk(folder); err == nil {
			f.gauge(diskFree, free)
			f.gauge(diskSize, size)
		}
		return f
	}
}
