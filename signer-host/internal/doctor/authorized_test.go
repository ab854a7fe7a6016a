package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhoseRequestsOctezSignerSigns(t *testing.T) {
	const kit = `[{"name": "tz1a", "value": "edpka"}, {"name": "tz1b", "value": "edpkb"}]`
	for _, test := range []struct {
		name, kit, answer string
		state             State
		found, cure       string
	}{
		{"nobody's keys", "", "{}\n", Ok, "without authentication", ""},
		{"the bakers'", kit, `{ "authorized_keys": [ "tz1a", "tz1b" ] }`, Ok, "of the stack's bakers", ""},
		{"others' as well", kit, `{"authorized_keys":["tz1c","tz1b","tz1a"]}`, Ok, "of the stack's bakers", ""},
		{"not of one", kit, `{"authorized_keys":["tz1c","tz1b"]}`, Bad, "requests of tz1a, a key", "install the kit again"},
		{"of none", kit, `{"authorized_keys":[]}`, Bad, "knows no key", "as the kit's unit does"},
		{"of keys that are not the kit's", "", `{"authorized_keys":["tz1c"]}`, Unknown, "that the kit doesn't have", "npm run doctor"},
		{"turned off", kit, "{}", Unknown, "the kit has keys of bakers", "sudo systemctl restart remote-signer-daemon"},
		{"no answer of a signer", kit, "<html>", Unknown, "doesn't say", "see daemon"},
		{"a broken kit", "[", "{}", Unknown, "unexpected end", "install the kit again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wallet := t.TempDir()
			if test.kit != "" {
				if err := os.WriteFile(filepath.Join(wallet, "authorized_keys"), []byte(test.kit), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var found []Finding
			d := &doctor{places: Places{Wallet: wallet}, report: func(each Finding) { found = append(found, each) }}
			d.examineAuthorized(test.answer)
			if len(found) != 1 || found[0].Hop != "authorized" || found[0].State != test.state ||
				!strings.Contains(found[0].Found, test.found) || !strings.Contains(found[0].Cure, test.cure) {
				t.Errorf("got %+v, want %s, %q, %q", found, test.state, test.found, test.cure)
			}
		})
	}
}
