package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const sample = `{
  "stack": "prod", "signer": "home", "listen": "127.0.0.1:8443", "daemon": "http://127.0.0.1:8442",
  "device": {"kind": "ledger"}, "answerSeconds": 5, "tunnels": ["remote-signer-tunnel@0.service"],
  "keys": ["tz1iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK"],
  "mains": {"chip": "gpiochip0", "line": 6, "lostWhen": "high"}, "ups": "home@localhost"
}`

func TestParse(t *testing.T) {
	got, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if address := got.Daemon.String(); address != "http://127.0.0.1:8442" {
		t.Errorf("got the daemon %s", address)
	}
	got.Daemon = nil
	want := Config{
		Stack: "prod", Signer: "home", Listen: "127.0.0.1:8443", Device: Ledger, Answer: 5 * time.Second,
		Tunnels: []string{"remote-signer-tunnel@0.service"}, Keys: []string{"tz1iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK"},
		Mains: &Mains{"gpiochip0", 6, "high"}, UPS: "home@localhost",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheDaemon(t *testing.T) {
	for _, test := range []struct {
		address, kind, host string
		isOctez, isLocal    bool
	}{
		{"http://127.0.0.1:8442", "ledger", "127.0.0.1:8442", true, true},
		{"http://127.0.0.1:8442", "own", "127.0.0.1:8442", true, true},
		{"http://127.0.0.1:20090", "tezsign", "127.0.0.1:20090", false, true},
		{"http://[::1]:20090/", "tezsign", "[::1]:20090", false, true},
		{"http://localhost:6732", "signatory", "localhost:6732", false, true},
		{"http://nas.home", "own", "nas.home:80", false, false},
		{"http://[fd00::1]", "own", "[fd00::1]:80", false, false},
	} {
		text := strings.Replace(strings.Replace(sample, "http://127.0.0.1:8442", test.address, 1), "ledger", test.kind, 1)
		got, err := Parse([]byte(text))
		if err != nil || got.Daemon.Host != test.host || got.HasOctezSigner() != test.isOctez || got.HasLocalDaemon() != test.isLocal {
			t.Errorf("%s: got %s, %v, %v, %v", test.address, got.Daemon, got.HasOctezSigner(), got.HasLocalDaemon(), err)
		}
	}
}

func TestEachMistakeIsNamed(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{`"prod"`, `"Prod"`, `stack: found "Prod", wanted the name of a stack`},
		{`"signer": "home", `, ``, `signer: found nothing, wanted the name of a signer: lower-case letters, digits and hyphens`},
		{`"127.0.0.1:8443"`, `"0.0.0.0:8443"`, `listen: found "0.0.0.0:8443", wanted an address of loopback and a port, such as 127.0.0.1:8443`},
		{`"127.0.0.1:8443"`, `"localhost:8443"`, `listen: found "localhost:8443"`},
		{`"127.0.0.1:8443"`, `"127.0.0.1:0"`, `listen: found "127.0.0.1:0"`},
		{`"127.0.0.1:8443"`, `8443`, `listen: found 8443`},
		{`"http://127.0.0.1:8442"`, `"http://127.0.0.1:0"`, `daemon: found "http://127.0.0.1:0", wanted http:// with a host and a port`},
		{`"http://127.0.0.1:8442"`, `"https://127.0.0.1:8442"`, `daemon: found`},
		{`"http://127.0.0.1:8442"`, `"tcp://127.0.0.1:8442"`, `daemon: found`},
		{`"http://127.0.0.1:8442"`, `"http://127.0.0.1:8442/x"`, `daemon: found`},
		{`"http://127.0.0.1:8442"`, `"http://127.0.0.1:8442?"`, `daemon: found`},
		{`"http://127.0.0.1:8442"`, `"http://a:b@127.0.0.1:8442"`, `daemon: found`},
		{`"kind": "ledger"`, `"kind": "nano"`, `device.kind: found "nano", wanted one of ledger, tezsign, tcp, signatory, own`},
		{`{"kind": "ledger"}`, `"ledger"`, `device: found "ledger", wanted an object with a kind`},
		{`"kind": "ledger"`, `"kind": "ledger", "url": "x"`, `device.url: found an unknown key, wanted one of kind`},
		{`"answerSeconds": 5`, `"answerSeconds": 0.4`, `answerSeconds: found 0.4, wanted a number from 0.5 to 30`},
		{`"answerSeconds": 5`, `"answerSeconds": null`, `answerSeconds: found null`},
		{`"answerSeconds": 5`, `"AnswerSeconds": 5`, `AnswerSeconds: found an unknown key`},
		{`@0.service"`, `@0"`, `tunnels[0]: found "remote-signer-tunnel@0", wanted names of services, each once`},
		{`@0.service"`, `@0.service", "remote-signer-tunnel@0.service"`, `tunnels[1]: found "remote-signer-tunnel@0.service"`},
		{`"tz1iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK"`, `"tz5iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK"`, `keys[0]: found "tz5i`},
		{`"line": 6`, `"line": 6.5`, `mains.line: found 6.5, wanted a whole number from 0 to 1023`},
		{`"line": 6`, `"line": -1`, `mains.line: found -1`},
		{`"lostWhen": "high"`, `"lostWhen": "yes"`, `mains.lostWhen: found "yes", wanted high or low`},
		{`"gpiochip0"`, `"/dev/gpiochip0"`, `mains.chip: found "/dev/gpiochip0", wanted a GPIO chip, such as gpiochip0`},
		{`"home@localhost"`, `"-x"`, `ups: found "-x", wanted a UPS of NUT`},
		{`"home@localhost"`, `"` + strings.Repeat(" ", 99) + `"`, `ups: found a value of 101 characters`},
		{sample, `[]`, `the file: found no JSON object, wanted one object, and nothing behind it`},
		{sample, `null`, `the file: found no JSON object`},
		{sample, sample + "{}", `the file: found no JSON object`},
	} {
		text := strings.Replace(sample, test.old, test.new, 1)
		if text == sample {
			t.Fatalf("%s is not in the sample", test.old)
		}
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.new, err, test.want)
		}
	}
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	_, err := Parse([]byte(`{"stack": 1, "device": {}, "extra": {}}`))
	if err == nil {
		t.Fatal("want an error")
	}
	for _, at := range []string{"stack", "signer", "listen", "daemon", "device.kind", "answerSeconds", "tunnels", "keys", "extra"} {
		if !strings.Contains(err.Error(), at+": found ") {
			t.Errorf("got %v, want also %s", err, at)
		}
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wrapper.json")
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(file, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"stack":"a","mains":[]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if err == nil && (c.Daemon == nil || !isLoopback(c.Listen) || c.Answer < time.Second/2) {
			t.Errorf("took %+v", c)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("an error of more than a line: %q", err)
		}
	})
}
