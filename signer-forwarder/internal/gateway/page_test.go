package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"remote-signer-cloud/signer-forwarder/internal/config"
)

func TestEachDeviceOfAKeyHasItsPage(t *testing.T) {
	r := newRig(t, func(s *config.Signer) {
		if s.Name == "s0" {
			s.Fallbacks = []string{"s1"}
		}
	}, newDevice(t), newDevice(t), newDevice(t))
	for path, want := range map[string]int{
		"/signers/s0/statusz/" + alice:           http.StatusOK,
		"/signers/s1/statusz/" + alice:           http.StatusOK, // its fall-back device
		"/signers/s2/statusz/" + alice:           http.StatusNotFound,
		"/signers/s1/statusz/" + alice[1:]:       http.StatusNotFound,
		"/signers/s1/statusz/" + alice + "/keys": http.StatusNotFound,
	} {
		response := httptest.NewRecorder()
		r.ServePage(response, httptest.NewRequest(http.MethodGet, path, nil))
		if response.Code != want {
			t.Errorf("%s: got %d, want %d", path, response.Code, want)
		}
	}
}
