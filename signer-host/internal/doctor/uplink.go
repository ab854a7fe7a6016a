package doctor

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"remote-signer-cloud/signer-host/internal/health"
)

// uplinkCure is the cure of an uplink that can't be dialled by.
const uplinkCure = "connect it, and see that ip route has a default route by it. If it has another name (ip link), set the signer's uplinks in the stack's config and install a new kit"

// examineUplink looks at the interface by which a tunnel dials. Without one, the host's routes decide.
func (d *doctor) examineUplink(s settings) bool {
	if s.uplink == "" {
		return true
	}
	face, err := net.InterfaceByName(s.uplink)
	routes := health.DefaultRoutes(d.places.Proc)
	switch {
	case err != nil:
		d.bad("uplink", "there is no interface "+s.uplink, uplinkCure)
	case face.Flags&net.FlagUp == 0:
		d.bad("uplink", s.uplink+" is down", uplinkCure)
	case !slices.Contains(routes, s.uplink):
		d.bad("uplink", s.uplink+" has no default route", uplinkCure)
	case routes[0] != s.uplink && d.isStrict(s.uplink):
		// The packets' answers come by an interface by which the kernel would not send to the forwarder.
		d.bad("uplink", "the kernel drops what comes by "+s.uplink+", because another default route is better (rp_filter is 1)",
			"echo net.ipv4.conf."+s.uplink+".rp_filter=2 | sudo tee /etc/sysctl.d/60-remote-signer-"+s.uplink+".conf && sudo systemctl restart systemd-sysctl")
	default:
		d.ok("uplink", s.uplink+" has a default route")
		return true
	}
	return false
}

// isStrict reports whether the kernel takes a packet from an interface only if it would send the answer by the same one.
// The larger of the interface's value and that of all of them counts (Documentation/networking/ip-sysctl.rst).
func (d *doctor) isStrict(face string) bool {
	largest := ""
	for _, name := range []string{"all", face} {
		value, _ := os.ReadFile(filepath.Join(d.places.Proc, "sys/net/ipv4/conf", name, "rp_filter"))
		largest = max(largest, strings.TrimSpace(string(value)))
	}
	return largest == "1"
}
