// Package systemd tells the service manager how the program is. Without one, nothing is told.
package systemd

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"remote-signer-cloud/internal/logf"
)

// Ready tells that the program serves, with a line for `systemctl status`.
func Ready(status string) { tell(daemon.SdNotifyReady + "\nSTATUS=" + status) }

// Status tells a new line for `systemctl status`.
func Status(status string) { tell("STATUS=" + status) }

// Stopping tells that the program is about to end.
func Stopping() { tell(daemon.SdNotifyStopping) }

func tell(message string) { _, _ = daemon.SdNotify(false, message) }

// Watch tells that the program works for as long as a check is passed, three times in each WatchdogSec,
// until the context ends. If it isn't passed for that long, systemd starts the program anew.
func Watch(ctx context.Context, check func(context.Context) error) {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		logf.Printf("no watchdog: %v", err)
	}
	if limit == 0 {
		return
	}
	ticker := time.NewTicker(limit / 3)
	defer ticker.Stop()
	for {
		checking, cancel := context.WithTimeout(ctx, limit/3)
		err := check(checking)
		cancel()
		switch {
		case err == nil:
			tell(daemon.SdNotifyWatchdog)
		case ctx.Err() == nil:
			logf.Printf("does not answer itself, the watchdog is not told: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
