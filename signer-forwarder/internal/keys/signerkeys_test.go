package keys

import (
	"slices"
	"strings"
	"testing"
)

const (
	homeKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHc"
	skKey   = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHcAAAABHNzaDo="
	options = `restrict,port-forwarding,permitlisten="8443",permitlisten="9443"`
)

var ports = []int{8443, 9443}

func TestSignerKeys(t *testing.T) {
	var keys SignerKeys
	for _, name := range []string{"home", "again"} {
		key, err := NewSignerKey(name, homeKey, ports, true)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	key, ok := keys.Find(homeKey)
	if !ok || key.Signer != "home" || key.Kind != "ED25519" {
		t.Errorf("got %+v, %v", key, ok)
	}
	if got, want := keys.ForSSHD(), options+" "+homeKey+" home\n"+options+" "+homeKey+" again\n"; got != want {
		t.Errorf("sshd gets %q, want %q", got, want)
	}
	if _, ok := keys.Find(key.Fingerprint); !ok {
		t.Errorf("did not find %s", key.Fingerprint)
	}
	if _, ok := keys.Find("ssh-ed25519 AAAA"); ok {
		t.Error("found a key that is not there")
	}
	other, err := NewSignerKey("home", homeKey, []int{8444, 9444}, false)
	if err != nil || !keys.Has(key) || keys.Has(other) {
		t.Error("does not know its own lines")
	}
	if got, want := keys.Names(), []string{"home", "again"}; !slices.Equal(got, want) {
		t.Errorf("got the names %v, want %v", got, want)
	}
}

func TestASecurityKeyMayDoWithoutTouch(t *testing.T) {
	for touchless, want := range map[bool]string{true: options + ",no-touch-required", false: options} {
		key, err := NewSignerKey("home", skKey, ports, touchless)
		if err != nil || key.Kind != "ED25519-SK" || key.line != want+" "+skKey+" home" {
			t.Errorf("got %+v, %v", key, err)
		}
	}
}

func TestNewSignerKeyRejects(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"options", options + " " + homeKey, "<type> <base64>"},
		{"a comment", homeKey + " home", "<type> <base64>"},
		{"a second line", homeKey + "\n" + homeKey, "<type> <base64>"},
		{"a tab", strings.Replace(homeKey, " ", "\t", 1), "<type> <base64>"},
		{"a certificate", "ssh-ed25519-cert-v01@openssh.com AAAA", "<type> <base64>"},
		{"half a key", homeKey[:40], "not whole"},
		{"another type", strings.Replace(homeKey, "ssh-ed25519", "ssh-rsa", 1), "type"},
		{"no base64", "ssh-ed25519 §", "base64"},
		{"nothing", "", "<type> <base64>"},
	} {
		if _, err := NewSignerKey("home", test.text, ports, false); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error about %q", test.name, err, test.want)
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

func FuzzNewSignerKey(f *testing.F) {
	f.Add(homeKey, true)
	f.Add(skKey, true)
	f.Add("ssh-rsa AAAA x", false)
	f.Fuzz(func(t *testing.T, text string, touchless bool) {
		key, err := NewSignerKey("home", text, ports, touchless)
		if err != nil {
			return
		}
		// No line permits more than forwards, and sshd gets one line.
		if !strings.HasPrefix(key.line, options) || strings.Count(key.line, " ") != 3 || strings.ContainsAny(key.line, "\r\n\t") {
			t.Fatalf("accepted %q", key.line)
		}
	})
}
