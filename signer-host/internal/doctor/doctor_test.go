package doctor

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"remote-signer-cloud/signer-host/internal/uplink"
)

func TestVerdict(t *testing.T) {
	for name, test := range map[string]struct {
		states []State
		want   int
	}{
		"healthy":                 {[]State{Ok, Ok}, 0},
		"something is bad":        {[]State{Ok, Bad, Unknown}, 1},
		"something can't be told": {[]State{Unknown, Ok}, 2},
		"signing goes on":         {[]State{Ok, Warning}, 0},
		"nothing was examined":    {nil, 0},
	} {
		findings := []Finding{}
		for _, state := range test.states {
			findings = append(findings, Finding{State: state})
		}
		if got := Verdict(findings); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

func TestWhatIsPrinted(t *testing.T) {
	var text bytes.Buffer
	writeLine(&text, Finding{"port", Bad, "found \x1b[2J\nok", "open it"})
	writeLine(&text, Finding{"clock", Unknown, "", ""})
	want := "bad         port         found ?[2J?ok\n" +
		"                         cure: open it\n" +
		"can't tell  clock        \n"
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", &text, want)
	}
	text.Reset()
	writeJSON(&text, []Finding{{"port", Bad, "a < b", "open it"}, {"clock", Ok, "well", ""}})
	for _, part := range []string{`"healthy": false`, `"found": "a < b"`, `"cure": "open it"`, `"state": "ok"`} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("got %s, want %s in it", &text, part)
		}
	}
	if strings.Count(text.String(), "cure") != 1 {
		t.Errorf("got %s, want no cure for what is well", &text)
	}
}

func TestWords(t *testing.T) {
	for _, words := range [][]string{{"--jason"}, {"--json", "home"}, {""}} {
		var out, errors bytes.Buffer
		if got := Command(context.Background(), Places{}, words, &out, &errors); got != 2 || errors.String() != Usage || out.Len() > 0 {
			t.Errorf("%q: got %d, %q, %q", words, got, &out, &errors)
		}
	}
}

func TestWithoutAConfigTheMachineIsExamined(t *testing.T) {
	var out, errors bytes.Buffer
	places := Places{Config: filepath.Join(t.TempDir(), "none.json"), State: t.TempDir()}
	if got := Command(context.Background(), places, nil, &out, &errors); got != 1 {
		t.Errorf("got the exit code %d, want 1", got)
	}
	text := out.String()
	if !strings.HasPrefix(text, "bad         config ") || !strings.Contains(text, "cure: install the kit again") || !strings.Contains(text, "disk ") {
		t.Errorf("got %s", text)
	}
}

// What ssh -G of OpenSSH 9.2 prints, in part.
const sshG = `user signer
hostname signers.example.org
port 22
batchmode yes
hostkeyalias signers.example.org
identityfile /var/lib/remote-signer/tunnel/id_ed25519
globalknownhostsfile none
userknownhostsfile /var/lib/remote-signer/tunnel/known_hosts
remoteforward 8443 [127.0.0.1]:8443
`

func TestParseSettings(t *testing.T) {
	want := settings{
		host: "signers.example.org", port: "22", alias: "signers.example.org",
		key: "/var/lib/remote-signer/tunnel/id_ed25519", knownHosts: "/var/lib/remote-signer/tunnel/known_hosts",
	}
	if got, err := parseSettings(sshG); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	want.alias = "signers.example.org"
	if got, _ := parseSettings(strings.Replace(sshG, "hostkeyalias signers.example.org\n", "", 1)); got != want {
		t.Errorf("without an alias: got %+v", got)
	}
	want.proxy, want.uplink = "/usr/bin/signer-host connect wwan0 %h %p", "wwan0"
	if got, err := parseSettings(sshG + "proxycommand " + want.proxy + "\n"); err != nil || got != want {
		t.Errorf("by an uplink: got %+v, %v", got, err)
	}
	if _, err := parseSettings("hostname a\n"); err == nil {
		t.Error("want an error where there is no key")
	}
}

