package keeper

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The program of these tests is this one: as a parent, and as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case "parent":
			soon, _ = time.ParseDuration(os.Getenv("SOON"))
			stop := make(chan os.Signal, 1)
			signal.Notify(stop, syscall.SIGTERM)
			os.Exit(Run(append([]string{"child"}, os.Args[2:]...), stop))
		case "child":
			child(os.Args[2])
		}
	}
	os.Exit(m.Run())
}

// child serves at the addresses that a file has, a line for each, until it is told to end.
func child(list string) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	c, err := FromParent()
	if err != nil {
		fmt.Println(err)
		os.Exit(failed)
	}
	addresses, _ := os.ReadFile(list)
	for _, address := range strings.Fields(string(addresses)) {
		listener, err := c.Listen(&net.ListenConfig{}, address)
		if err != nil {
			fmt.Println(err)
			os.Exit(failed)
		}
		go func() {
			for {
				conn, err := listener.AcceptTCP()
				if err != nil {
					return
				}
				end := c.Keep(conn)
				go func() {
					obey(c, conn, listener)
					end()
				}()
			}
		}()
	}
	c.CloseRest()
	<-stop
	os.Exit(0)
}

// obey does what a connection's line asks for.
func obey(c *Child, conn net.Conn, listener *net.TCPListener) {
	line, _ := bufio.NewReader(conn).ReadString('\n')
	switch words := strings.Fields(line); {
	case len(words) == 1 && words[0] == "who":
		fmt.Fprintf(conn, "%d %d\n", os.Getpid(), c.Crashes())
	case len(words) == 1 && words[0] == "hang":
		time.Sleep(time.Minute)
	case len(words) == 1 && words[0] == "reopen":
		address := listener.Addr().String()
		for range 100 {
			c.Close(listener)
			again, err := c.Listen(&net.ListenConfig{}, address)
			if err != nil {
				fmt.Fprintln(conn, err)
				return
			}
			listener = again
		}
		fmt.Fprintln(conn, "reopened")
	case len(words) == 1 && words[0] == "close":
		c.Close(listener)
	case len(words) == 2 && words[0] == "exit":
		code, _ := strconv.Atoi(words[1])
		os.Exit(code)
	}
}

// rig is a parent with a child that serves at two addresses.
type rig struct {
	t         *testing.T
	list      string
	addresses []string
	parent    *exec.Cmd
}

func newRig(t *testing.T, soon string) *rig {
	t.Helper()
	r := &rig{t: t, list: filepath.Join(t.TempDir(), "addresses")}
	for range 2 {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r.addresses = append(r.addresses, free.Addr().String())
		free.Close()
	}
	r.serveAt(r.addresses...)
	r.parent = exec.Command(os.Args[0], "parent", r.list)
	r.parent.Env = append(os.Environ(), "SOON="+soon)
	r.parent.Stdout, r.parent.Stderr = os.Stdout, os.Stderr
	if err := r.parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.parent.Process.Kill()
		_ = r.parent.Wait()
	})
	r.eventually("the child serves", func() bool { pid, _, err := r.who(1); return err == nil && pid > 0 })
	return r
}

// serveAt writes down where a child serves.
func (r *rig) serveAt(addresses ...string) {
	r.t.Helper()
	if err := os.WriteFile(r.list, []byte(strings.Join(addresses, "\n")), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) eventually(what string, isSo func() bool) {
	r.t.Helper()
	for end := time.Now().Add(10 * time.Second); !isSo(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("not so within 10 s: %s", what)
		}
	}
}

// ask opens a connection with a line.
func (r *rig) ask(address int, line string) (net.Conn, error) {
	conn, err := net.Dial("tcp", r.addresses[address])
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, err = io.WriteString(conn, line+"\n")
	return conn, err
}

// who returns the child's pid, and how often one has crashed.
func (r *rig) who(address int) (pid, crashes int, err error) {
	conn, err := r.ask(address, "who")
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	text, err := io.ReadAll(conn)
	if err == nil {
		_, err = fmt.Sscan(string(text), &pid, &crashes)
	}
	return pid, crashes, err
}

func (r *rig) kill() {
	r.t.Helper()
	pid, _, err := r.who(0)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		r.t.Fatal(err)
	}
}

// ends waits for the parent's end, and returns its exit code.
func (r *rig) ends() int {
	r.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- r.parent.Wait() }()
	select {
	case <-ended:
		return r.parent.ProcessState.ExitCode()
	case <-time.After(10 * time.Second):
		r.t.Fatal("the parent has not ended within 10 s")
		return 0
	}
}

func TestAChildThatIsKilledIsStartedAgainWithItsPorts(t *testing.T) {
	r := newRig(t, "0s")
	before, _, _ := r.who(0)
	for crashes := 1; crashes <= 20; crashes++ {
		r.kill()
		// At no moment is a connection refused. One that the dying child had accepted gets 502.
		for address := range r.addresses {
			r.eventually("the next child serves", func() bool {
				pid, got, err := r.who(address)
				if errors.Is(err, syscall.ECONNREFUSED) {
					t.Fatal(err)
				}
				return err == nil && pid != before && got == crashes
			})
		}
	}
}

