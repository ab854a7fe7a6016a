package admission

import "testing"

func TestParseIdentification(t *testing.T) {
	long := make([]byte, maxIdentification)
	copy(long, "SSH-2.0-")
	for _, test := range []struct {
		name, bytes, line string
		rejected          bool
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
		line, err := parseIdentification([]byte(test.bytes))
		if line != test.line || (err != nil) != test.rejected {
			t.Errorf("%s: got %q, %v, want %q", test.name, line, err, test.line)
		}
	}
}

func FuzzReadIdentification(f *testing.F) {
	f.Add([]byte("SSH-2.0-x\r\n"), 3)
	f.Add([]byte("SSH-\r\n\n"), 0)
	f.Fuzz(func(t *testing.T, bytes []byte, cut int) {
		// A line is returned once it is complete, and bytes that are rejected stay rejected when more follow.
		line, err := parseIdentification(bytes)
		if line != "" && (len(line) >= maxIdentification || line[:4] != "SSH-") {
			t.Fatalf("got %q", line)
		}
		if cut < 0 || cut > len(bytes) {
			return
		}
		if part, failure := parseIdentification(bytes[:cut]); failure != nil && err == nil || part != "" && part != line {
			t.Fatalf("got %q, %v; then %q, %v", part, failure, line, err)
		}
	})
}
