package keys

import (
	"os"
	"path/filepath"
	"testing"
)

func TestHostKeyAlgorithms(t *testing.T) {
	keys := []HostKey{
		{PublicKey: PublicKey{Text: "ssh-rsa AAAA"}},
		{PublicKey: PublicKey{Text: "ecdsa-sha2-nistp256 AAAA"}},
		{Next: true, PublicKey: PublicKey{Text: "ssh-ed25519 AAAA"}},
	}
	if got, want := HostKeyAlgorithms(keys), "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDigestTellsHostKeysApart(t *testing.T) {
	digests := map[string]string{}
	for name, keys := range map[string][]HostKey{
		"none":           nil,
		"one":            {{Name: "a", private: []byte("x")}},
		"another name":   {{Name: "b", private: []byte("x")}},
		"another key":    {{Name: "a", private: []byte("y")}},
		"two":            {{Name: "a", private: []byte("x")}, {Name: "b", private: []byte("y")}},
		"two in another": {{Name: "b", private: []byte("y")}, {Name: "a", private: []byte("x")}},
	} {
		digest := Digest(keys)
		if other := digests[digest]; other != "" {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		digests[digest] = name
	}
}

// Kubernetes updates a mounted folder by pointing the link ..data to another folder.
func TestCurrentFolder(t *testing.T) {
	folder := t.TempDir()
	if got := currentFolder(folder); got != folder {
		t.Errorf("a plain folder: got %s, want %s", got, folder)
	}
	for _, want := range []string{"..1", "..2"} {
		_ = os.Mkdir(filepath.Join(folder, want), 0o755)
		_ = os.Symlink(want, filepath.Join(folder, "..new"))
		if err := os.Rename(filepath.Join(folder, "..new"), filepath.Join(folder, "..data")); err != nil {
			t.Fatal(err)
		}
		if got := filepath.Base(currentFolder(folder)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
