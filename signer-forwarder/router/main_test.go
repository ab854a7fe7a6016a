package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/control"
	"remote-signer-cloud/signer-forwarder/internal/guard"
)

const (
	key     = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6"
	address = "127.0.0.5"
)

// attestation is one of level 10, round 0, on NetXdQprcVkpaWU.
var attestation = `"13` + "7a06a770" + strings.Repeat("00", 35) + "0000000a" + "00000000" + strings.Repeat("01", 32) + `"`

// replicaPage answers as a replica of the forwarder does.
func replicaPage(response http.ResponseWriter, request *http.Request) {
	switch {
	case request.URL.Path == "/direct/state":
		_, _ = io.WriteString(response, `{"ready":true,"cause":"","joins":true,"draining":false}`)
	case request.Method == http.MethodPost:
		_, _ = io.WriteString(response, `{"signature":"sig"}`)
	default:
		_, _ = io.WriteString(response, `{}`)
	}
}

// rig is a router that serves, and its folder.
type rig struct {
	t      *testing.T
	folder string
	port   string
	stop   chan os.Signal
	ended  chan error
}

// newRig starts a replica, and writes a configuration that leads there.
func newRig(t *testing.T, marks string) *rig {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(replicaPage))
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	r := &rig{t: t, folder: t.TempDir(), port: port, stop: make(chan os.Signal, 1), ended: make(chan error, 1)}
	if marks != "" {
		r.write("marks", marks)
	}
	r.configure("alice", "NetXdQprcVkpaWU")
	return r
}

func (r *rig) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.folder, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) configure(baker, chain string) {
	r.t.Helper()
	r.write("router.json", fmt.Sprintf(`{"baker": %q, "marks": %q, "replicas": ["127.0.0.1"], "signers": [
		{"name": "home", "port": %s, "answerSeconds": 5, "keys": [{"address": %q, "chainId": %q, "minimalBlockSeconds": 6}]}
	]}`, baker, filepath.Join(r.folder, "marks"), r.port, key, chain))
}

func (r *rig) start() {
	go func() {
		r.ended <- serve(paths{r.folder, address, "127.0.0.5:8441", filepath.Join(r.folder, "socket")}, r.stop)
	}()
}

func (r *rig) end() error {
	r.stop <- syscall.SIGTERM
	select {
	case err := <-r.ended:
		return err
	case <-time.After(15 * time.Second):
		return errors.New("it did not end")
	}
}

// sign asks for a signature until the router is there.
func (r *rig) sign() (int, string) {
	r.t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Post(fmt.Sprintf("http://%s:%s/keys/%s?version=3", address, r.port, key), "application/json", strings.NewReader(attestation))
		if err == nil {
			text, _ := io.ReadAll(response.Body)
			response.Body.Close()
			return response.StatusCode, string(text)
		}
		if time.Now().After(end) {
			r.t.Fatal(err)
		}
	}
}

func TestARouterServesItsBakerAndKeepsTheMarks(t *testing.T) {
	r := newRig(t, "")
	r.start()
	if status, text := r.sign(); status != 200 || !strings.Contains(text, "sig") {
		t.Fatalf("got %d %q", status, text)
	}
	said, err := control.Ask(filepath.Join(r.folder, "socket"), "marks")
	if err != nil || !strings.Contains(said, "attestation level 10 round 0") {
		t.Errorf("got %q, %v, want the mark", said, err)
	}
	response, err := http.Get("http://127.0.0.5:8441/metrics")
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(response.Body)
	response.Body.Close()
	for _, line := range []string{
		`router_requests_total{key="` + key + `",kind="attestation",signer="home"} 1`,
		`router_signer_ready{replica="127.0.0.1",signer="home"} 1`,
		`router_chosen{port="home",signer="home"} 1`,
	} {
		if !strings.Contains(string(page), line) {
			t.Errorf("found no line %s", line)
		}
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.folder, "marks"))
	if err != nil || !strings.HasPrefix(string(text), "signer-forwarder guard 1 of alice\n") || strings.Count(string(text), "\n") != 2 {
		t.Errorf("got %q, %v, want alice's file with one mark", text, err)
	}
}

func TestMarksOfAnotherBakerOrChainStopARouter(t *testing.T) {
	mine := newRig(t, "")
	mine.start()
	mine.sign()
	if err := mine.end(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, baker, chain, wanted string }{
		{"another baker", "bob", "NetXdQprcVkpaWU", `found "signer-forwarder guard 1 of alice", wanted "signer-forwarder guard 1 of bob"`},
		{"another chain", "alice", "NetXnHfVqm9iesp", "found a mark of " + key + " on NetXdQprcVkpaWU, wanted NetXnHfVqm9iesp alone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := os.ReadFile(filepath.Join(mine.folder, "marks"))
			mine.configure(c.baker, c.chain)
			mine.start()
			err := <-mine.ended
			if !errors.Is(err, guard.ErrForeign) || !strings.Contains(err.Error(), c.wanted) {
				t.Errorf("got %v, want %s", err, c.wanted)
			}
			if after, _ := os.ReadFile(filepath.Join(mine.folder, "marks")); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestABadConfigurationIsSaidAndTheOldOneGoesOn(t *testing.T) {
	r := newRig(t, "")
	r.start()
	r.sign()
	r.write("router.json", "{")
	time.Sleep(lookInterval + 200*time.Millisecond)
	if status, _ := r.sign(); status != 200 {
		t.Errorf("got %d", status)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
}
