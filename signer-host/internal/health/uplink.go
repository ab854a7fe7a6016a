package health

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

var uplinkActive = prometheus.NewDesc("signer_host_uplink_active", "1 for the interface that the default route leads through, 0 for one that would be next.", []string{"interface", "kind"}, nil)

// uplinks tells which way leads to the internet. It asks the kernel, which decides. NetworkManager's word
// (Connectivity) says `full` where no check is configured, whatever the link does.
func uplinks(sys, proc string) func(context.Context) found {
	return func(context.Context) (f found) {
		for i, face := range DefaultRoutes(proc) {
			f.truth(uplinkActive, i == 0, face, kindOf(sys, face))
		}
		return f
	}
}

// byMetric puts the lowest metric first. Of equal ones the kernel takes the first.
func byMetric(routes []route) []route {
	slices.SortStableFunc(routes, func(a, b route) int { return cmp.Compare(a.metric, b.metric) })
	return routes
}

// stickDrivers are the drivers of 4G sticks and telephones that show themselves as a network card on USB.
// An ordinary card on USB has a driver of its own.
var stickDrivers = []string{"cdc_ether", "rndis_host", "ipheth"}

// kindOf returns what an interface is: ethernet, wifi, modem or other. See Documentation/ABI/testing/sysfs-class-net.
func kindOf(sys, face string) string {
	folder := filepath.Join(sys, "class/net", face)
	const ethernet, ppp, rawIP = "1", "512", "519" // ARPHRD_…
	driver, _ := os.Readlink(filepath.Join(folder, "device/driver"))
	kind := readText(folder, "type")
	switch {
	case exists(folder, "wireless"), exists(folder, "phy80211"):
		return "wifi"
	case strings.Contains(readText(folder, "uevent"), "DEVTYPE=wwan"), kind == ppp, kind == rawIP,
		slices.Contains(stickDrivers, filepath.Base(driver)):
		return "modem"
	case kind == ethernet:
		return "ethernet"
	default:
		return "other"
	}
}

func exists(path ...string) bool {
	_, err := os.Stat(filepath.Join(path...))
	return err == nil
}
