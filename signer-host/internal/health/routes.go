package health

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// route is a default route of the kernel.
type route struct {
	face   string // interface, such as eth0
	metric uint64
}

const (
	// flagReject is RTF_REJECT, of routes that lead nowhere.
	flagReject = 0x200
	flagUp     = 0x1
)

// DefaultRoutes returns the interfaces that have a default route, the one in use first. IPv4 goes before IPv6:
// where a host has both, a forwarder often has only the first.
// It reads files of /proc/self, which a sandbox without netlink and with ProcSubset=pid has as well.
func DefaultRoutes(proc string) []string {
	text := func(file string) string {
		content, _ := os.ReadFile(filepath.Join(proc, "self/net", file)) // without IPv6 there is no ipv6_route
		return string(content)
	}
	routes := append(byMetric(parseRoutes(text("route"))), byMetric(parseRoutes6(text("ipv6_route")))...)
	var faces []string
	seen := map[string]bool{}
	for _, each := range routes {
		if !seen[each.face] {
			seen[each.face] = true
			faces = append(faces, each.face)
		}
	}
	return faces
}

// parseRoutes reads /proc/self/net/route: interface, destination, gateway, flags, two counters, metric, mask …
// All but the counters and the metric is hexadecimal.
func parseRoutes(text string) (routes []route) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 8 || words[1] != "00000000" || words[7] != "00000000" {
			continue
		}
		metric, err := strconv.ParseUint(words[6], 10, 32)
		if err == nil && leadsOut(words[3]) {
			routes = append(routes, route{words[0], metric})
		}
	}
	return routes
}

// parseRoutes6 reads /proc/self/net/ipv6_route: destination, its length, source, its length, gateway, metric,
// two counters, flags, interface. All of it is hexadecimal.
func parseRoutes6(text string) (routes []route) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 10 || words[1] != "00" || strings.Trim(words[0], "0") != "" {
			continue
		}
		metric, err := strconv.ParseUint(words[5], 16, 32)
		// The kernel has a default route to lo that rejects everything.
		if err == nil && leadsOut(words[8]) && words[9] != "lo" {
			routes = append(routes, route{words[9], metric})
		}
	}
	return routes
}

func leadsOut(flags string) bool {
	bits, err := strconv.ParseUint(flags, 16, 32)
	return err == nil && bits&flagUp != 0 && bits&flagReject == 0
}