func TestPortsOf(t *testing.T) {
	for _, test := range []struct {
		environment []string
		want        []string
	}{
		{nil, []string{"2222"}},
		{[]string{"A=1", "PORTS=22 443"}, []string{"22", "443"}},
		{[]string{"PORTS="}, []string{"2222"}},
	} {
		if got := portsOf(test.environment, "2222"); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.environment, got, test.want)
		}
	}
}

func TestParseHostKeys(t *testing.T) {
	got := parseHostKeys("# Host a found: line 1\na ssh-ed25519 AAAA\n@revoked a ssh-rsa BBBB\na,b ecdsa-sha2-nistp256 CCCC comment\nshort line\n\n")
	want := []hostKey{{"ssh-ed25519", "AAAA"}, {"ecdsa-sha2-nistp256", "CCCC"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFingerprint(t *testing.T) {
	// The development key of signer home, as `ssh-keygen -lf` has it.
	const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK"
	if got, want := fingerprint(line), ", SHA256:YZTLbKmjoKJ3rPq19c7kh/UO2zm++cSRSUJRaoBPpJw"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, line := range []string{"", "ssh-ed25519", "ssh-ed25519 *"} {
		if got := fingerprint(line); got != "" {
			t.Errorf("%q: got %s", line, got)
		}
	}
}

func TestOptionsOfOctezSigner(t *testing.T) {
	for name, test := range map[string]struct {
		words string
		want  []string
	}{
		"as the kit's unit":  {"--base-dir /x launch http signer --magic-bytes 0x11,0x12,0x13 --check-high-watermark", nil},
		"in short":           {"launch http signer -a 127.0.0.1 -M 0x13,0x12,0x11 -W", nil},
		"in decimals":        {"launch http signer -W -M 17,18,19", nil},
		"none":               {"launch http signer", []string{"--magic-bytes 0x11,0x12,0x13", "--check-high-watermark"}},
		"operations as well": {"launch http signer -W -M 0x11,0x12,0x13,0x03", []string{"--magic-bytes 0x11,0x12,0x13 (it has 0x11,0x12,0x13,0x03)"}},
		"no preattestations": {"launch http signer -W -M 0x11,0x13", []string{"--magic-bytes 0x11,0x12,0x13 (it has 0x11,0x13)"}},
		"those of Emmy":      {"launch http signer -W -M 0x01,0x02", []string{"--magic-bytes 0x11,0x12,0x13 (it has 0x01,0x02)"}},
		"an option cut off":  {"launch http signer -W -M", []string{"--magic-bytes 0x11,0x12,0x13"}},
		"no watermark":       {"launch http signer -M 0x11,0x12,0x13", []string{"--check-high-watermark"}},
	} {
		if got := missingOptions(strings.Fields(test.words)); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestTheProcessOfOctezSigner(t *testing.T) {
	proc := t.TempDir()
	for process, words := range map[string]string{
		"1": "/sbin/init", "20": "octez-signer --version", "30": "vi octez-signer launch http", "self": "octez-signer launch http signer",
		"40": "/usr/bin/octez-signer --base-dir /x launch http signer -W", "50": "",
	} {
		folder := filepath.Join(proc, process)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(words, " ", "\x00") + "\x00"
		if err := os.WriteFile(filepath.Join(folder, "cmdline"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(proc, "30")); err != nil {
		t.Fatal(err)
	}
	folder, words := octezProcess(proc)
	if folder != filepath.Join(proc, "40") || strings.Join(words, " ") != "--base-dir /x launch http signer -W" {
		t.Errorf("got %s, %q", folder, words)
	}
	if folder, _ := octezProcess(filepath.Join(proc, "50")); folder != "" {
		t.Errorf("got %s where none runs", folder)
	}
}

// answering returns the address of a server that answers each call with a text, and closes it then.
func answering(t *testing.T, text string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Read(make([]byte, 100))
			_, _ = connection.Write([]byte(text))
			connection.Close()
		}
	}()
	return listener.Addr().String()
}

func TestGreet(t *testing.T) {
	for name, test := range map[string]struct{ says, greeting, err string }{
		"an sshd":                     {"SSH-2.0-OpenSSH_10.0p2 Debian-7\r\n", "SSH-2.0-OpenSSH_10.0p2 Debian-7", ""},
		"an sshd with a line before":  {"Welcome\r\nSSH-2.0-OpenSSH_10.0\r\n", "SSH-2.0-OpenSSH_10.0", ""},
		"a page to log in at a hotel": {"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n", "", `found the answer "HTTP/1.1 302 Found", wanted ssh's greeting`},
		"somebody who says nothing":   {"", "", "it takes the call and doesn't greet"},
		"somebody who says very much": {strings.Repeat("x", 100_000), "", `found the answer "` + strings.Repeat("x", 60) + `", wanted ssh's greeting`},
		"ssh of the last millennium":  {"SSH-1.5-1.2.27\n", "", `found the answer "SSH-1.5-1.2.27", wanted ssh's greeting`},
	} {
		t.Run(name, func(t *testing.T) {
			greeting, _, err := greet(context.Background(), uplink.Dialer{}, answering(t, test.says))
			if greeting != test.greeting {
				t.Errorf("got %q, want %q", greeting, test.greeting)
			}
			if (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Errorf("got the error %v, want %q", err, test.err)
			}
		})
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if _, _, err := greet(context.Background(), uplink.Dialer{}, closed.Addr().String()); err == nil || !strings.HasSuffix(err.Error(), "connection refused") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestDevice(t *testing.T) {
	for name, test := range map[string]struct {
		status      int
		body        string
		state       State
		found, cure string
	}{
		"ready":              {200, "{}", Ok, "is ready", ""},
		"absent":             {503, `{"device":"absent","since":"2026-11-28T17:00:00Z"}`, Bad, "is absent since 2026-11-28T17:00:00Z", "plug the device in"},
		"locked":             {503, `{"device":"locked","since":"2026-11-28T17:00:00Z"}`, Bad, "is locked", "unlock"},
		"busy":               {503, `{"device":"busy","since":"2026-11-28T17:00:00Z"}`, Bad, "is busy", "look at the device"},
		"a word of nobody":   {503, `{"device":"on fire"}`, Unknown, "the wrapper answers 503", "journalctl"},
		"not of the wrapper": {502, "Bad Gateway", Unknown, "the wrapper answers 502: Bad Gateway", "journalctl"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			var got Finding
			d := &doctor{report: func(f Finding) { got = f }}
			d.examineDevice(context.Background(), server.URL)
			if got.State != test.state || !strings.Contains(got.Found, test.found) || !strings.Contains(got.Cure, test.cure) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestTheKeyIsNeverShown(t *testing.T) {
	folder := t.TempDir()
	key := filepath.Join(folder, "id_ed25519")
	write := func(file, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	examine := func() Finding {
		var got Finding
		d := &doctor{report: func(f Finding) { got = f }}
		d.examineKey(settings{key: key})
		if strings.Contains(got.Found+got.Cure, "SECRET") {
			t.Errorf("got %+v", got)
		}
		return got
	}
	if got := examine(); got.State != Bad || !strings.Contains(got.Found, "there is no ") {
		t.Errorf("without a key: got %+v", got)
	}
	write(key, "SECRET", 0o644)
	if got := examine(); got.State != Bad || got.Cure != "sudo chmod 600 "+key {
		t.Errorf("that all can read: got %+v", got)
	}
	write(key, "SECRET", 0o600)
	write(key+".pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK home\n", 0o644)
	if got := examine(); got.State != Ok || !strings.Contains(got.Found, "SHA256:YZTLbKmjo") {
		t.Errorf("a good one: got %+v", got)
	}
}
