package health

import (
	"context"
	"maps"
	"testing"

	"remote-signer-cloud/signer-host/internal/config"
)

func TestSuppliesOfTheKernel(t *testing.T) {
	const online, offline = "signer_host_mains_online 1", "signer_host_mains_online 0"
	adapter := func(name, kind, word string) map[string]string {
		return map[string]string{"class/power_supply/" + name + "/type": kind, "class/power_supply/" + name + "/online": word}
	}
	battery := func(name, status, capacity string) map[string]string {
		folder := "class/power_supply/" + name + "/"
		return map[string]string{folder + "type": "Battery", folder + "present": "1", folder + "status": status, folder + "capacity": capacity}
	}
	with := func(parts ...map[string]string) map[string]string {
		all := map[string]string{}
		for _, part := range parts {
			maps.Copy(all, part)
		}
		return all
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"a Raspberry Pi without any": {nil, nil},
		"a laptop at its adapter": {
			with(adapter("AC", "Mains", "1"), battery("BAT0", "Full", "100")),
			[]string{online, `signer_host_battery_ratio{battery="BAT0"} 1`},
		},
		"a laptop on its batteries": {
			with(adapter("AC", "Mains", "0"), battery("BAT0", "Discharging", "42"), battery("BAT1", "Unknown", "7")),
			[]string{offline, `signer_host_battery_ratio{battery="BAT0"} 0.42`, `signer_host_battery_ratio{battery="BAT1"} 0.07`},
		},
		"a laptop at one of its USB ports, with a voltage that is negotiated": {
			with(adapter("AC", "Mains", "0"), adapter("ucsi-source-psy-USBC000:001", "USB", "2"), adapter("ucsi-source-psy-USBC000:002", "USB", "0")),
			[]string{online},
		},
		"a battery alone, such as a PiSugar's, without mains": {
			battery("pisugar", "Discharging", "81"),
			[]string{offline, `signer_host_battery_ratio{battery="pisugar"} 0.81`},
		},
		"a battery alone that is charged":               {battery("pisugar", "Charging", "81"), []string{online, `signer_host_battery_ratio{battery="pisugar"} 0.81`}},
		"a gauge that knows nothing but the charge":     {battery("max17040", "Unknown", "55"), []string{`signer_host_battery_ratio{battery="max17040"} 0.55`}},
		"a battery whose charge cannot be read now":     {battery("BAT0", "Discharging", ""), []string{offline}},
		"a slot without its battery":                    {with(battery("BAT0", "Unknown", "0"), map[string]string{"class/power_supply/BAT0/present": "0"}), nil},
		"a mouse, which runs on a battery of its own":   {with(battery("hidpp_battery_0", "Discharging", "50"), map[string]string{"class/power_supply/hidpp_battery_0/scope": "Device"}), nil},
		"an adapter that does not say whether it is on": {map[string]string{"class/power_supply/AC/type": "Mains"}, nil},
	} {
		t.Run(name, func(t *testing.T) { same(t, alone(t, supplies(tree(t, test.files))), test.want...) })
	}
}

// What upsc of NUT 2.8.0 prints for a UPS on USB.
const upsc = `battery.charge: 87
battery.charge.low: 10
battery.runtime: 1860
device.mfr: American Power Conversion
device.model: Back-UPS ES 700G
driver.parameter.pollinterval: 15
input.voltage: 230.0
ups.load: 4
ups.status: OL CHRG
ups.beeper.status: enabled
`

func TestVariablesOfAUPS(t *testing.T) {
	variables := parseUPS(upsc)
	for name, want := range map[string]string{
		"battery.charge": "87", "battery.charge.low": "10", "ups.status": "OL CHRG", "device.model": "Back-UPS ES 700G",
	} {
		if got := variables[name]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := len(parseUPS("Init SSL without certificate database\n\n: \nx\n")); got != 1 {
		t.Errorf("got %d variables of lines that have none, want the nameless one", got)
	}
}

func TestMainsOfAUPS(t *testing.T) {
	for status, want := range map[string]mains{
		"OL": mainsThere, "OL CHRG": mainsThere, "OL TRIM": mainsThere, "ALARM OL RB": mainsThere,
		"OB": mainsLost, "OB DISCHRG": mainsLost, "OB LB": mainsLost, "FSD OB LB": mainsLost,
		"": mainsUnknown, "OFF": mainsUnknown, "BYPASS": mainsUnknown, "WAIT": mainsUnknown, "OLD": mainsUnknown,
	} {
		if got := mainsOfUPS(status); got != want {
			t.Errorf("%q: got %v, want %v", status, got, want)
		}
	}
}

func TestAUPSWithoutItsClientHasNoLine(t *testing.T) {
	same(t, alone(t, ups("/none/upsc", "ups")))
	same(t, alone(t, ups("false", "ups")))
}

func TestMainsOfUPowersStates(t *testing.T) {
	want := []mains{mainsUnknown, mainsThere, mainsLost, mainsUnknown, mainsThere, mainsThere, mainsUnknown, mainsUnknown}
	for state, word := range want {
		if got := mainsOfUPower(uint32(state)); got != word {
			t.Errorf("state %d: got %v, want %v", state, got, word)
		}
	}
}

func TestMainsOfALine(t *testing.T) {
	for _, test := range []struct {
		lostWhen string
		level    int
		want     mains
	}{
		{"high", 1, mainsLost}, {"high", 0, mainsThere}, {"low", 0, mainsLost}, {"low", 1, mainsThere},
	} {
		if got := mainsOfLine(config.Mains{LostWhen: test.lostWhen}, test.level); got != test.want {
			t.Errorf("lost when %s, level %d: got %v, want %v", test.lostWhen, test.level, got, test.want)
		}
	}
}

func TestALineOfAChipThatIsNotThereSaysNothing(t *testing.T) {
	for _, chip := range []string{"gpiochip99", "null", "../dev/zero", ""} {
		if got := line(config.Mains{Chip: chip, Line: 6, LostWhen: "high"})(context.Background()).mains; got != mainsUnknown {
			t.Errorf("%q: got %v, want no word", chip, got)
		}
	}
}
