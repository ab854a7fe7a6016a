package main

import "testing"

func TestReadIdentification(t *testing.T) {
	long := make([]byte, longestIdentification)
	copy(long, "SSH-2.0-")
	for _, test := range []struct {
		name, bytes, line string
		isRefused         bool
	}{
		{"nothing yet", "", "", false},
		{"a beginning", "SS", "", false},
		{"less than a line", "SSH-2.0-OpenSSH_10.0", "", false},
		{"a line", "SSH-2.0-OpenSSH_10.0\r\n", "SSH-2.0-OpenSSH_10.0", false},
		{"a line and more", "SSH-2.0-dropbear\n\x00\x00\x01", "SSH-2.0-dropbear", false},
		{"a browser", "GET / HTTP/1.1\r\n", "", true},
		{"TLS", "\x16\x03\x01", "", true},
		{"another first letter", "X", "", true},
		{"no end", string(long), "", true},
	} {
		line, err := readIdentification([]byte(test.bytes))
		if line != test.line || (err != nil) != test.isRefused {
			t.Errorf("%s: found %q, %v", test.name, line, err)
		}
	}
}

func FuzzReadIdentification(f *testing.F) {
	f.Add([]byte("SSH-2.0-x\r\n"), 3)
	f.Add([]byte("SSH-\r\n\n"), 0)
	f.Fuzz(func(t *testing.T, bytes []byte, cut int) {
		// A line is taken once it is whole, and what is refused in part stays refused.
		line, err := readIdentification(bytes)
		if line != "" && (len(line) >= longestIdentification || line[:4] != "SSH-") {
			t.Fatalf("found %q", line)
		}
		if cut < 0 || cut > len(bytes) {
			return
		}
		if part, failure := readIdentification(bytes[:cut]); failure != nil && err == nil || part != "" && part != line {
			t.Fatalf("found %q, %v; then %q, %v", part, failure, line, err)
		}
	})
}
