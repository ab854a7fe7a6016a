package main

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
	keys, err := parseAuthorizedKeys("# signers\n\n" + options + homeKey + " home\n" + options + homeKey + " again\n")
	if err != nil {
		t.Fatal(err)
	}
	key, isKnown := keys.find(homeKey)
	if !isKnown || key.signer != "home" || key.kind != "ED25519" || !slices.Equal(key.ports, []string{"8443", "9443"}) {
		t.Errorf("found %+v", key)
	}
	if line := key.forSshd(); line != options+homeKey+" home" {
		t.Errorf("gives sshd %s", line)
	}
	if _, isKnown := keys.find(key.fingerprint); !isKnown {
		t.Errorf("does not find %s", key.fingerprint)
	}
	if !keys.has(options+homeKey+" home") || keys.has(options+homeKey+" other") {
		t.Error("does not know its lines")
	}
	if names := keys.names(); !slices.Equal(names, []string{"home", "again"}) {
		t.Errorf("found the names %v", names)
	}
}

func TestASecurityKeyMayDoWithoutTouch(t *testing.T) {
	touchless := strings.TrimSpace(options) + ",no-touch-required " + skKey + " home"
	for _, line := range []string{
		touchless,
		`no-touch-required,restrict,permitlisten="8443",port-forwarding,permitlisten="9443" ` + skKey + " home",
	} {
		key, err := parseSignerLine(line)
		if err != nil || !key.isTouchless || key.kind != "ED25519-SK" || key.forSshd() != touchless {
			t.Errorf("%s: found %+v, %v; gives sshd %s", line, key, err, key.forSshd())
		}
	}
	key, err := parseSignerLine(options + skKey + " home")
	if err != nil || key.isTouchless || key.forSshd() != options+skKey+" home" {
		t.Errorf("found %+v, %v; gives sshd %s", key, err, key.forSshd())
	}
}

func TestParseAuthorizedKeysRefuses(t *testing.T) {
	for _, test := range []struct{ name, line, problem string }{
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
		_, err := parseAuthorizedKeys(test.line)
		if err == nil || !strings.Contains(err.Error(), test.problem) || !strings.HasPrefix(err.Error(), "line 1: ") {
			t.Errorf("%s: found %v", test.name, err)
		}
	}
}

func TestKeyKind(t *testing.T) {
	for name, kind := range map[string]string{
		"ssh-ed25519": "ED25519", "ssh-rsa": "RSA", "ecdsa-sha2-nistp384": "ECDSA",
		"sk-ssh-ed25519@openssh.com": "ED25519-SK", "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA-SK",
	} {
		if found := keyKind(name); found != kind {
			t.Errorf("%s: found %s, want %s", name, found, kind)
		}
	}
}

func FuzzParseAuthorizedKeys(f *testing.F) {
	f.Add(options + homeKey + " home\n")
	f.Add("no-touch-required," + options + skKey + " home\n")
	f.Add("restrict,port-forwarding,permitlisten=\"1\",permitlisten= ssh-rsa AAAA x")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parseAuthorizedKeys(text)
		if err != nil {
			return
		}
		for _, key := range keys {
			// No line does more than open listeners, and the same text gives the same key again.
			if line := key.forSshd(); !strings.HasPrefix(line, `restrict,port-forwarding,permitlisten="`) || strings.Count(line, " ") != 3 {
				t.Fatalf("took %q", key.line)
			}
			if again, err := parseSignerLine(key.forSshd()); err != nil || again.fingerprint != key.fingerprint {
				t.Fatalf("%q: %v", key.line, err)
			}
		}
	})
}
