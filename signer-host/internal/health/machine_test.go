package health

import (
	"context"
	"testing"
)

func TestTemperatures(t *testing.T) {
	root := tree(t, map[string]string{
		"class/thermal/thermal_zone0/type": "cpu-thermal", "class/thermal/thermal_zone0/temp": "48312",
		"class/thermal/thermal_zone1/type": "acpitz", "class/thermal/thermal_zone1/temp": "-5000",
		"class/thermal/thermal_zone2/type": "acpitz", "class/thermal/thermal_zone2/temp": "20000",
		"class/thermal/thermal_zone3/type":   "iwlwifi_1", // off: its temperature can't be read
		"class/thermal/cooling_device0/type": "Fan",
	})
	same(t, alone(t, temperature(root)),
		`signer_host_temperature_celsius{zone="cpu-thermal"} 48.312`,
		`signer_host_temperature_celsius{zone="acpitz"} -5`,
		`signer_host_temperature_celsius{zone="thermal_zone2"} 20`)
}

func TestThrottlingOfARaspberryPi(t *testing.T) {
	const word = "bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled"
	const sensor = "class/hwmon/hwmon1/"
	lines := func(throttled, undervoltage string) []string {
		return []string{"signer_host_throttled " + throttled, "signer_host_undervoltage " + undervoltage}
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"no Raspberry Pi":                  {map[string]string{sensor + "name": "coretemp", sensor + "temp1_input": "40000"}, nil},
		"all is well":                      {map[string]string{word: "0"}, lines("0", "0")},
		"a weak supply now":                {map[string]string{word: "50005"}, lines("1", "1")},
		"a weak supply within 2 s":         {map[string]string{word: "10000"}, lines("0", "1")},
		"a frequency that is capped":       {map[string]string{word: "2"}, lines("1", "0")},
		"throttled":                        {map[string]string{word: "4"}, lines("1", "0")},
		"soft limit of temperature":        {map[string]string{word: "80008"}, lines("1", "0")},
		"bits that nobody has named":       {map[string]string{word: "100010"}, lines("0", "0")},
		"Debian's kernel, all is well":     {map[string]string{sensor + "name": "rpi_volt", sensor + "in0_lcrit_alarm": "0"}, []string{"signer_host_undervoltage 0"}},
		"Debian's kernel, a weak supply":   {map[string]string{sensor + "name": "rpi_volt", sensor + "in0_lcrit_alarm": "1"}, []string{"signer_host_undervoltage 1"}},
		"Raspberry Pi's kernel, with both": {map[string]string{word: "0", sensor + "name": "rpi_volt", sensor + "in0_lcrit_alarm": "1"}, lines("0", "1")},
		"a word that is none":              {map[string]string{word: "0x5000Z"}, nil},
	} {
		t.Run(name, func(t *testing.T) { same(t, alone(t, throttling(tree(t, test.files))), test.want...) })
	}
}

func TestDiskOfThisMachine(t *testing.T) {
	free, size, err := Disk(t.TempDir())
	if err != nil || free <= 0 || size < free {
		t.Errorf("got %v free of %v, %v", free, size, err)
	}
	same(t, alone(t, disk("/none")))
}

func TestClockOfThisMachine(t *testing.T) {
	synchronized, offset, err := Clock()
	if err != nil {
		t.Fatal(err)
	}
	if offset < -1 || offset > 1 {
		t.Errorf("got an offset of %v s: is its unit right?", offset)
	}
	lines := alone(t, clock)
	if got, want := len(lines), map[bool]int{true: 2, false: 1}[synchronized]; got != want {
		t.Errorf("synchronized %v: got %q, want %d lines", synchronized, lines, want)
	}
}

func TestWithoutABusThereIsNoLine(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/none")
	root := tree(t, map[string]string{"self/net/route": wiredAndStick})
	for name, read := range map[string]func(context.Context) found{
		"NetworkManager": metered(root), "ModemManager": modems, "UPower": upower, "systemd": tunnel("remote-signer-tunnel@0.service"),
	} {
		t.Run(name, func(t *testing.T) { same(t, alone(t, read)) })
	}
}
