package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"remote-signer-cloud/signer-host/internal/config"
)

const key = "tz1iY7Am8EqrewptzQXYRZDPKvYnFLzWRgBK"

// manager stands for systemd: it takes what the program tells.
func manager(t *testing.T) <-chan string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	t.Setenv("WATCHDOG_USEC", "150000")
	t.Setenv("WATCHDOG_PID", "")
	told := make(chan string, 1000)
	go func() {
		for {
			message := make([]byte, 4096)
			n, err := socket.Read(message)
			if err != nil {
				return
			}
			told <- string(message[:n])
		}
	}()
	return told
}

// awaitMessage waits until the manager is told something.
func awaitMessage(t *testing.T, told <-chan string, part string) {
	t.Helper()
	for limit := time.After(5 * time.Second); ; {
		select {
		case message := <-told:
			if strings.Contains(message, part) {
				return
			}
		case <-limit:
			t.Fatalf("was not told %s", part)
		}
	}
}

// freeAddress returns an address that nothing listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestAWrapperFromItsStartToItsEnd(t *testing.T) {
	told := manager(t)
	folder := t.TempDir()
	// An octez-signer that only knows its version.
	if err := os.WriteFile(filepath.Join(folder, "octez-signer"), []byte("#!/bin/sh\necho 'Octez 25.1 (04d849eb)'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	marks := fmt.Sprintf(`{"NetXdQprcVkpaWU":{"%s":{"level":109,"round":1,"hash":"ab"}}}`, key)
	if err := os.WriteFile(filepath.Join(folder, "block_high_watermarks"), []byte(marks), 0o600); err != nil {
		t.Fatal(err)
	}
	ledger := filepath.Join(folder, "bus/usb/devices/1-1")
	if err := os.MkdirAll(ledger, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(ledger, "idVendor"), []byte("2c97\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "{}") }))
	defer server.Close()
	to, _ := url.Parse(server.URL)
	c := config.Config{
		Stack: "prod", Signer: "home", Listen: freeAddress(t), Daemon: to, Device: config.Ledger, Answer: time.Second,
		Keys: []string{key},
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, paths{sysfs: folder, marks: folder}, c) }()

	awaitMessage(t, told, "READY=1\nSTATUS=device ready")
	awaitMessage(t, told, "WATCHDOG=1")
	home := "http://" + c.Listen
	if status, body := get(t, home+"/authorized_keys"); status != 200 || body != "{}\n" {
		t.Errorf("got %d, %s", status, body)
	}
	if status, body := get(t, home+"/statusz/"+key); status != 200 || !strings.Contains(body, `"watermark":{"block":{"level":109,"round":1}}`) {
		t.Errorf("got %d, %s", status, body)
	}
	for limit := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, page := get(t, home+"/healthz")
		missing := missingLines(page,
			`signer_host_info{signer="home",stack="prod",version="unknown"} 1`,
			`signer_host_daemon_up 1`,
			`signer_host_daemon_info{version="25.1"} 1`,
			`signer_host_device_ready 1`,
			`signer_host_device_state{state="ready"} 1`,
			`signer_host_device_state{state="absent"} 0`,
		)
		if len(missing) == 0 {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("found no %s in\n%s", missing, page)
		}
	}

	if err := os.RemoveAll(ledger); err != nil {
		t.Fatal(err)
	}
	awaitMessage(t, told, "STATUS=device absent")
	if status, body := get(t, home+"/authorized_keys"); status != 503 || !strings.HasPrefix(body, `{"device":"absent","since":"20`) {
		t.Errorf("got %d, %s", status, body)
	}
	stop()
	awaitMessage(t, told, "STOPPING=1")
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func missingLines(page string, lines ...string) (missing []string) {
	for _, line := range lines {
		if !strings.Contains(page, line+"\n") {
			missing = append(missing, line)
		}
	}
	return missing
}

func TestWhoWaitsForASignatureGetsItAtTheEnd(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			close(asked)
			<-goOn
		}
		fmt.Fprint(w, `{"signature":"sig"}`)
	}))
	defer server.Close()
	to, _ := url.Parse(server.URL)
	c := config.Config{Stack: "prod", Signer: "home", Listen: freeAddress(t), Daemon: to, Device: config.Own, Answer: 5 * time.Second}
	told := manager(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, paths{}, c) }()
	awaitMessage(t, told, "READY=1")
	got := make(chan int, 1)
	go func() {
		body := strings.NewReader(`"13` + strings.Repeat("00", 60) + `"`)
		response, err := http.Post("http://"+c.Listen+"/keys/"+key, "application/json", body)
		if err != nil {
			got <- 0
			return
		}
		response.Body.Close()
		got <- response.StatusCode
	}()
	<-asked
	stop()
	awaitMessage(t, told, "STOPPING=1")
	close(goOn)
	if status := <-got; status != 200 {
		t.Errorf("got %d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestABadConfigurationIsAnExitCode(t *testing.T) {
	if got := wrap(paths{config: filepath.Join(t.TempDir(), "none.json")}); got != 1 {
		t.Errorf("got %d", got)
	}
}

func TestAnAddressThatIsInUseIsAnError(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	to, _ := url.Parse("http://127.0.0.1:1")
	if err := serve(context.Background(), paths{}, config.Config{Listen: listener.Addr().String(), Daemon: to}); err == nil {
		t.Error("want an error")
	}
}
