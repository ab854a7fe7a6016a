package systembus

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
)

// Unit is what systemd knows of a service.
type Unit struct {
	Exists   bool      // whether there is a file of it
	Active   string    // active, activating, failed, inactive …
	Since    time.Time // when it became active, if it is; zero for one that never was
	Restarts uint32    // how often systemd restarted it by itself since it was last started by hand
	// Environment has the variables that its files set, as NAME=value.
	Environment []string
}

// Unit reads the state of a service, such as remote-signer-wrapper.service.
func (b Bus) Unit(ctx context.Context, name string) (Unit, error) {
	const (
		systemd = "org.freedesktop.systemd1"
		manager = "org.freedesktop.systemd1.Manager"
		unit    = "org.freedesktop.systemd1.Unit"
		service = "org.freedesktop.systemd1.Service"
	)
	var object dbus.ObjectPath
	// GetUnit knows only units that are in use. LoadUnit answers for a file that isn't there as well.
	if err := b.Call(ctx, systemd, "/org/freedesktop/systemd1", manager+".LoadUnit", &object, name); err != nil {
		return Unit{}, err
	}
	var found Unit
	var load string
	var since uint64 // microseconds since 1970
	for _, each := range []struct {
		face, property string
		answer         any
	}{
		{unit, "LoadState", &load},
		{unit, "ActiveState", &found.Active},
		{unit, "ActiveEnterTimestamp", &since},
		{service, "NRestarts", &found.Restarts},
		{service, "Environment", &found.Environment},
	} {
		if err := b.Property(ctx, systemd, object, each.face, each.property, each.answer); err != nil {
			return Unit{}, err
		}
	}
	found.Exists = load != "not-found"
	if since > 0 {
		found.Since = time.UnixMicro(int64(since))
	}
	return found, nil
}
