package main

import (
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// server is the listener while it serves.
type server struct {
	where      places
	processes  *processes
	gateway    *gateway
	metrics    *metrics
	sessions   *sessions
	door       *doorman
	refusals   *refusals
	generation atomic.Pointer[generation]
}

// maxFiles is how many files each process may have open. What sshd and PAM close one by one at their start is this many.
const maxFiles = 8192

// serve runs until it is told to end, or can't start.
func serve(where places) int {
	// Little memory rather than little work: there is hardly any garbage.
	debug.SetGCPercent(25)
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: maxFiles, Max: maxFiles})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	s := &server{where: where, processes: newProcesses(), metrics: newMetrics(), refusals: newRefusals(), door: newDoorman()}
	s.gateway = &gateway{socket: where.gatewayRun + "/haproxy.sock", current: map[string]string{}}
	s.sessions = newSessions(s.processes, s.gateway, s.metrics)
	s.door.run, s.door.evict, s.door.refused = s.runConnection, s.evict, s.countRefused
	s.metrics.registry.MustRegister(tunnels{s.sessions, s.door})

	var listener *net.TCPListener
	watcher := &watcher{processes: s.processes, where: where, setSigners: s.sessions.setKeys}
	watcher.setGeneration = func(made *generation) {
		s.generation.Store(made)
		made.announce()
		if listener != nil {
			say("Server listening on %s", listener.Addr())
		}
	}
	if problems := watcher.look(); len(problems) > 0 {
		say("%v", problems[0])
		return 1
	}
	for _, step := range []func() error{
		s.answerQuestions,
		s.readRequests,
		func() error { return serveHTTP(where.http, s.metrics.registry) },
		func() (err error) { listener, err = listenForSigners(where.listen); return err },
	} {
		if err := step(); err != nil {
			say("can't start: %v", err)
			return 1
		}
	}
	say("Server listening on %s", listener.Addr())
	go s.accept(listener)
	s.keepUp(watcher, stop)
	return 0
}

// accept takes connections until the program ends.
func (s *server) accept(listener *net.TCPListener) {
	for {
		connection, err := listener.AcceptTCP()
		if err != nil {
			say("can't accept a connection: %v", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if err := prepare(connection); err != nil {
			connection.Close()
			continue
		}
		s.door.arrive(connection)
	}
}

// keepUp does what is to be done from time to time, until a signal says to stop; then all sessions end at once.
func (s *server) keepUp(watcher *watcher, stop <-chan os.Signal) {
	look, tell, sum := time.NewTicker(watchInterval), time.NewTicker(time.Second), time.NewTicker(time.Minute)
	for {
		select {
		case <-look.C:
			for _, problem := range watcher.look() {
				say("%v; what was there goes on", problem)
			}
			s.door.look()
		case <-tell.C:
			go s.gateway.sync()
		case <-sum.C:
			s.refusals.sum(time.Now())
		case <-stop:
			say("told to stop, all sessions end")
			s.processes.killAll()
			return
		}
	}
}

// runConnection runs sshd for a connection that the door has let in.
func (s *server) runConnection(c *connection, socket int) {
	err := c.runSshd(s.processes, s.where.sshd, s.generation.Load().config(), socket, func(found event) { s.note(c, found) })
	if err != nil {
		say("can't run sshd: %v", err)
	}
	s.door.hasGone(c)
	c.mutex.Lock()
	c.isGone = true
	opened, ending, said := c.session, c.ending, c.journal
	c.mutex.Unlock()
	defer close(c.over)
	if opened != nil {
		cause := said.cause
		if cause == "" {
			cause = "sshd ended"
		}
		s.sessions.closed(opened, ending, cause)
		return
	}
	found := s.sessions.judge(&said)
	if ending != "" && found.signer == "" {
		found.sentence = ending
	}
	if ending == isEvicted {
		found.word = "evicted"
	}
	s.countRefused(c, found.word)
	if found.signer != "" {
		s.refusals.signer(time.Now(), found.signer, c.address, found.sentence)
		return
	}
	s.refusals.stranger(time.Now(), c.address, s.door.isFamiliar(c.address.Addr()), found.sentence)
}

// isEvicted is the cause of those who were too slow while others waited.
const isEvicted = "too slow to log in while others waited"

func (s *server) evict(c *connection) {
	c.end(s.processes, isEvicted)
}

func (s *server) countRefused(_ *connection, word string) {
	s.metrics.strangers.WithLabelValues(word).Inc()
}

// note takes what sshd says about a connection.
func (s *server) note(c *connection, found event) {
	if found.kind == hookFailed {
		// sshd would keep the connection, for as long as its client likes, with nothing that it may do.
		go c.end(s.processes, "its session could not open")
		return
	}
	c.mutex.Lock()
	opened := c.session
	c.journal.note(found)
	maySay := opened != nil && found.kind >= forwardRefused && found.kind != left && c.lines.allow(time.Now())
	c.mutex.Unlock()
	if !maySay {
		return
	}
	switch found.kind {
	case forwardRefused:
		say("%s: refused %s", opened.signer, found.text)
	case forwardFailed:
		say("%s: could not open %s", opened.signer, found.text)
	case trouble:
		say("%s: sshd says: %s", opened.signer, found.text)
	}
}

// openSession makes a connection, whose client has proved a key, the session of a signer.
func (s *server) openSession(c *connection, key string) error {
	if _, err := s.sessions.open(c, key); err != nil {
		return err
	}
	s.door.remember(c)
	return nil
}
