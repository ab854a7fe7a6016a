package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-host/internal/config"
	"remote-signer-cloud/signer-host/internal/daemon"
	"remote-signer-cloud/signer-host/internal/device"
	"remote-signer-cloud/signer-host/internal/health"
	"remote-signer-cloud/signer-host/internal/proxy"
	"remote-signer-cloud/signer-host/internal/signed"
	"remote-signer-cloud/signer-host/internal/systemd"
)

// A request for a signature is given up after a while, so that one that never ends is not the last one.
const (
	// ledgerPatience is longer than octez-signer waits for a Ledger, 600 s. Until then the device may be
	// in the midst of it, and must not be asked for something else.
	ledgerPatience = 610 * time.Second
	// otherPatience is ten levels. octez-signer waits for a device behind TCP for ever, with all its keys.
	otherPatience = time.Minute
)

// wrap serves until a signal stops it. It returns the exit code.
func wrap(p paths) int {
	// Collecting garbage twice as often keeps the program below 20 MiB under load, and takes a third more
	// of a CPU then. A Pi Zero has 512 MiB and one core.
	debug.SetGCPercent(50)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	c, err := config.Read(p.config)
	if err == nil {
		err = serve(ctx, p, c)
	}
	if err != nil {
		logf.Printf("can't serve: %v", err)
		return 1
	}
	return 0
}

// serve serves until the context ends.
func serve(ctx context.Context, p paths, c config.Config) error {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	to, behind, registry := daemon.New(c.Daemon), device.New(c.Answer), prometheus.NewRegistry()
	watchDevice(ctx, p, c, to, behind)
	state := &gauges{config: c, device: behind}
	ofHost := health.Options{Tunnels: c.Tunnels, Mains: c.Mains, UPS: c.UPS}
	registry.MustRegister(state, health.Collector(ofHost))
	options := proxy.Options{
		Patience: otherPatience,
		Healthz:  promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}),
		Marks:    func(string) map[payload.Kind]daemon.Mark { return nil },
	}
	if c.Device == config.Ledger {
		options.Patience = ledgerPatience
	}
	if c.HasOctezSigner() {
		options.Marks = func(address string) map[payload.Kind]daemon.Mark { return daemon.OctezMarks(p.marks, address) }
	}
	server := proxy.New(to, behind, signed.New(registry), options).NewServer()

	go to.Watch(ctx, func(found daemon.Health) {
		behind.SetReachable(!found.IsGone)
		if state.setUp(found.IsUp) && found.IsUp {
			// It may be another version, or have other keys.
			behind.Doubt()
			if c.HasOctezSigner() {
				go func() { state.setVersion(daemon.OctezVersion(ctx)) }()
			}
		}
	})
	go report(ctx, c, behind)
	go systemd.Watch(ctx, func(ctx context.Context) error { return answersItself(ctx, c.Listen) })

	ended := make(chan error, 1)
	go func() { ended <- server.Serve(proxy.Limit(listener)) }()
	logf.Printf("listening on %s, in front of %s; the device (%s) is %s", c.Listen, c.Daemon, c.Device, behind.Status().State)
	systemd.Ready(summary(c, behind.Status()))
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	systemd.Stopping()
	// Who waits for a signature gets it.
	patient, cancel := context.WithTimeout(context.Background(), c.Answer)
	defer cancel()
	_ = server.Shutdown(patient)
	return nil
}

// watchDevice watches the device until the context ends. The first look at USB has been when it returns.
func watchDevice(ctx context.Context, p paths, c config.Config, to *daemon.Daemon, behind *device.Device) {
	behind.WatchRequests(ctx)
	switch c.Device {
	case config.Ledger:
		behind.WatchUSB(ctx, p.sysfs, device.LedgerVendor)
	case config.Tezsign:
		if c.HasLocalDaemon() {
			behind.WatchUSB(ctx, p.sysfs, device.TezsignVendor)
		}
		behind.WatchTezsign(ctx, to, c.Keys)
	case config.Signatory:
		behind.WatchSignatory(ctx, device.SignatoryPage(c.Daemon))
	}
}

// report writes each change of the device's state into the journal, and for `systemctl status`.
func report(ctx context.Context, c config.Config, behind *device.Device) {
	for {
		select {
		case <-ctx.Done():
			return
		case change := <-behind.Changes():
			was := change.To.Since.Sub(change.From.Since).Round(time.Second)
			logf.Printf("the device is %s; it was %s for %s", change.To.State, change.From.State, was)
			systemd.Status(summary(c, change.To))
		}
	}
}

func summary(c config.Config, status device.Status) string {
	return fmt.Sprintf("device %s since %s; in front of %s", status.State, status.Since.UTC().Format(time.RFC3339), c.Daemon)
}

// answersItself asks the wrapper for a page that isn't there.
func answersItself(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return err
	}
	request.Close = true
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		return fmt.Errorf("found status %d, wanted 404", response.StatusCode)
	}
	return nil
}
