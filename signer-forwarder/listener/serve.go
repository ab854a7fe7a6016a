package main

import (
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"remote-signer-cloud/signer-forwarder/internal/admission"
	"remote-signer-cloud/signer-forwarder/internal/haproxy"
	"remote-signer-cloud/signer-forwarder/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/metrics"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

// server is the listener while it serves.
type server struct {
	paths      paths
	processes  *sshd.Processes
	gateway    *haproxy.Client
	metrics    *metrics.Metrics
	sessions   *sessions
	queue      *admission.Queue
	refusals   *refusalLog
	generation atomic.Pointer[sshd.Generation]
}

func newServer(paths paths, processes *sshd.Processes) *server {
	s := &server{
		paths:     paths,
		processes: processes,
		gateway:   haproxy.NewClient(paths.gateway),
		metrics:   metrics.New(),
		refusals:  newRefusalLog(),
	}
	s.sessions = newSessions(s.gateway, s.metrics)
	s.queue = admission.NewQueue(
		func(client admission.Client) admission.Login { return newConnection(s, client) },
		s.metrics.CountRefusal,
	)
	s.metrics.Observe(func() metrics.State {
		state := metrics.State{Signers: s.sessions.names(), Connected: map[string]time.Time{}, Pending: s.queue.Pending()}
		for name, each := range s.sessions.connected() {
			state.Connected[name] = each.since
		}
		return state
	})
	return s
}

// maxFiles is how many files each process may have open. sshd and PAM close so many, one by one, when
// they start.
const maxFiles = 8192

// serve runs until a signal stops it. It returns the exit code.
func serve(paths paths) int {
	// There is hardly any garbage, so collecting it more often costs little and saves memory.
	debug.SetGCPercent(25)
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: maxFiles, Max: maxFiles})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	s := newServer(paths, sshd.NewProcesses())
	var listener *net.TCPListener
	watcher := sshd.NewWatcher(s.processes, paths.sshd, s.sessions.setKeys, func(g *sshd.Generation) {
		s.generation.Store(g)
		g.Announce()
		if listener != nil {
			logf.Printf("Server listening on %s", listener.Addr())
		}
	})
	if problems := watcher.Look(); len(problems) > 0 {
		logf.Printf("%v", problems[0])
		return 1
	}
	for _, step := range []func() error{
		s.serveControl,
		func() error { return haproxy.ReceiveRequests(paths.gateway, s.countRequest) },
		func() error { return s.metrics.Serve(paths.http) },
		func() (err error) { listener, err = admission.Listen(paths.listen); return err },
	} {
		if err := step(); err != nil {
			logf.Printf("can't start: %v", err)
			return 1
		}
	}
	logf.Printf("Server listening on %s", listener.Addr())
	go s.accept(listener)
	s.tick(watcher, stop)
	return 0
}

// accept takes connections until the program ends.
func (s *server) accept(listener *net.TCPListener) {
	for {
		conn, err := listener.AcceptTCP()
		if err != nil {
			logf.Printf("can't accept a connection: %v", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if err := admission.Prepare(conn); err != nil {
			conn.Close()
			continue
		}
		s.queue.Arrive(conn)
	}
}

// tick does the recurring work until a signal stops it. Then all sessions end at once.
func (s *server) tick(watcher *sshd.Watcher, stop <-chan os.Signal) {
	look, sync, summarize := time.NewTicker(sshd.WatchInterval), time.NewTicker(time.Second), time.NewTicker(time.Minute)
	for {
		select {
		case <-look.C:
			for _, problem := range watcher.Look() {
				logf.Printf("%v; what was there goes on", problem)
			}
			s.queue.Admit()
		case <-sync.C:
			go s.gateway.Sync()
		case <-summarize.C:
			s.refusals.summarize(time.Now())
		case <-stop:
			logf.Printf("told to stop, all sessions end")
			s.processes.KillAll()
			return
		}
	}
}

// countRequest counts a request that the gateway has logged, unless its signer is not ours any more.
func (s *server) countRequest(r haproxy.Request) {
	if s.sessions.isSigner(r.Signer) {
		s.metrics.CountRequest(r, time.Now())
	}
}
