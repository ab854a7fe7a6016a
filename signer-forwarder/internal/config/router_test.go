package config

import (
	"strings"
	"testing"
)

const goodRouter = `{"baker": "alice", "marks": "/marks", "replicas": ["signer-forwarder-0.pods.prod.svc", "10.0.0.2", "fd00::2"],
	"signers": [{"name": "home", "port": 8443, "answerSeconds": 5, "fallbacks": ["office"],
		"keys": [{"address": "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6", "minimalBlockSeconds": 6}]},
		{"name": "office", "port": 8453, "answerSeconds": 5}]}`

func TestARoutersConfigurationIsRead(t *testing.T) {
	r, err := ParseRouter([]byte(goodRouter))
	if err != nil || r.Baker != "alice" || r.Marks != "/marks" || len(r.Replicas) != 3 || len(r.Signers) != 2 || r.Signers[0].Fallbacks[0] != "office" {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestARoutersMistakesAreSaidAllAtOnce(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		wanted         []string
	}{
		{"an unknown key", `"baker"`, `"bakers"`, []string{`unknown field "bakers"`}},
		{"ssh keys", `"port": 8453`, `"port": 8453, "sshPublicKeys": ["ssh-ed25519 AAAA"]`, []string{"signers[1]: found ssh keys, wanted none"}},
		{"a replica twice", `"10.0.0.2"`, `"fd00::2"`, []string{`replicas[2]: found "fd00::2", wanted a host name`}},
		{"a replica with a port", `"10.0.0.2"`, `"10.0.0.2:8443"`, []string{`replicas[1]: found "10.0.0.2:8443"`}},
		{"no path of marks, and no baker", `"alice", "marks": "/marks"`, `"", "marks": "marks"`, []string{"baker: found", `marks: found "marks", wanted an absolute path`}},
		{"a fall-back that is none", `["office"]`, `["nobody"]`, []string{`home.fallbacks: found "nobody"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(goodRouter, c.old, c.new, 1)
			_, err := ParseRouter([]byte(text))
			for _, each := range c.wanted {
				if err == nil || !strings.Contains(err.Error(), each) {
					t.Errorf("got %v, want %s", err, each)
				}
			}
		})
	}
	if _, err := ParseRouter([]byte(strings.Replace(goodRouter, `["signer-forwarder-0.pods.prod.svc", "10.0.0.2", "fd00::2"]`, "[]", 1))); err == nil {
		t.Error("got a router without a replica")
	}
}
