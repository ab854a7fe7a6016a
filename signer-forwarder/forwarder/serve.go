package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/admission"
	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/gateway"
	"remote-signer-cloud/signer-forwarder/internal/guard"
	"remote-signer-cloud/signer-forwarder/internal/metrics"
	"remote-signer-cloud/signer-forwarder/internal/sshd"
)

// server is the forwarder while it serves.
type server struct {
	paths     paths
	processes *sshd.Processes
	guard     *guard.Guard
	news      []string // what there is to say of the guard once the program runs
	gateway   *gateway.Gateway
	requests  *logf.Writer // the log of requests
	metrics   *metrics.Metrics
	sessions  *sessions
	queue     *admission.Queue
	refusals  *refusalLog
	// isConfigured says that a configuration was taken before.
	isConfigured bool
	generation   atomic.Pointer[sshd.Generation]
}

// newServer opens the guard's file, and nothing else.
func newServer(paths paths, processes *sshd.Processes) (*server, error) {
	s := &server{
		paths:     paths,
		processes: processes,
		requests:  logf.NewWriter(os.Stdout),
		metrics:   metrics.New(),
		refusals:  newRefusalLog(),
	}
	marks, remembers, problem, err := guard.Open(paths.guard, "")
	if err != nil {
		return nil, fmt.Errorf("can't use the guard's marks: %w", err)
	}
	s.news = gateway.GuardNews(paths.guard, remembers, problem)
	s.guard = marks
	s.gateway = gateway.New(paths.address, marks, remembers, s.writeDown)
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
		state.Gateway = s.gateway.States()
		if g := s.generation.Load(); g != nil {
			state.NextHostKey = g.HasNextHostKey()
		}
		return state
	})
	return s, nil
}

// maxFiles is how many files each process may have open. sshd and PAM close so many, one by one, when
// they start.
const maxFiles = 8192

// serve runs until a signal stops it. It returns the exit code.
func serve(paths paths) int {
	// The heap is a few MiB, and each request makes garbage: collecting it a third as often takes the peaks
	// out of a signature's time, and about 15 MiB.
	debug.SetGCPercent(300)
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: maxFiles, Max: maxFiles})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	if paths.address == "" {
		// Any address would be loopback's too, where the tunnels end.
		logf.Printf("can't start: found no POD_IP, wanted the pod's own address")
		return 1
	}
	s, err := newServer(paths, sshd.NewProcesses())
	if err != nil {
		logf.Printf("can't start: %v", err)
		return 1
	}
	var listener *net.TCPListener
	watcher := sshd.NewWatcher(s.processes, paths.sshd, s.configure, func(g *sshd.Generation) {
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
		func() error { return s.metrics.Serve(net.JoinHostPort(paths.address, httpPort), s.gateway.ServePage) },
		func() (err error) { listener, err = admission.Listen(paths.listen); return err },
	} {
		if err := step(); err != nil {
			logf.Printf("can't start: %v", err)
			return 1
		}
	}
	for _, line := range s.news {
		logf.Printf("%s", line)
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
	look, open, summarize := time.NewTicker(sshd.WatchInterval), time.NewTicker(time.Second), time.NewTicker(time.Minute)
	for {
		select {
		case <-look.C:
			for _, problem := range watcher.Look() {
				logf.Printf("%v; what was there goes on", problem)
			}
			s.queue.Admit()
		case <-open.C:
			// What was in the way was said when the configuration was taken.
			_ = s.gateway.OpenPorts()
		case <-summarize.C:
			s.refusals.summarize(time.Now())
		case <-stop:
			logf.Printf("told to stop, all sessions end")
			drain(s.gateway, time.Now())
			s.processes.KillAll()
			s.requests.Flush()
			return
		}
	}
}

const (
	// noticeTime is how long routers have to learn that this replica ends: they ask for its state each 500 ms.
	noticeTime = time.Second
	// drainLimit is how long requests under way are waited for. The kubelet kills the program 5 s after its signal.
	drainLimit = 3 * time.Second
)

// drain waits until requests under way have ended, and routers ask another replica. It waits for a
// moment without a request: Octez does not repeat one whose connection breaks.
func drain(g interface {
	Drain() bool
	IsBusy() bool
}, began time.Time) {
	least := time.Duration(0)
	if g.Drain() {
		least = noticeTime
	}
	for {
		took := time.Since(began)
		if took >= drainLimit || took >= least && !g.IsBusy() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// configure takes a configuration: its keys, and what the gateway does with it.
func (s *server) configure(c config.Config) {
	if s.isConfigured {
		logf.Printf("a changed configuration is taken: %d signers", len(c.Signers))
	}
	s.isConfigured = true
	s.sessions.setKeys(c.SSH())
	s.metrics.SetKeys(c.Signers)
	if err := s.gateway.Configure(c); err != nil {
		logf.Error(err)
	}
}

// writeDown logs and counts a request.
func (s *server) writeDown(r gateway.Record) {
	s.requests.Write(r.AppendJSON)
	s.metrics.CountRequest(r)
}
