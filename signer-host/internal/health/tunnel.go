package health

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"remote-signer-cloud/signer-host/internal/systembus"
)

var (
	tunnelUp       = prometheus.NewDesc("signer_host_tunnel_up", "Whether the unit of a tunnel is active: both of its forwards are confirmed then.", []string{"tunnel"}, nil)
	tunnelRestarts = prometheus.NewDesc("signer_host_tunnel_restarts_total", "How often systemd started a tunnel again.", []string{"tunnel"}, nil)
)

// tunnel asks systemd for the unit of a tunnel.
func tunnel(unit string) func(context.Context) found {
	return func(ctx context.Context) (f found) {
		bus, err := systembus.Open(ctx)
		if err != nil {
			return f
		}
		defer bus.Close()
		state, err := bus.Unit(ctx, unit)
		if err != nil || !state.Exists {
			return f
		}
		f.truth(tunnelUp, state.Active == "active", unit)
		f.add(tunnelRestarts, prometheus.CounterValue, float64(state.Restarts), []string{unit})
		return f
	}
}
