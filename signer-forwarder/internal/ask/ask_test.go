package ask

import "testing"

func TestProvedKey(t *testing.T) {
	for info, want := range map[string]string{
		"publickey ssh-ed25519 AAAA\n": "ssh-ed25519 AAAA",
		"hostbased x\npublickey a b":   "a b",
		"":                             "",
		"password":                     "",
	} {
		if found := ProvedKey(info); found != want {
			t.Errorf("%q: found %q, want %q", info, found, want)
		}
	}
}
