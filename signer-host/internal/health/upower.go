package health

import (
	"context"
	"path"

	"github.com/godbus/dbus/v5"

	"remote-signer-cloud/signer-host/internal/systembus"
)

// upower asks UPower for UPSes on USB, which it knows without NUT. What else it knows, it has from the
// same files as supplies. See org.freedesktop.UPower.Device.
func upower(ctx context.Context) (f found) {
	const (
		name   = "org.freedesktop.UPower"
		device = "org.freedesktop.UPower.Device"
		isUPS  = 3 // a Type
	)
	bus, err := systembus.Open(ctx)
	if err != nil {
		return f
	}
	defer bus.Close()
	var objects []dbus.ObjectPath
	if bus.Call(ctx, name, "/org/freedesktop/UPower", name+".EnumerateDevices", &objects) != nil {
		return f
	}
	for _, object := range objects {
		var kind, state uint32
		var percent float64
		if bus.Property(ctx, name, object, device, "Type", &kind) != nil || kind != isUPS {
			continue
		}
		if bus.Property(ctx, name, object, device, "Percentage", &percent) == nil {
			f.gauge(batteryRatio, percent/100, path.Base(string(object)))
		}
		if bus.Property(ctx, name, object, device, "State", &state) == nil {
			f.mains = max(f.mains, mainsOfUPower(state))
		}
	}
	return f
}

// mainsOfUPower is what a State tells of the mains.
func mainsOfUPower(state uint32) mains {
	switch state {
	case 2: // discharging
		return mainsLost
	case 1, 4, 5: // charging, full, waits to be charged
		return mainsThere
	default:
		return mainsUnknown
	}
}
