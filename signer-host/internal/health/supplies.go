package health

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

var batteryRatio = prometheus.NewDesc("signer_host_battery_ratio", "Charge of a battery of the host or of its UPS, from 0 to 1.", []string{"battery"}, nil)

// supplies reads the kernel's power supplies: adapters, and batteries with a driver, such as a laptop's or
// a PiSugar's. See Documentation/ABI/testing/sysfs-class-power.
func supplies(sys string) func(context.Context) found {
	return func(context.Context) (f found) {
		var adapter, battery mains
		for _, folder := range folders(sys, "class/power_supply/*") {
			text := func(file string) string { return readText(folder, file) }
			// The battery of a mouse is one of a device.
			if text("scope") == "Device" {
				continue
			}
			switch text("type") {
			case "Battery", "UPS":
				if text("present") == "0" {
					continue
				}
				if percent, err := strconv.ParseFloat(text("capacity"), 64); err == nil {
					f.gauge(batteryRatio, percent/100, filepath.Base(folder))
				}
				battery = max(battery, mainsOfBattery(text("status")))
			case "Mains", "USB", "Wireless":
				switch text("online") {
				case "":
				case "0":
					// Any other adapter may be the one that is plugged in.
					if adapter == mainsUnknown {
						adapter = mainsLost
					}
				default:
					adapter = mainsThere // 1, or 2 where the voltage can be programmed
				}
			}
		}
		// A battery knows less: a full one and one that is kept from charging look alike.
		f.mains = adapter
		if f.mains == mainsUnknown {
			f.mains = battery
		}
		return f
	}
}

// mainsOfBattery is what a battery's status tells of the mains.
func mainsOfBattery(status string) mains {
	switch status {
	case "Discharging":
		return mainsLost
	case "Charging", "Full", "Not charging":
		return mainsThere
	default:
		return mainsUnknown
	}
}

// folders returns the folders that match a pattern below a root.
func folders(root, pattern string) []string {
	found, _ := filepath.Glob(filepath.Join(root, pattern)) // it fails for a bad pattern only
	return found
}

// readText reads a small file of the kernel without the spaces around its text. A file that isn't there, or
// that can't be read now, is empty.
func readText(path ...string) string {
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
