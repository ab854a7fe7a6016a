package main

import (
	"fmt"
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
		{"a touch that is missing", []event{
			{kind: keyOffered, fingerprint: own}, {kind: proofLacking, fingerprint: own, text: "presence"}, {kind: keyRefused, fingerprint: own},
		}, "home", "signed without a touch (" + own + "): the signer needs noTouchRequired", "signer"},
		{"a user that is not verified", []event{
			{kind: keyOffered, fingerprint: own}, {kind: keyRefused, fingerprint: own}, {kind: proofLacking, fingerprint: own, text: "verification"},
		}, "home", "a PIN or a fingerprint", "signer"},
		{"a wrong signature behind four other keys", append(manyKeys(4), event{kind: keyRefused, fingerprint: own}), "home", "not by its key", "signer"},
		{"a removed key behind five others", append(manyKeys(5), event{kind: keyRefused, fingerprint: "SHA256:old"}), "cabin", "removed", "signer"},
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

// manyKeys are so many keys that are no signer's.
func manyKeys(count int) []event {
	var events []event
	for index := range count {
		events = append(events, event{kind: keyRefused, fingerprint: fmt.Sprintf("SHA256:%d", index), keyKind: "RSA"})
	}
	return events
}

func TestJudgeSaysThatSshdStoppedBeforeTheSignersKey(t *testing.T) {
	const stopped = "; it tried 6 and sshd stops after 6: `IdentitiesOnly yes` with its IdentityFile makes ssh offer the signer's own"
	for _, test := range []struct {
		events []event
		want   string
	}{
		{manyKeys(2), "no signer's key: SHA256:0 (RSA), SHA256:1 (RSA)"},
		{manyKeys(5), "no signer's key: SHA256:0 (RSA), SHA256:1 (RSA), SHA256:2 (RSA), SHA256:3 (RSA) and 1 more"},
		{
			append(manyKeys(6), event{kind: left, text: tooManyKeys}),
			"no signer's key: SHA256:0 (RSA), SHA256:1 (RSA), SHA256:2 (RSA), SHA256:3 (RSA) and 2 more" + stopped,
		},
	} {
		var noted journal
		for _, each := range test.events {
			noted.note(each)
		}
		if found := noted.judge(nil, nil); found.sentence != test.want || found.word != "key" {
			t.Errorf("found %+v\n want %s", found, test.want)
		}
	}
}
