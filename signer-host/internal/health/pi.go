package health

import (
	"context"
	"path/filepath"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	temperatureCelsius = prometheus.NewDesc("signer_host_temperature_celsius", "Temperature of a thermal zone.", []string{"zone"}, nil)
	throttled          = prometheus.NewDesc("signer_host_throttled", "Whether a Raspberry Pi runs slower now than it could, for heat or want of power.", nil, nil)
	undervoltage       = prometheus.NewDesc("signer_host_undervoltage", "Whether the supply of a Raspberry Pi was too weak in the last 2 s.", nil, nil)
)

// temperature reads the thermal zones. See Documentation/driver-api/thermal/sysfs-api.rst.
func temperature(sys string) func(context.Context) found {
	return func(context.Context) (f found) {
		seen := map[string]bool{}
		for _, folder := range folders(sys, "class/thermal/thermal_zone*") {
			// A zone that is off has no readable temperature.
			thousandths, err := strconv.ParseInt(readText(folder, "temp"), 10, 64)
			if err != nil {
				continue
			}
			zone := readText(folder, "type")
			if zone == "" || seen[zone] {
				zone = filepath.Base(folder) // a laptop can have two of the type acpitz
			}
			seen[zone] = true
			f.gauge(temperatureCelsius, float64(thousandths)/1000, zone)
		}
		return f
	}
}

// The bits of a Raspberry Pi's get_throttled: what is so now, and 16 bits above it what has been. The kernel's
// raspberrypi-hwmon asks the firmware every 2 s and has it forget then, so "has been" is the last 2 s.
const (
	bitsUndervoltage = 1<<0 | 1<<16
	// frequency capped, throttled, soft temperature limit
	bitsThrottled = (1<<1 | 1<<2 | 1<<3) * (1 | 1<<16)
)

// throttling reads what the firmware of a Raspberry Pi says. Raspberry Pi's own kernel has all of it in one
// word (and warns once in its log that a reader should prefer the sensor). Debian's has the sensor alone,
// which knows the voltage and not the rest.
func throttling(sys string) func(context.Context) found {
	return func(context.Context) (f found) {
		for _, folder := range folders(sys, "class/hwmon/hwmon*") {
			if readText(folder, "name") == "rpi_volt" {
				if alarm := readText(folder, "in0_lcrit_alarm"); alarm != "" {
					f.truth(undervoltage, alarm == "1")
				}
			}
		}
		for _, file := range folders(sys, "bus/platform/drivers/raspberrypi-firmware/*/get_throttled") {
			if bits, err := strconv.ParseUint(readText(file), 16, 32); err == nil {
				f.truth(throttled, bits&bitsThrottled != 0)
				f.truth(undervoltage, bits&bitsUndervoltage != 0)
			}
		}
		return f
	}
}
