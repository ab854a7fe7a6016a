package health

import (
	"context"

	"github.com/godbus/dbus/v5"
	"github.com/prometheus/client_golang/prometheus"

	"remote-signer-cloud/signer-host/internal/systembus"
)

var uplinkMetered = prometheus.NewDesc("signer_host_uplink_metered", "Whether NetworkManager takes the active uplink for one that is paid by the byte.", nil, nil)

// metered asks NetworkManager about the interface of the default route. A modem has two interfaces there:
// Interface is its control port (cdc-wdm0), and IpInterface (wwan0) is the one of the route.
func metered(proc string) func(context.Context) found {
	return func(ctx context.Context) (f found) {
		const name = "org.freedesktop.NetworkManager"
		faces := DefaultRoutes(proc)
		if len(faces) == 0 {
			return f
		}
		bus, err := systembus.Open(ctx)
		if err != nil {
			return f
		}
		defer bus.Close()
		var device dbus.ObjectPath
		if bus.Call(ctx, name, "/org/freedesktop/NetworkManager", name+".GetDeviceByIpIface", &device, faces[0]) != nil {
			return f // NetworkManager doesn't run, or another program has this interface
		}
		var word uint32
		if bus.Property(ctx, name, device, name+".Device", "Metered", &word) != nil {
			return f
		}
		switch word { // NMMetered
		case 1, 3: // yes, and guessed yes
			f.truth(uplinkMetered, true)
		case 2, 4:
			f.truth(uplinkMetered, false)
		}
		return f
	}
}
