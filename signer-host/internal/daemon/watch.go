package daemon

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	// lookInterval is how often the daemon is looked at. A connection that is opened and closed again
	// leaves no line in its log.
	lookInterval = time.Second
	// graceTime is how long a daemon may refuse connections before it counts as down: octez-signer that is
	// started anew is there again after a second, and nobody should turn to another device for that.
	graceTime = 3 * time.Second
)

// Health is what a look at the daemon has found.
type Health struct {
	// IsUp says that the daemon accepts connections, and has answered if there was doubt.
	IsUp bool
	// IsGone says that it is not up, and that this is no restart.
	IsGone bool
}

// Watch looks at the daemon until the context ends, and tells each look's finding.
func (d *Daemon) Watch(ctx context.Context, tell func(Health)) {
	var failedAt time.Time
	inDoubt := false
	for {
		err := d.look(ctx, inDoubt || !failedAt.IsZero())
		switch now := time.Now(); {
		case ctx.Err() != nil:
			return
		case err == nil:
			failedAt = time.Time{}
			tell(Health{IsUp: true})
		default:
			if failedAt.IsZero() {
				failedAt = now
			}
			tell(Health{IsGone: now.Sub(failedAt) >= graceTime || errors.Is(err, context.DeadlineExceeded)})
		}
		inDoubt = false
		select {
		case <-ctx.Done():
			return
		case <-d.doubt:
			inDoubt = true
		case <-time.After(lookInterval):
		}
	}
}

// look opens a connection to the daemon. Where that is not enough to trust it, it has to answer: a
// program that hangs still accepts connections, because the kernel does so for it.
func (d *Daemon) look(ctx context.Context, mustAnswer bool) error {
	ctx, cancel := context.WithTimeout(ctx, questionTime)
	defer cancel()
	if mustAnswer {
		_, err := d.exchange(ctx, Request{Method: http.MethodGet, Target: "/authorized_keys"})
		return err
	}
	dialer := net.Dialer{Timeout: dialTime}
	conn, err := dialer.DialContext(ctx, "tcp", d.address.Host)
	if err != nil {
		return err
	}
	return conn.Close()
}
