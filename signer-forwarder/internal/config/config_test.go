package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
)

const (
	homeKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHc"
	good    = `{"signers": [
	  {"name": "home", "port": 8443, "sshPublicKeys": ["` + homeKey + `"], "answerSeconds": 2.5, "fallbacks": ["office"],
	   "keys": [{"address": "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6", "chainId": "NetXdQprcVkpaWU", "minimalBlockSeconds": 6},
	            {"address": "tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm", "minimalBlockSeconds": 0.5}]},
	  {"name": "office", "port": 8453, "sshPublicKeys": ["` + homeKey + `"], "noTouchRequired": true, "answerSeconds": 5}]}`
)

func TestParse(t *testing.T) {
	c, err := Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	home, office := c.Signers[0], c.Signers[1]
	if home.Name != "home" || home.Port != 8443 || home.Answer != 2500*time.Millisecond || home.Fallbacks[0] != "office" {
		t.Errorf("got %+v", home)
	}
	if key := home.Keys[0]; *key.Chain != (payload.Chain{0x7a, 0x06, 0xa7, 0x70}) || key.BlockTime != 6*time.Second {
		t.Errorf("got %+v", key)
	}
	if key := home.Keys[1]; key.Chain != nil || key.BlockTime != 500*time.Millisecond {
		t.Errorf("got %+v", key)
	}
	if len(office.Keys) != 0 || office.Fallbacks != nil || office.Answer != 5*time.Second {
		t.Errorf("got %+v", office)
	}
	want := `restrict,port-forwarding,permitlisten="8443",permitlisten="9443" ` + homeKey + " home\n" +
		`restrict,port-forwarding,permitlisten="8453",permitlisten="9453" ` + homeKey + " office\n"
	if got := c.SSH().ForSSHD(); got != want {
		t.Errorf("sshd gets %q, want %q", got, want)
	}
}

func TestSignerWithoutAKey(t *testing.T) {
	text := strings.ReplaceAll(good, `["`+homeKey+`"], "answerSeconds": 2.5`, `[], "answerSeconds": 2.5`)
	c, err := Parse([]byte(text))
	if err != nil || len(c.Signers) != 2 || len(c.SSH()) != 1 {
		t.Errorf("got %d signers with %d keys, %v, want 2 with 1", len(c.Signers), len(c.SSH()), err)
	}
}

func TestParseRejects(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"an unknown key", `"port": 8443`, `"port": 8443, "prot": 1`, "prot"},
		{"an unknown key of a key", `"minimalBlockSeconds": 6`, `"minimalBlockSeconds": 6, "chain": "x"`, "chain"},
		{"a port as text", `8443`, `"8443"`, "port"},
		{"more behind it", good, good + "{}", "more behind"},
		{"half of it", good, good[:200], "unexpected EOF"},
		{"nothing", good, "", "EOF"},
		{"a list", good, "[]", "cannot unmarshal"},
		{"a name in capitals", `"home"`, `"Home"`, `signers[0].name: found "Home"`},
		{"a privileged port", `8443`, `443`, "signers[0].port: found 443"},
		{"a port without room for its ssh", `8443`, `64536`, "signers[0].port: found 64536"},
		{"a port whose ssh is another's", `8443`, `7453`, "office: found port 8453, which is also home's"},
		{"no patience", `2.5`, `0`, "signers[0].answerSeconds: found 0"},
		{"too much patience", `2.5`, `31`, "signers[0].answerSeconds: found 31"},
		{"half an ssh key", homeKey, homeKey[:40], "signers[0].sshPublicKeys[0]: found a key that is not whole"},
		{"an address that is none", "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6", "KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn", "signers[0].keys[0].address"},
		{"a chain that is none", "NetXdQprcVkpaWU", "NetXdQprcVkpaWV", "signers[0].keys[0].chainId"},
		{"blocks that take no time", `"minimalBlockSeconds": 0.5`, `"minimalBlockSeconds": 0`, "signers[0].keys[1].minimalBlockSeconds: found 0"},
		{"a name twice", `"office", "port"`, `"home", "port"`, `found two signers "home"`},
		{"a fallback that is no signer", `["office"]`, `["attic"]`, `home.fallbacks: found "attic"`},
		{"itself as a fallback", `["office"]`, `["home"]`, `home.fallbacks: found "home"`},
		{"a fallback twice", `["office"]`, `["office", "office"]`, `home.fallbacks: found "office"`},
		{"a key at two ports", `"answerSeconds": 5`,
			`"answerSeconds": 5, "keys": [{"address": "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6", "minimalBlockSeconds": 1}]`,
			"office: found the key tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6, which is also home's"},
	} {
		text := strings.ReplaceAll(good, test.old, test.new)
		if text == good {
			t.Fatalf("%s: nothing was replaced", test.name)
		}
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", test.name, err, test.want)
		}
	}
}

func TestAllProblemsAreInOneLine(t *testing.T) {
	text := strings.NewReplacer("8443", "443", "2.5", "99", `["office"]`, `["attic"]`).Replace(good)
	_, err := Parse([]byte(text))
	for _, want := range []string{"port: found 443", "answerSeconds: found 99", `found "attic"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func TestReadSaysWhereTheProblemIs(t *testing.T) {
	folder := t.TempDir()
	if _, _, err := Read(folder, ""); err == nil || !strings.HasPrefix(err.Error(), "no signers: found no file "+folder) {
		t.Errorf("got %v", err)
	}
	file := filepath.Join(folder, FileName)
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, _, err := Read(folder, ""); text != "{" || err == nil || !strings.HasPrefix(err.Error(), "unusable configuration: "+file) {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestAFileThatWasReadIsNotParsedAgain(t *testing.T) {
	folder := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(folder, FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, each := range []string{good, "{"} {
		write(each)
		text, _, err := Read(folder, "")
		if text != each || errors.Is(err, ErrUnchanged) {
			t.Errorf("first: got %q, %v", text, err)
		}
		if again, _, err := Read(folder, text); again != each || !errors.Is(err, ErrUnchanged) {
			t.Errorf("again: got %q, %v", again, err)
		}
	}
	write("")
	if _, _, err := Read(folder, ""); err == nil || errors.Is(err, ErrUnchanged) {
		t.Errorf("an empty file: got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"signers": []}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		// sshd gets one line for each key, and nothing but what its own line permits.
		lines := strings.Split(c.SSH().ForSSHD(), "\n")
		if len(lines) != len(c.SSH())+1 {
			t.Fatalf("got %d lines for %d keys", len(lines)-1, len(c.SSH()))
		}
		for _, line := range lines[:len(lines)-1] {
			if !strings.HasPrefix(line, "restrict,port-forwarding,permitlisten=") {
				t.Fatalf("got the line %q", line)
			}
		}
	})
}