func TestRequestsUnderWayAreAnswered(t *testing.T) {
	r := newRig(t, "0s")
	var conns []net.Conn
	for range 100 {
		conn, err := r.ask(0, "hang")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	// Connections are accepted in their order, and the one that asks for its pid last.
	r.kill()
	for i, conn := range conns {
		text, err := io.ReadAll(conn)
		if err != nil || string(text) != endedAnswer {
			t.Fatalf("connection %d: got %q, %v, want %q", i, text, err, endedAnswer)
		}
	}
}

func TestAPortThatIsClosedIsRefused(t *testing.T) {
	r := newRig(t, "0s")
	if _, err := r.ask(1, "close"); err != nil {
		t.Fatal(err)
	}
	isRefused := func() bool { _, _, err := r.who(1); return errors.Is(err, syscall.ECONNREFUSED) }
	r.eventually("its port is refused", isRefused)
	r.serveAt(r.addresses[0])
	r.kill()
	r.eventually("the next child serves", func() bool { _, crashes, err := r.who(0); return err == nil && crashes == 1 })
	if !isRefused() {
		t.Error("the port is open again")
	}
}

func TestAPortThatIsClosedCanBeOpenedAtOnce(t *testing.T) {
	r := newRig(t, "0s")
	conn, err := r.ask(1, "reopen")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(conn); err != nil || string(text) != "reopened\n" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestAPortThatTheNextChildDoesNotOpenIsClosed(t *testing.T) {
	r := newRig(t, "0s")
	r.serveAt(r.addresses[0])
	r.kill()
	r.eventually("its port is refused", func() bool { _, _, err := r.who(1); return errors.Is(err, syscall.ECONNREFUSED) })
	if _, _, err := r.who(0); err != nil {
		t.Error(err)
	}
}

func TestWhatTheProgramEndsWith(t *testing.T) {
	exit := func(code int) func(*rig) {
		return func(r *rig) { _, _ = r.ask(0, fmt.Sprintf("exit %d", code)) }
	}
	for _, c := range []struct {
		name, soon string
		does       func(*rig)
		wanted     int
	}{
		{"the child ends", "0s", exit(0), 0},
		{"the child can't go on, and has said so", "0s", exit(failed), failed},
		{"the child is killed too soon", "1h", (*rig).kill, 128 + int(syscall.SIGKILL)},
		{"the child crashes too soon", "1h", exit(2), 2},
		{"it is told to end", "0s", func(r *rig) { _ = r.parent.Process.Signal(syscall.SIGTERM) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.soon)
			c.does(r)
			if code := r.ends(); code != c.wanted {
				t.Errorf("got %d, want %d", code, c.wanted)
			}
			for address := range r.addresses {
				if _, _, err := r.who(address); !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("port %d: got %v, want it refused", address, err)
				}
			}
		})
	}
}

func TestAChildEndsWithItsParent(t *testing.T) {
	r := newRig(t, "0s")
	_ = r.parent.Process.Kill()
	for address := range r.addresses {
		r.eventually("its ports are refused", func() bool { _, _, err := r.who(address); return errors.Is(err, syscall.ECONNREFUSED) })
	}
}

func TestTheParentForgetsConnectionsThatHaveEnded(t *testing.T) {
	r := newRig(t, "0s")
	files := func() int {
		found, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.parent.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	before := files()
	for range 300 {
		if _, _, err := r.who(0); err != nil {
			t.Fatal(err)
		}
	}
	r.eventually("it has as many files as before", func() bool { return files() <= before })
}

func TestAProgramWithoutAParent(t *testing.T) {
	text, err := exec.Command(os.Args[0], "child", "none").Output()
	if err == nil || string(text) != "started by hand, wanted by its parent\n" {
		t.Errorf("got %q, %v", text, err)
	}
	var none *Child
	listener, err := none.Listen(&net.ListenConfig{}, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	near, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := listener.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	none.Keep(far)()
	if _, err := near.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v, want %v", err, io.EOF)
	}
	none.Close(listener)
	none.CloseRest()
	if none.Crashes() != 0 {
		t.Errorf("got %d", none.Crashes())
	}
}

func TestAMessageIsReadAsItWasWritten(t *testing.T) {
	for _, m := range []message{
		{kind: portOpens, address: "127.0.0.1:8443"}, {kind: portCloses, address: "[::1]:8443"},
		{kind: connOpens, number: 1}, {kind: connEnds, number: 1<<64 - 1},
	} {
		if got, isMessage := parse(m.text()); !isMessage || got != m {
			t.Errorf("got %v, %v, want %v", got, isMessage, m)
		}
	}
	for _, text := range []string{"", "x", "C", "c1234567", "C123456789"} {
		if got, isMessage := parse([]byte(text)); isMessage {
			t.Errorf("%q: got %v", text, got)
		}
	}
}
