package haproxy

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const signedLine = `{"time":"2026-11-26T04:00:00.123Z","signer":"home","key":"tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",` +
	`"kind":"attestation","level":123,"round":0,"status":200,"ms":12,"cause":""}` + "\n"

func TestReadRequestLine(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       Request
	}{
		{"a signature", signedLine, Request{
			Time: "2026-11-26T04:00:00.123Z", Signer: "home", Key: "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx", Kind: "attestation",
			Status: 200, Millis: 12,
		}},
		{"an error", `{"signer":"home","key":"x","kind":"y","status":502,"ms":-1,"cause":"no tunnel"}`,
			Request{Signer: "home", Key: "other", Kind: "other", Status: 502, Cause: "no tunnel"}},
		{"an error without a cause", `{"signer":"home","status":502}`,
			Request{Signer: "home", Key: "other", Kind: "other", Status: 502, Cause: "other"}},
		{"an error with an unknown cause", `{"signer":"home","status":502,"cause":"mood"}`,
			Request{Signer: "home", Key: "other", Kind: "other", Status: 502, Cause: "other"}},
		{"a refusal", `{"signer":"home","refused":"magic","status":403}`,
			Request{Signer: "home", Refused: "magic", Status: 403}},
		{"a refusal for an unknown reason", `{"signer":"home","refused":"mood"}`,
			Request{Signer: "home", Refused: "other"}},
	} {
		if got, err := readRequestLine([]byte(test.line)); err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
	for _, line := range []string{"", "[]", `{"signer":"Home"}`, `{"signer":"home"`, "haproxy started"} {
		if got, err := readRequestLine([]byte(line)); err == nil {
			t.Errorf("%q: got %+v, want an error", line, got)
		}
	}
}

func TestReceiveRequests(t *testing.T) {
	folder := t.TempDir()
	requests := make(chan Request)
	if err := ReceiveRequests(folder, func(r Request) { requests <- r }); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"block", "attestation"} {
		conn, err := net.Dial("unix", filepath.Join(folder, "requests.sock"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		// A line that cannot be read does not end the connection.
		_, _ = io.WriteString(conn, "haproxy started\n"+strings.Replace(signedLine, "attestation", kind, 1))
		select {
		case got := <-requests:
			if got.Kind != kind {
				t.Errorf("got %+v, want the kind %s", got, kind)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("got no request")
		}
	}
	if err := ReceiveRequests(filepath.Join(folder, "none"), nil); err != nil {
		t.Errorf("without a gateway: %v", err)
	}
}

func FuzzReadRequestLine(f *testing.F) {
	f.Add([]byte(signedLine))
	f.Add([]byte(`{"signer":"home","refused":"path","method":"GET","path":"/…","status":403}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := readRequestLine(line)
		if err != nil {
			return
		}
		// These become labels, for which Prometheus's library takes no invalid UTF-8.
		for label, most := range map[string]int{r.Signer: 63, r.Key: 36, r.Kind: 14, r.Cause: 12, r.Refused: 9} {
			if len(label) > most || !utf8.ValidString(label) {
				t.Fatalf("accepted %q in %+v", label, r)
			}
		}
	})
}
