package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"remote-signer-cloud/signer-host/internal/systembus"
)

func TestUplink(t *testing.T) {
	// A default route by lo, as no real host has one, and as /proc/self/net/route tells it.
	const byLo = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n" +
		"lo\t00000000\t0100007F\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
	const better = "eth0\t00000000\t0100007F\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
	for name, test := range map[string]struct {
		uplink, routes string
		all, own       string // values of rp_filter
		want           State
		words          string
	}{
		"none named":             {"", "", "", "", "", ""},
		"with a route":           {"lo", byLo, "0", "0", Ok, "lo has a default route"},
		"without a route":        {"lo", "", "0", "0", Bad, "lo has no default route"},
		"that isn't there":       {"nothing0", byLo, "0", "0", Bad, "there is no interface nothing0"},
		"strict, and the best":   {"lo", byLo, "1", "0", Ok, ""},
		"strict, and the second": {"lo", byLo + better, "0", "1", Bad, "drops what comes by lo"},
		"all strict":             {"lo", byLo + better, "1", "0", Bad, "drops what comes by lo"},
		"loose":                  {"lo", byLo + better, "1", "2", Ok, ""},
	} {
		proc := t.TempDir()
		for path, text := range map[string]string{
			"self/net/route":                  test.routes,
			"sys/net/ipv4/conf/all/rp_filter": test.all + "\n",
			"sys/net/ipv4/conf/lo/rp_filter":  test.own + "\n",
		} {
			file := filepath.Join(proc, path)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		var got Finding
		d := &doctor{places: Places{Proc: proc}, report: func(f Finding) { got = f }}
		goesOn := d.examineUplink(settings{uplink: test.uplink})
		if got.State != test.want || !strings.Contains(got.Found, test.words) || goesOn != (test.want != Bad) {
			t.Errorf("%s: got %+v, %v", name, got, goesOn)
		}
	}
}

func TestWhatIsBadOfATunnelIsAWarningWhileAnotherIsUp(t *testing.T) {
	up, down := tunnel{name: "up", unit: systembus.Unit{Active: "active"}}, tunnel{name: "down", unit: systembus.Unit{Active: "activating"}}
	silent := tunnel{name: "silent", err: errors.New("no bus")}
	for name, test := range map[string]struct {
		one  tunnel
		all  []tunnel
		want string
	}{
		"down, and the other is up":         {down, []tunnel{down, up}, "up"},
		"down, and there is no other":       {down, []tunnel{down}, ""},
		"down, as the other":                {down, []tunnel{down, down}, ""},
		"up, and the other is down":         {up, []tunnel{up, down}, ""},
		"down, and the other can't be told": {down, []tunnel{down, silent}, ""},
		"not to be told":                    {silent, []tunnel{silent, up}, ""},
	} {
		if got := otherOf(test.one, test.all); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	var got Finding
	d := &doctor{report: func(f Finding) { got = f }, other: "up"}
	d.bad("tunnel", "down is stopped"+d.goesOn(), "start it")
	if want := (Finding{"tunnel", Warning, "down is stopped; signing goes on by up", "start it"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
