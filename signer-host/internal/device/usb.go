package device

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"time"
)

// The vendors of devices, as the kernel writes them (idVendor). The product's number is of no use: a
// Ledger's changes with the app that is open. Neither is the device's hidraw: hidapi has a backend that
// takes it away for as long as it has the device open.
const (
	LedgerVendor  = "2c97" // https://github.com/LedgerHQ/udev-rules
	TezsignVendor = "9997" // tezsign, common/constants.go
)

// usbInterval is how often it is looked whether the device is plugged in, and whether a request waits
// for too long. A look takes 0.05 ms.
const usbInterval = 200 * time.Millisecond

// WatchUSB looks for a device of a vendor until the context ends. `sysfs` is where sysfs is mounted.
// The first look has been when it returns.
//
// A Ledger whose app is opened or closed is a new device to the kernel, with a new number. What was
// answered before that says nothing of it any more.
func (d *Device) WatchUSB(ctx context.Context, sysfs, vendor string) {
	last := ""
	look := func() {
		found := pluggedIn(sysfs, vendor)
		if found == "" {
			d.say(fromUSB, Absent)
		} else {
			if found != last {
				d.findAnew()
			}
			d.say(fromUSB, Ready)
		}
		last = found
	}
	look()
	go every(ctx, usbInterval, look)
}

// WatchRequests looks whether a request waits for too long until the context ends, so that this is in
// the log also if nobody asks.
func (d *Device) WatchRequests(ctx context.Context) {
	go every(ctx, usbInterval, func() { d.Status() })
}

func every(ctx context.Context, interval time.Duration, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do()
		}
	}
}

// pluggedIn returns the devices of a vendor, each with its place and the number that the kernel has given
// it (devnum); empty if there is none.
func pluggedIn(sysfs, vendor string) string {
	folder := filepath.Join(sysfs, "bus/usb/devices")
	devices, err := os.ReadDir(folder)
	if err != nil {
		return ""
	}
	read := func(device os.DirEntry, name string) string {
		text, _ := os.ReadFile(filepath.Join(folder, device.Name(), name))
		return string(bytes.TrimSpace(text))
	}
	found := ""
	for _, each := range devices {
		// Interfaces, such as 1-1:1.0, have no vendor.
		if read(each, "idVendor") == vendor {
			found += each.Name() + " " + read(each, "devnum") + "\n"
		}
	}
	return found
}
