package doctor

import (
	"net"
	"slices"

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
	switch {
	case err != nil:
		d.bad("uplink", "there is no interface "+s.uplink, uplinkCure)
	case face.Flags&net.FlagUp == 0:
		d.bad("uplink", s.uplink+" is down", uplinkCure)
	case !slices.Contains(health.DefaultRoutes(d.places.Proc), s.uplink):
		d.bad("uplink", s.uplink+" has no default route", uplinkCure)
	default:
		d.ok("uplink", s.uplink+" has a default route")
		return true
	}
	return false
}
