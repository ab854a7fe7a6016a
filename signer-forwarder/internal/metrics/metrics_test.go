package metrics

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/gateway"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

var signature = gateway.Record{
	Time: time.Date(2026, 11, 26, 4, 0, 0, 123_000_000, time.UTC), Signer: "home", Method: "POST",
	Key: "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx", Kind: "attestation", Status: 200, Took: 12 * time.Millisecond,
}

func TestCountRequest(t *testing.T) {
	m := New()
	m.SetSigners([]string{"home", "cabin"}, nil)
	for _, r := range []gateway.Record{
		signature,
		signature,
		{Signer: "home", Method: "POST", Key: "other", Kind: "other", Status: 502, Cause: "timeout"},
		{Signer: "home", Method: "GET", Key: "other", Status: 502, Cause: "timeout"},
		{Signer: "home", Refused: "key"},
	} {
		m.CountRequest(r)
	}
	if got := countSeries(t, m, "home"); got != 11 {
		t.Errorf("got %d series of home, want 11", got)
	}
	m.SetSigners([]string{"cabin"}, []string{"home"})
	if got := countSeries(t, m, "home"); got != 0 {
		t.Errorf("got %d series of a removed signer, want 0", got)
	}
	if got := countSeries(t, m, "cabin"); got != 2 {
		t.Errorf("got %d series of a signer that has not been here yet, want 2", got)
	}
}

func TestAKeyHasItsCountersFromTheStart(t *testing.T) {
	m := New()
	signers := []config.Signer{{Name: "home", Keys: []config.Key{{Address: signature.Key}}}, {Name: "cabin"}}
	m.SetKeys(signers)
	for _, kind := range []string{"block", "preattestation", "attestation"} {
		line := `signer_requests_total{key="` + signature.Key + `",kind="` + kind + `",signer="home"} 0`
		if got := get(m, "/metrics"); !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("found no line %s", line)
		}
	}
	m.CountRequest(signature)
	m.SetKeys(signers)
	if got := countSeries(t, m, "home"); got != 5 {
		t.Errorf("got %d series, want 5: they stay", got)
	}
	signers[0].Keys = nil
	m.SetKeys(signers)
	if got := countSeries(t, m, "home"); got != 0 {
		t.Errorf("got %d series of a removed key, want 0", got)
	}
}

// countSeries counts the series of a signer.
func countSeries(t *testing.T, m *Metrics, signer string) int {
	t.Helper()
	families, err := m.registry.Gather()
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

// get returns the answer to a request for a page.
func get(m *Metrics, page string) string {
	recorder := httptest.NewRecorder()
	m.handler(http.NotFound).ServeHTTP(recorder, httptest.NewRequest("GET", page, nil))
	body, _ := io.ReadAll(recorder.Result().Body)
	return string(body)
}

func TestPages(t *testing.T) {
	m := New()
	m.SetSigners([]string{"home", "cabin"}, nil)
	m.Observe(func() State {
		return State{Signers: []string{"home", "cabin"}, Connected: map[string]time.Time{"home": noon}, Pending: 3, NextHostKey: true, Gateway: map[string]gateway.State{
			"home": {Answers: true, Ready: true, Inside: 2, Connections: 5, Trip: 30 * time.Millisecond, Chosen: "cabin"}, "cabin": {Answers: true},
		}}
	})
	m.CountConnect("home")
	m.CountTakeover("cabin")
	m.CountRefusal("silent")
	m.CountRequest(signature)
	m.CountRequest(gateway.Record{Time: noon, Signer: "cabin", Refused: "magic"})
	m.CountRequest(gateway.Record{Time: noon, Signer: "cabin", Method: "POST", Key: "other", Kind: "block", Cause: "no tunnel"})
	got := "\n" + get(m, "/metrics")
	for _, want := range []string{
		`signer_tunnel_up{signer="home"} 1`,
		`signer_tunnel_up{signer="cabin"} 0`,
		`signer_tunnel_start_time_seconds{signer="home"} 1.7956944e+09`,
		`signer_forwarder_strangers 3`,
		`signer_forwarder_next_host_key 1`,
		`signer_answers{signer="home"} 1`,
		`signer_device_ready{signer="home"} 1`,
		`signer_device_ready{signer="cabin"} 0`,
		`signer_check_duration_seconds{signer="home"} 0.03`,
		`signer_requests_in_flight{signer="home"} 2`,
		`signer_baker_connections{signer="home"} 5`,
		`signer_chosen{port="home",signer="cabin"} 1`,
		`signer_tunnel_connects_total{signer="home"} 1`,
		`signer_tunnel_connects_total{signer="cabin"} 0`,
		`signer_tunnel_takeovers_total{signer="cabin"} 1`,
		`signer_forwarder_refused_connections_total{cause="silent"} 1`,
		`signer_requests_total{key="tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",kind="attestation",signer="home"} 1`,
		`signer_request_duration_seconds_bucket{key="tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",kind="attestation",signer="home",le="0.01"} 0`,
		`signer_request_duration_seconds_bucket{key="tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",kind="attestation",signer="home",le="0.02"} 1`,
		`signer_last_signature_timestamp_seconds{key="tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",kind="attestation",signer="home"} 1.795665600123e+09`,
		`signer_refused_requests_total{reason="magic",signer="cabin"} 1`,
		`signer_last_refusal_timestamp_seconds{reason="magic",signer="cabin"} 1.7956944e+09`,
		`signer_last_error_timestamp_seconds{cause="no tunnel",signer="cabin"} 1.7956944e+09`,
		`signer_request_errors_total{cause="no tunnel",key="other",kind="block",signer="cabin"} 1`,
	} {
		if !strings.Contains(got, "\n"+want+"\n") {
			t.Errorf("found no line %s", want)
		}
	}
	if strings.Contains(got, `signer_tunnel_start_time_seconds{signer="cabin"}`) {
		t.Error("found when the session of a signer opened that has none")
	}
	if got := get(m, "/healthz"); got != "ok\n" {
		t.Errorf("/healthz: got %q", got)
	}
}
