package main

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const signedLine = `{"time":"2026-11-26T04:00:00.123Z","signer":"home","key":"tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",` +
	`"kind":"attestation","level":123,"round":0,"status":200,"ms":12,"cause":""}` + "\n"

func TestReadRequestLine(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       requestLine
	}{
		{"a signature", signedLine, requestLine{
			Time: "2026-11-26T04:00:00.123Z", Signer: "home", Key: "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx", Kind: "attestation",
			Status: 200, Millis: 12,
		}},
		{"an error", `{"signer":"home","key":"x","kind":"y","status":502,"ms":-1,"cause":"no tunnel"}`,
			requestLine{Signer: "home", Key: "other", Kind: "other", Status: 502, Cause: "no tunnel"}},
		{"an error without a cause", `{"signer":"home","status":502}`,
			requestLine{Signer: "home", Key: "other", Kind: "other", Status: 502, Cause: "other"}},
		{"a refusal", `{"signer":"home","refused":"magic","status":403}`,
			requestLine{Signer: "home", Refused: "magic", Status: 403}},
		{"a refusal for no reason that we know", `{"signer":"home","refused":"mood"}`,
			requestLine{Signer: "home", Refused: "other"}},
	} {
		found, err := readRequestLine([]byte(test.line))
		if err != nil || found != test.want {
			t.Errorf("%s: found %+v, %v", test.name, found, err)
		}
	}
	for _, line := range []string{"", "[]", `{"signer":"Home"}`, `{"signer":"home"`, "haproxy started"} {
		if found, err := readRequestLine([]byte(line)); err == nil {
			t.Errorf("%q: found %+v", line, found)
		}
	}
}

func TestCount(t *testing.T) {
	m := newMetrics()
	m.setSigners([]string{"home", "cabin"}, nil)
	for _, line := range []string{signedLine, signedLine, `{"signer":"home","status":502,"cause":"timeout"}`, `{"signer":"home","refused":"key"}`} {
		read, err := readRequestLine([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		m.count(read, time.Now())
	}
	if found := series(t, m.registry, "home"); found != 9 {
		t.Errorf("found %d series of home", found)
	}
	m.setSigners([]string{"cabin"}, []string{"home"})
	if found := series(t, m.registry, "home"); found != 0 {
		t.Errorf("found %d series of a removed signer", found)
	}
	if found := series(t, m.registry, "cabin"); found != 2 {
		t.Errorf("found %d series of a signer that has not been here yet", found)
	}
}

// series counts the series of a signer.
func series(t *testing.T, registry *prometheus.Registry, signer string) int {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, family := range families {
		for _, metric := range family.Metric {
			for _, label := range metric.Label {
				if label.GetName() == "signer" && label.GetValue() == signer {
					count++
				}
			}
		}
	}
	return count
}

func FuzzReadRequestLine(f *testing.F) {
	f.Add([]byte(signedLine))
	f.Add([]byte(`{"signer":"home","refused":"path","method":"GET","path":"/…","status":403}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		read, err := readRequestLine(line)
		if err == nil {
			newMetrics().count(read, time.Now())
		}
		if err == nil && (len(read.Key) > 36 || len(read.Kind) > 14 || len(read.Cause) > 12) {
			t.Fatalf("took %+v", read)
		}
	})
}
