package health

import "testing"

// A Raspberry Pi with a cable and a 4G stick, and docker's bridge.
const wiredAndStick = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wwan0	00000000	0102A8C0	0003	0	0	700	00000000	0	0	0
eth0	00000000	0101A8C0	0003	0	0	100	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
`

const ipv6 = `20010db8000000010000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000064 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe80000000000000000000000000abcd 00000400 00000001 00000000 00000003    wlan0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000064 00000001 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`

func TestTheActiveUplinkIsTheDefaultRouteWithTheLowestMetric(t *testing.T) {
	const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	for name, test := range map[string]struct {
		ipv4, ipv6 string
		want       []string
	}{
		"no network":           {header, "", nil},
		"no file of the table": {"", "", nil},
		"a cable and a stick": {wiredAndStick, "", []string{
			`signer_host_uplink_active{interface="eth0",kind="ethernet"} 1`, `signer_host_uplink_active{interface="wwan0",kind="modem"} 0`,
		}},
		"IPv4 goes before IPv6": {header + "wwan0\t00000000\t0102A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n", ipv6, []string{
			`signer_host_uplink_active{interface="wwan0",kind="modem"} 1`, `signer_host_uplink_active{interface="eth0",kind="ethernet"} 0`,
			`signer_host_uplink_active{interface="wlan0",kind="wifi"} 0`,
		}},
		"IPv6 alone": {header, ipv6, []string{
			`signer_host_uplink_active{interface="eth0",kind="ethernet"} 1`, `signer_host_uplink_active{interface="wlan0",kind="wifi"} 0`,
		}},
		"the cable's route rejects everything": {header +
			"eth0\t00000000\t00000000\t0201\t0\t0\t50\t00000000\t0\t0\t0\nwwan0\t00000000\t0102A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n", "",
			[]string{`signer_host_uplink_active{interface="wwan0",kind="modem"} 1`}},
		"of equal metrics the first": {header +
			"wwan0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n", "",
			[]string{`signer_host_uplink_active{interface="wwan0",kind="modem"} 1`, `signer_host_uplink_active{interface="eth0",kind="ethernet"} 0`}},
		"lines that are cut off":                     {header + "eth0\t00000000\t0101A8C0\t0003\neth0\t00000000\t0101A8C0\tzzzz\t0\t0\t100\t00000000\t0\t0\t0\n", "0000 00\n", nil},
		"half a VPN (0.0.0.0/1) is no default route": {header + "tun0\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{
				"class/net/eth0/type": "1", "class/net/wlan0/type": "1", "class/net/wlan0/phy80211/": "",
				"class/net/wwan0/type": "519", "class/net/wwan0/uevent": "DEVTYPE=wwan\nINTERFACE=wwan0\nIFINDEX=4",
			}
			if test.ipv4 != "" {
				files["self/net/route"] = test.ipv4
			}
			if test.ipv6 != "" {
				files["self/net/ipv6_route"] = test.ipv6
			}
			root := tree(t, files)
			same(t, alone(t, uplinks(root, root)), test.want...)
		})
	}
}

func TestKindsOfInterfaces(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"the Pi's own card":                 {map[string]string{"type": "1", "device/driver": "-> ../../../bus/platform/drivers/bcmgenet"}, "ethernet"},
		"a card on USB":                     {map[string]string{"type": "1", "device/driver": "-> ../../../bus/usb/drivers/r8152"}, "ethernet"},
		"a bridge":                          {map[string]string{"type": "1", "uevent": "DEVTYPE=bridge"}, "ethernet"},
		"WLAN":                              {map[string]string{"type": "1", "uevent": "DEVTYPE=wlan", "phy80211/": ""}, "wifi"},
		"WLAN of an old driver":             {map[string]string{"type": "1", "wireless/": ""}, "wifi"},
		"a stick with QMI, as a card":       {map[string]string{"type": "1", "uevent": "DEVTYPE=wwan"}, "modem"},
		"a stick with QMI, raw":             {map[string]string{"type": "519"}, "modem"},
		"a stick that is a router (HiLink)": {map[string]string{"type": "1", "device/driver": "-> ../../../bus/usb/drivers/cdc_ether"}, "modem"},
		"an Android telephone on USB":       {map[string]string{"type": "1", "device/driver": "-> ../../../bus/usb/drivers/rndis_host"}, "modem"},
		"PPP":                               {map[string]string{"type": "512"}, "modem"},
		"WireGuard":                         {map[string]string{"type": "65534", "uevent": "DEVTYPE=wireguard"}, "other"},
		"an interface without files":        {nil, "other"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for file, text := range test.files {
				files["class/net/x/"+file] = text
			}
			if got := kindOf(tree(t, files), "x"); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
