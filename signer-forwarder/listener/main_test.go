package main

import "testing"

func TestHTTPAddressIsAPodsOfEitherProtocol(t *testing.T) {
	for pod, want := range map[string]string{"10.244.0.7": "10.244.0.7:8405", "fd00:10:244::7": "[fd00:10:244::7]:8405"} {
		if got := httpAddress(pod); got != want {
			t.Errorf("%s: got %s, want %s", pod, got, want)
		}
	}
}
