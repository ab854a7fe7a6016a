package doctor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// examineAuthorized compares whose requests octez-signer signs, as it answers to /authorized_keys, with the
// bakers of the kit.
func (d *doctor) examineAuthorized(body string) {
	const unit = "systemctl cat remote-signer-daemon"
	bakers, err := readAuthorized(filepath.Join(d.places.Wallet, "authorized_keys"))
	if err != nil {
		d.unknown("authorized", err.Error(), newKit)
		return
	}
	// Without a list it signs anybody's (src/lib_signer_services/signer_services.ml, authorized_keys, v25.1).
	var page struct {
		Keys []string `json:"authorized_keys"`
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		d.unknown("authorized", "octez-signer doesn't say whose requests it signs", "see daemon")
		return
	}
	missing := slices.DeleteFunc(slices.Clone(bakers), func(each string) bool { return slices.Contains(page.Keys, each) })
	switch {
	case page.Keys == nil && len(bakers) == 0:
		d.ok("authorized", "octez-signer signs requests without authentication")
	case page.Keys == nil:
		d.unknown("authorized", "the kit has keys of bakers, and octez-signer signs requests without authentication",
			"sudo systemctl restart remote-signer-daemon, unless you want it so: "+unit)
	case len(page.Keys) == 0:
		d.bad("authorized", "octez-signer requires authentication, and knows no key", "start it as the kit's unit does: "+unit)
	case len(bakers) == 0:
		d.unknown("authorized", "octez-signer requires authentication by keys that the kit doesn't have",
			"npm run doctor tells whether they are the bakers'; else start it as the kit's unit does: "+unit)
	case len(missing) > 0:
		d.bad("authorized", "octez-signer doesn't sign the requests of "+strings.Join(missing, " and ")+", a key of the bakers", newKit)
	default:
		d.ok("authorized", "octez-signer signs the requests of the stack's bakers")
	}
}

// readAuthorized returns the addresses in a file of Octez's wallet, which the kit has as names. Without a
// file there is none.
func readAuthorized(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	var keys []struct{ Name string }
	if err == nil {
		err = json.Unmarshal(text, &keys)
	}
	var names []string
	for _, key := range keys {
		names = append(names, key.Name)
	}
	return names, err
}
