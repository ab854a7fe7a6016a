package device

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"remote-signer-cloud/signer-host/internal/daemon"
)

// expect waits for a state, for at most a while.
func expect(t *testing.T, d *Device, want State, within time.Duration) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(time.Millisecond) {
		got := d.Status().State
		if got == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("got %s after %s, want %s", got, within, want)
		}
	}
}

// plug makes a device in a tree of sysfs, and returns how to pull it out.
func plug(t *testing.T, sysfs, name, vendor string) (pull func()) {
	t.Helper()
	// The kernel makes the entry at once, so the file is in it when it appears.
	entry := filepath.Join(sysfs, "bus/usb/devices", name)
	made := filepath.Join(t.TempDir(), name)
	for _, folder := range []string{filepath.Dir(entry), made} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if vendor != "" {
		if err := os.WriteFile(filepath.Join(made, "idVendor"), []byte(vendor+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(made, entry); err != nil {
		t.Fatal(err)
	}
	return func() { os.Remove(entry) }
}

func TestADeviceThatIsPulledOutIsAbsentAtOnce(t *testing.T) {
	sysfs := t.TempDir()
	plug(t, sysfs, "usb1", "1d6b")
	plug(t, sysfs, "1-1:1.0", "")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	d := New(time.Minute)
	d.WatchUSB(ctx, sysfs, LedgerVendor)
	if got := d.Status(); got.State != Absent || time.Since(got.Since) > time.Minute {
		t.Fatalf("got %+v, want it absent at once", got)
	}
	pull := plug(t, sysfs, "1-1", "2c97")
	expect(t, d, Ready, 2*time.Second)
	pull()
	expect(t, d, Absent, 2*time.Second)
	for _, want := range []State{Absent, Ready, Absent} {
		if got := (<-d.Changes()).To.State; got != want {
			t.Errorf("got a change to %s, want %s", got, want)
		}
	}
}

func TestWithoutUSBADeviceIsAbsent(t *testing.T) {
	if found := pluggedIn(filepath.Join(t.TempDir(), "none"), LedgerVendor); found != "" {
		t.Errorf("found %q in no folder", found)
	}
}

// waits begins a request that has waited for a while.
func waits(d *Device, by time.Duration) *Request {
	r := d.Begin()
	d.mu.Lock()
	defer d.mu.Unlock()
	r.began = time.Now().Add(-by)
	return r
}

func TestARequestWithoutAnAnswerMakesADeviceBusyUntilItEnds(t *testing.T) {
	for _, test := range []struct {
		name     string
		isSigned bool
		status   int
	}{{"a signature", true, http.StatusOK}, {"an error", false, http.StatusInternalServerError}, {"no answer", false, 0}} {
		d := New(time.Minute)
		waits(d, 59*time.Second)
		if got := d.Status().State; got != Ready {
			t.Errorf("%s: got %s before its time", test.name, got)
		}
		d = New(time.Minute)
		r := waits(d, time.Minute)
		if got := d.Status().State; got != Busy {
			t.Errorf("%s: got %s after its time", test.name, got)
		}
		r.End(test.isSigned, daemon.Answer{Status: test.status})
		if got := d.Status().State; got != Ready {
			t.Errorf("%s: got %s after its end", test.name, got)
		}
	}
}

func TestTheTimeBeginsAnewWithEachSignature(t *testing.T) {
	d := New(time.Minute)
	first, second := waits(d, 90*time.Second), waits(d, 80*time.Second)
	first.End(true, daemon.Answer{Status: http.StatusOK})
	if got := d.Status().State; got != Ready {
		t.Errorf("got %s while the device signs for another key", got)
	}
	// An error says nothing of the device: octez-signer refuses without it.
	d.signedAt = time.Now().Add(-time.Minute)
	d.Begin().End(false, daemon.Answer{Status: http.StatusInternalServerError})
	if got := d.Status().State; got != Busy {
		t.Errorf("got %s", got)
	}
	second.End(false, daemon.Answer{})
	if got := d.Status().State; got != Ready {
		t.Errorf("got %s after the end of all", got)
	}
}

func TestTheReasonComesBeforeItsConsequence(t *testing.T) {
	d := New(0)
	d.SetReachable(false)
	want := func(state State) {
		t.Helper()
		if got := d.Status().State; got != state {
			t.Errorf("got %s, want %s", got, state)
		}
	}
	want(Unknown)
	d.say(fromItsDaemon, Locked)
	want(Locked)
	r := d.Begin()
	want(Busy)
	d.say(fromUSB, Absent)
	want(Absent)
	r.End(false, daemon.Answer{})
	d.say(fromUSB, Ready)
	d.say(fromItsDaemon, Ready)
	d.SetReachable(true)
	want(Ready)
}

func TestASinceIsThatOfTheLastChange(t *testing.T) {
	d := New(time.Minute)
	d.SetReachable(false)
	since := d.Status().Since
	time.Sleep(2 * time.Millisecond)
	d.SetReachable(false)
	if got := d.Status().Since; got != since {
		t.Errorf("got %s, want %s", got, since)
	}
}

func TestTheVaultsOfASignatory(t *testing.T) {
	var status atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
	}))
	defer server.Close()
	for found, want := range map[int]State{200: Ready, 503: Unknown, 404: Ready, 500: Ready} {
		status.Store(int64(found))
		if got := vaults(context.Background(), server.Client(), server.URL); got != want {
			t.Errorf("%d: got %s, want %s", found, got, want)
		}
	}
	server.Close()
	if got := vaults(context.Background(), server.Client(), server.URL); got != Ready {
		t.Errorf("without a page: got %s", got)
	}
}
