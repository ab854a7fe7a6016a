package keys

import (
	"slices"
	"strings"
	"testing"
)

const (
	homeKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHc"
	skKey   = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHcAAAABHNzaDo="
	options = `restrict,port-forwarding,permitlisten="8443",permitlisten="9443" `
)

func TestParseAuthorizedKeys(t *testing.T) {
	keys, err := ParseAuthorizedKeys("# signers\n\n" + options + homeKey + " home\n" + options + homeKey + " again\n")
	if err != nil {
		t.Fatal(err)
	}
	key, ok := keys.Find(homeKey)
	if !ok || key.Signer != "home" || key.Kind != "ED25519" || !slices.Equal(key.ports, []string{"8443", "9443"}) {
		t.Errorf("got %+v, %v", key, ok)
	}
	if got, want := keys.ForSSHD(), options+homeKey+" home\n"+options+homeKey+" again\n"; got != want {
		t.Errorf("sshd gets %q, want %q", got, want)
	}
	if _, ok := keys.Find(key.Fingerprint); !ok {
		t.Errorf("did not find %s", key.Fingerprint)
	}
	if _, ok := keys.Find("ssh-ed25519 AAAA"); ok {
		t.Error("found a key that is not there")
	}
	other := key
	other.line = options + homeKey + " other"
	if !keys.Has(key) || keys.Has(other) {
		t.Error("does not know its own lines")
	}
	if got, want := keys.Names(), []string{"home", "again"}; !slices.Equal(got, want) {
		t.Errorf("got the names %v, want %v", got, want)
	}
}

func TestASecurityKeyMayDoWithoutTouch(t *testing.T) {
	touchless := strings.TrimSpace(options) + ",no-touch-required " + skKey + " home"
	for _, line := range []string{
		touchless,
		`no-touch-required,restrict,permitlisten="8443",port-forwarding,permitlisten="9443" ` + skKey + " home",
	} {
		key, err := parseSignerKey(line)
		if err != nil || !key.touchless || key.Kind != "ED25519-SK" || key.forSSHD() != touchless {
			t.Errorf("%s: got %+v, %v; sshd gets %s", line, key, err, key.forSSHD())
		}
	}
	key, err := parseSignerKey(options + skKey + " home")
	if err != nil || key.touchless || key.forSSHD() != options+skKey+" home" {
		t.Errorf("got %+v, %v; sshd gets %s", key, err, key.forSSHD())
	}
}

func TestParseAuthorizedKeysRejects(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"no options", homeKey + " home", "words"},
		{"no name", options + homeKey, "words"},
		{"no restrict", `port-forwarding,permitlisten="8443" ` + homeKey + " home", "options"},
		{"no permitlisten", "restrict,port-forwarding " + homeKey + " home", "options"},
		{"another option", `restrict,port-forwarding,pty,permitlisten="8443" ` + homeKey + " home", "options"},
		{"a command", `restrict,port-forwarding,command="x",permitlisten="8443" ` + homeKey + " home", "options"},
		{"no touch of a key that has none", `restrict,port-forwarding,no-touch-required,permitlisten="8443" ` + homeKey + " home", "no-touch-required"},
		{"no touch twice", `no-touch-required,restrict,port-forwarding,no-touch-required,permitlisten="8443" ` + skKey + " home", "options"},
		{"no touch and nothing else", "no-touch-required " + skKey + " home", "options"},
		{"a verified user", `restrict,port-forwarding,verify-required,permitlisten="8443" ` + skKey + " home", "options"},
		{"an address", `restrict,port-forwarding,permitlisten="0.0.0.0:8443" ` + homeKey + " home", "permitlisten"},
		{"any port", `restrict,port-forwarding,permitlisten="*" ` + homeKey + " home", "permitlisten"},
		{"a port too high", `restrict,port-forwarding,permitlisten="84430" ` + homeKey + " home", "permitlisten"},
		{"half a key", options + homeKey[:40] + " home", "not whole"},
		{"another type", options + strings.Replace(homeKey, "ssh-ed25519", "ssh-rsa", 1) + " home", "type"},
		{"a name in capitals", options + homeKey + " Home", "name"},
	} {
		_, err := ParseAuthorizedKeys(test.line)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "line 1: ") {
			t.Errorf("%s: got %v, want an error about %q in line 1", test.name, err, test.want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for keyType, want := range map[string]string{
		"ssh-ed25519": "ED25519", "ssh-rsa": "RSA", "ecdsa-sha2-nistp384": "ECDSA",
		"sk-ssh-ed25519@openssh.com": "ED25519-SK", "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA-SK",
	} {
		if got := kindOf(keyType); got != want {
			t.Errorf("%s: got %s, want %s", keyType, got, want)
		}
	}
}

func FuzzParseAuthorizedKeys(f *testing.F) {
	f.Add(options + homeKey + " home\n")
	f.Add("no-touch-required," + options + skKey + " home\n")
	f.Add("restrict,port-forwarding,permitlisten=\"1\",permitlisten= ssh-rsa AAAA x")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ParseAuthorizedKeys(text)
		if err != nil {
			return
		}
		for _, key := range keys {
			// No line permits more than forwards, and what sshd gets is the same key again.
			line := key.forSSHD()
			if !strings.HasPrefix(line, `restrict,port-forwarding,permitlisten="`) || strings.Count(line, " ") != 3 {
				t.Fatalf("accepted %q", key.line)
			}
			if again, err := parseSignerKey(line); err != nil || again.Fingerprint != key.Fingerprint {
				t.Fatalf("%q: %v", key.line, err)
			}
		}
	})
}
