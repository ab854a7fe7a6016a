// Package systembus asks the programs on the system's D-Bus: systemd, NetworkManager, ModemManager, UPower.
// It only reads, which needs no privilege, and it starts no program that does not run.
package systembus

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Bus is a connection to the system's bus. It ends with the context that it was opened with.
type Bus struct{ connection *dbus.Conn }

// Open connects to the bus at DBUS_SYSTEM_BUS_ADDRESS, or at the usual place. A bus that hangs is given up
// when the context ends.
func Open(ctx context.Context) (Bus, error) {
	connection, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	return Bus{connection}, err
}

// Close ends the connection.
func (b Bus) Close() { _ = b.connection.Close() }

// Call asks for a method and stores its answer. Without the flag, the bus would start the program that has
// the name, which can take it 25 s.
func (b Bus) Call(ctx context.Context, name string, object dbus.ObjectPath, method string, answer any, values ...any) error {
	call := b.connection.Object(name, object).CallWithContext(ctx, method, dbus.FlagNoAutoStart, values...)
	return call.Store(answer)
}

// Property reads a property of an object's interface.
func (b Bus) Property(ctx context.Context, name string, object dbus.ObjectPath, face, property string, answer any) error {
	var value dbus.Variant
	if err := b.Call(ctx, name, object, "org.freedesktop.DBus.Properties.Get", &value, face, property); err != nil {
		return err
	}
	return value.Store(answer)
}
