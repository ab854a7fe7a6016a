package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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

// attestationOf is one of a level, round 0, on NetXdQprcVkpaWU.
func attestationOf(level int) string {
	return `"13` + "7a06a770" + strings.Repeat("00", 35) + fmt.Sprintf("%08x", level) + "00000000" + strings.Repeat("01", 32) + `"`
}

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

// The router is this program too, as a parent and as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		main()
		return
	}
	os.Exit(m.Run())
}

// rig is a router that serves, and its folder.
type rig struct {
	t      *testing.T
	folder string
	// replica is the address of the replica, and port that of the signer there and here.
	replica string
	port    string
	stop    chan os.Signal
	ended   chan error
}

// newRig starts a replica, and writes a configuration that leads there.
func newRig(t *testing.T, marks string) *rig {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(replicaPage))
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	r := &rig{t: t, folder: t.TempDir(), replica: "127.0.0.1", port: port, stop: make(chan os.Signal, 1), ended: make(chan error, 1)}
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
	r.write("router.json", fmt.Sprintf(`{"baker": %q, "marks": %q, "replicas": [%q], "signers": [
		{"name": "home", "port": %s, "answerSeconds": 5, "keys": [{"address": %q, "chainId": %q, "minimalBlockSeconds": 6}]}
	]}`, baker, filepath.Join(r.folder, "marks"), r.replica, r.port, key, chain))
}

func (r *rig) start() {
	go func() {
		r.ended <- serve(paths{r.folder, address, "127.0.0.5:8441", filepath.Join(r.folder, "socket")}, nil, r.stop)
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
		status, text, err := r.ask(address, 10)
		if err == nil {
			return status, text
		}
		if time.Now().After(end) {
			r.t.Fatal(err)
		}
	}
}

// ask asks a router at an address for a signature, by a connection of its own as octez-baker does.
func (r *rig) ask(address string, level int) (int, string, error) {
	url := fmt.Sprintf("http://%s:%s/keys/%s?version=3", address, r.port, key)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Post(url, "application/json", strings.NewReader(attestationOf(level)))
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// wantMetric waits until a router's metrics have a line: a request is counted after its answer.
func wantMetric(t *testing.T, address, line string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get("http://" + address + ":8441/metrics")
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if strings.Contains(string(page), line+"\n") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("found no line %s", line)
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
	for _, line := range []string{
		`router_requests_total{key="` + key + `",kind="attestation",signer="home"} 1`,
		`router_signer_ready{replica="127.0.0.1",signer="home"} 1`,
		`router_chosen{port="home",signer="home"} 1`,
		"router_crashes_total 0",
	} {
		wantMetric(t, "127.0.0.5", line)
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

func TestASecondRouterDoesNotTakeTheMarksAway(t *testing.T) {
	r := newRig(t, "")
	r.start()
	r.sign()
	// As one that a person starts by hand.
	second := serve(paths{r.folder, address, address + ":8441", filepath.Join(r.folder, "second")}, nil, r.stop)
	if second == nil || !strings.Contains(second.Error(), "marks: found it in use by another program") {
		t.Errorf("got %v, want it rejected", second)
	}
	if status, _, err := r.ask(address, 11); status != http.StatusOK || err != nil {
		t.Errorf("got %d, %v", status, err)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	r.start()
	if status, text := r.sign(); status != http.StatusForbidden {
		t.Errorf("got %d %q for level 10 after 11, want it refused", status, text)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
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

func TestARouterThatIsKilledIsStartedAgainAndRefusesNothing(t *testing.T) {
	// Its replica takes a while, and its port is the router's on another address. Linux gives ports from 32768 on
	// to who asks for any: one of these could be another test's on the router's address.
	listener, err := net.Listen("tcp", "127.0.0.6:28443")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan bool, 100)
	replica := &http.Server{Handler: http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPost {
			asked <- true
			time.Sleep(200 * time.Millisecond)
		}
		replicaPage(response, request)
	})}
	go func() { _ = replica.Serve(listener) }()
	defer replica.Close()
	r := newRig(t, "")
	_, r.port, _ = net.SplitHostPort(listener.Addr().String())
	r.replica = "127.0.0.6"
	r.configure("alice", "NetXdQprcVkpaWU")
	program := exec.Command(os.Args[0], r.folder)
	program.Env = append(os.Environ(), "POD_IP=127.0.0.7", "TMPDIR="+r.folder)
	program.Stdout, program.Stderr = os.Stdout, os.Stderr
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Process.Kill() }()
	began := time.Now()
	ask := func(level int) (int, error) {
		status, _, err := r.ask("127.0.0.1", level)
		return status, err
	}
	for status := 0; status != http.StatusOK; status, _ = ask(10) {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("got %d, want a signature within 5 s", status)
		}
	}
	children := func() string {
		// Each thread has those that it has started.
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", program.Process.Pid))
		all := ""
		for _, file := range files {
			text, _ := os.ReadFile(file)
			all += string(text)
		}
		return strings.TrimSpace(all)
	}
	before := children()
	pid, err := strconv.Atoi(before)
	if err != nil {
		t.Fatalf("got the children %q, want one", before)
	}
	// One that ends sooner is not started again.
	time.Sleep(time.Until(began.Add(3500 * time.Millisecond)))
	answered := make(chan int, 1)
	go func() {
		status, err := ask(11)
		if err != nil {
			t.Error(err)
		}
		answered <- status
	}()
	// The one of level 10, and then this one.
	for range 2 {
		select {
		case <-asked:
		case <-time.After(5 * time.Second):
			t.Fatal("the device was not asked within 5 s")
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// As octez-baker asks again, after a 502 and nothing else.
	if status := <-answered; status != http.StatusBadGateway {
		t.Errorf("got %d for the request under way, want %d", status, http.StatusBadGateway)
	}
	status, err := ask(11)
	for ; err == nil && status == http.StatusBadGateway; status, err = ask(11) {
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil || status != http.StatusOK {
		t.Errorf("got %d, %v, want a signature", status, err)
	}
	if after := children(); after == before || after == "" {
		t.Errorf("got the child %q after %q, want another one", after, before)
	}
	wantMetric(t, "127.0.0.7", "router_crashes_total 1")
	_ = program.Process.Signal(syscall.SIGTERM)
	if err := program.Wait(); err != nil {
		t.Errorf("got %v, want it to end as it is told", err)
	}
}
