package health

import (
	"context"
	"path"

	"github.com/godbus/dbus/v5"
	"github.com/prometheus/client_golang/prometheus"

	"remote-signer-cloud/signer-host/internal/systembus"
)

var modemSignal = prometheus.NewDesc("signer_host_modem_signal_ratio", "Signal of a modem from 0 to 1, as ModemManager has it. The label is the number that mmcli -m takes.", []string{"modem"}, nil)

// modems asks ModemManager for its modems. It has an empty list where there is none: no error.
func modems(ctx context.Context) (f found) {
	const (
		name  = "org.freedesktop.ModemManager1"
		modem = "org.freedesktop.ModemManager1.Modem"
		// enabled is the first MMModemState with a signal. Until then its quality is 0, for no reason of the
		// radio's.
		enabled = 6
	)
	bus, err := systembus.Open(ctx)
	if err != nil {
		return f
	}
	defer bus.Close()
	var objects map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	const list = "org.freedesktop.DBus.ObjectManager.GetManagedObjects"
	if bus.Call(ctx, name, "/org/freedesktop/ModemManager1", list, &objects) != nil {
		return f
	}
	for object, faces := range objects {
		var state int32
		var quality struct {
			Percent uint32
			Recent  bool
		}
		properties := faces[modem]
		if properties["State"].Store(&state) != nil || state < enabled {
			continue
		}
		if properties["SignalQuality"].Store(&quality) == nil {
			f.gauge(modemSignal, float64(quality.Percent)/100, path.Base(string(object)))
		}
	}
	return f
}
