package device

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"remote-signer-cloud/signer-host/internal/daemon"
)

// notFound is what octez-signer answers for a Ledger that waits for its PIN or has no app open.
var notFound = daemon.Answer{Status: http.StatusInternalServerError, Body: []byte(
	`[{"kind":"temporary","id":"failure","msg":"Found no ledger corresponding to ledger://a-b-c-d/ed25519/0h/0h with filter \"None\"."}]`)}

func TestWhichAnswersSayThatALedgerIsLocked(t *testing.T) {
	ledger := func(text string) string {
		return `[{"kind":"permanent","id":"signer.ledger","ledger-error":"` + text + `"}]`
	}
	for _, test := range []struct {
		name, body string
		status     int
		isLocked   bool
	}{
		{"not found", string(notFound.Body), 500, true},
		{"not found, with a reason before it", `[{"kind":"temporary","id":"failure","msg":"sign: Found no ledger corresponding to x."}]`, 500, true},
		{"not found, at the end of a trace", `[{"kind":"permanent","id":"a"},{"kind":"temporary","id":"failure","msg":"Found no ledger corresponding to x."}]`, 500, true},
		{"locked", ledger("Application level error (sign): Unknown status code 0x5515"), 500, true},
		{"no app is open", ledger("Application level error (sign): Unknown status code 0x6e01"), 500, true},
		{"another app is open", ledger("Application level error (sign): Incorrect class"), 500, true},
		{"another app is open, with advice", ledger("Application level error (sign): Incorrect class - Open the app"), 500, true},
		// All of these may come after the app has seen the request.
		{"the app's watermark", ledger("Application level error (sign): Incorrect data"), 500, false},
		{"the app has another key", ledger("Application level error (sign): Security status unsatisfied"), 500, false},
		{"refused by hand", ledger("Application level error (sign): Conditions of use not satisfied"), 500, false},
		{"pulled out in the midst", ledger("Transport level error: hidapi error"), 500, false},
		{"another status", ledger("Application level error (sign): Unknown status code 0x5516"), 500, false},
		{"octez-signer's watermark", `[{"kind":"temporary","id":"failure","msg":"level 7 not above high watermark 8"}]`, 500, false},
		{"the words in another error", `[{"kind":"temporary","id":"other","msg":"Found no ledger corresponding to x."}]`, 500, false},
		{"another status of HTTP", string(notFound.Body), 400, false},
		{"no JSON", "Found no ledger corresponding to x.", 500, false},
		{"nothing", "", 500, false},
	} {
		if got := isLocked(daemon.Answer{Status: test.status, Body: []byte(test.body)}); got != test.isLocked {
			t.Errorf("%s: got %t", test.name, got)
		}
	}
}

func TestALedgerThatIsFoundLockedIsSoUntilItSigns(t *testing.T) {
	d := New(time.Minute)
	for round := range 2 {
		if !d.Begin().End(false, notFound) {
			t.Error("want it found locked")
		}
		if got := d.Status(); got.State != Locked || !got.MayAsk {
			t.Errorf("round %d: got %+v, want it locked, and that it may be asked", round, got)
		}
		// octez-signer refuses this without its device.
		d.Begin().End(false, daemon.Answer{Status: http.StatusInternalServerError})
		if got := d.Status(); got.State != Locked {
			t.Errorf("got %+v after another error", got)
		}
		d.Begin().End(true, daemon.Answer{Status: http.StatusOK})
		if got := d.Status(); got.State != Ready || got.MayAsk {
			t.Errorf("got %+v after a signature", got)
		}
	}
}

func TestALedgerThatIsFoundLockedIsOtherwiseWhatItIs(t *testing.T) {
	d := New(time.Minute)
	d.Begin().End(false, notFound)
	d.SetReachable(false)
	if got := d.Status(); got.State != Unknown || got.MayAsk {
		t.Errorf("got %+v without its daemon", got)
	}
	d.say(fromUSB, Absent)
	if got := d.Status(); got.State != Absent || got.MayAsk {
		t.Errorf("got %+v, pulled out", got)
	}
}

func TestALedgerWhoseAppIsOpenedIsAnotherDevice(t *testing.T) {
	sysfs := t.TempDir()
	plug(t, sysfs, "1-1", "2c97")
	number := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(sysfs, "bus/usb/devices/1-1/devnum"), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	number("7")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	d := New(time.Minute)
	d.WatchUSB(ctx, sysfs, LedgerVendor)
	early := d.Begin()
	d.Begin().End(false, notFound)
	time.Sleep(2 * usbInterval)
	if got := d.Status().State; got != Locked {
		t.Fatalf("got %s while nothing changes", got)
	}
	number("8")
	expect(t, d, Ready, 2*time.Second)
	early.End(false, notFound)
	if got := d.Status().State; got != Ready {
		t.Errorf("got %s by an answer about the device before", got)
	}
	d.Begin().End(false, notFound)
	if got := d.Status().State; got != Locked {
		t.Errorf("got %s by an answer about this one", got)
	}
}
