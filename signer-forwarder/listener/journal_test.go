package main

import (
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	keys, err := parseAuthorizedKeys(options + homeKey + " home")
	if err != nil {
		t.Fatal(err)
	}
	own := keys[0].fingerprint
	former := map[string]string{"SHA256:old": "cabin"}
	for _, test := range []struct {
		name           string
		events         []event
		signer, in, of string
	}{
		{"an unknown key", []event{{kind: keyRefused, fingerprint: "SHA256:x", keyKind: "RSA"}}, "", "SHA256:x (RSA)", "key"},
		{"a removed key", []event{{kind: keyRefused, fingerprint: "SHA256:old"}}, "cabin", "removed", "signer"},
		{"a wrong signature", []event{{kind: keyOffered, fingerprint: own}, {kind: keyRefused, fingerprint: own}}, "home", "not by its key", "signer"},
		{"a mere offer", []event{{kind: keyOffered, fingerprint: own}}, "home", "named", "signer"},
		{"another user", []event{{kind: userRefused, user: "root"}}, "", `"root"`, "user"},
		{"a signer's name as user", []event{{kind: userRefused, user: "home"}}, "home", `wanted "signer"`, "signer"},
		{"an old client", []event{{kind: left, text: "no matching key exchange method found"}}, "", "no matching", "left"},
		{"trouble", []event{{kind: trouble, text: "fatal: x"}}, "", "fatal: x", "left"},
		{"nothing", nil, "", "not logged in", "left"},
	} {
		var noted journal
		for _, each := range test.events {
			noted.note(each)
		}
		found := noted.judge(keys, former)
		if found.signer != test.signer || !strings.Contains(found.sentence, test.in) || found.word != test.of {
			t.Errorf("%s: found %+v", test.name, found)
		}
	}
}
