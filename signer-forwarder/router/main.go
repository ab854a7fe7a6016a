// Command router stands beside octez-baker, which has it as its signer. There is one for each baker, so it
// can choose without asking anybody: the device by the ordered list of a key, and the replica of the
// forwarder by who has a tunnel of that device and answers.
//
// It is the gateway with other ways to a signer: see remote.go of package gateway.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/control"
	"remote-signer-cloud/signer-forwarder/internal/gateway"
	"remote-signer-cloud/signer-forwarder/internal/guard"
	"remote-signer-cloud/signer-forwarder/internal/keeper"
	"remote-signer-cloud/signer-forwarder/internal/page"
)

const usage = `router <folder>             serve, in the foreground, with the configuration <folder>/router.json
router marks                print what the guard remembers: the last level and round of each key and kind
router forget <address>     have the guard forget the marks of a key, and print them
router page <path>          print a page of port 8441: /healthz or /metrics
`

// paths is where the router finds and puts things.
type paths struct {
	folder  string // with the configuration
	listen  string // address at which the baker asks
	pages   string // address of /healthz and /metrics
	control string // socket for the commands
}

// controlSocket is in a folder that nobody else writes in a baker's pod.
var controlSocket = filepath.Join(os.TempDir(), "router.sock")

// serving is the word with which the program starts itself as a child.
const serving = "serve"

const (
	// lookInterval is how often the configuration is looked at.
	lookInterval = time.Second
	// drainLimit is how long requests under way are waited for at the end.
	drainLimit = 10 * time.Second
)

func main() {
	logf.Prefix = "router: "
	switch words := os.Args[1:]; {
	case len(words) == 1 && words[0] == control.Marks:
		os.Exit(ask(control.Marks))
	case len(words) == 2 && words[0] == control.Forget:
		os.Exit(ask(control.Forget + " " + words[1]))
	case len(words) == 2 && words[0] == "page":
		os.Exit(page.Print(pages(), words[1], os.Stdout, os.Stderr))
	case len(words) == 1 && strings.HasPrefix(words[0], "/"):
		os.Exit(keeper.Run([]string{serving, words[0]}, stopped()))
	case len(words) == 2 && words[0] == serving:
		stop := stopped()
		parent, err := keeper.FromParent()
		if err == nil {
			err = serve(paths{words[1], "127.0.0.1", pages(), controlSocket}, parent, stop)
		}
		if err != nil {
			logf.Printf("can't serve: %v", err)
			os.Exit(1)
		}
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

// stopped receives the signals that end the program.
func stopped() <-chan os.Signal {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	return stop
}

// pages is the address of /healthz and /metrics: any address of a machine without a pod, as nothing that is asked there says
// or changes anything of a key.
func pages() string { return net.JoinHostPort(os.Getenv("POD_IP"), "8441") }

// ask puts a question to the router that serves, and prints the answer.
func ask(question string) int {
	answer, err := control.Ask(controlSocket, question)
	if err != nil {
		logf.Printf("no router runs here: %v", err)
		return 1
	}
	if answer != "" {
		fmt.Println(answer)
	}
	return 0
}

// serve serves until a signal stops it. The parent keeps ports and connections; nil keeps none.
func serve(paths paths, parent *keeper.Child, stop <-chan os.Signal) error {
	// A heap of few MiB is collected often enough.
	debug.SetGCPercent(50)
	seen, c, err := config.ReadRouter(paths.folder, "")
	if err != nil {
		return err
	}
	marks, remembers, problem, err := guard.Open(c.Marks, c.Baker)
	if err != nil {
		return err
	}
	defer marks.Close()
	if err := foreign(marks.Marks(), c); err != nil {
		return err
	}
	for _, line := range gateway.GuardNews(c.Marks, remembers, problem) {
		logf.Printf("%s", line)
	}
	requests, counts := logf.NewWriter(os.Stdout), newMetrics(parent.Crashes())
	g := gateway.New(paths.listen, marks, remembers, func(r gateway.Record) {
		requests.Write(r.AppendJSON)
		counts.count(r)
	})
	router := gateway.NewRouter(g, parent, counts.countHedge)
	counts.observe(router.States)
	if err := control.Serve(paths.control, func(conn *net.UnixConn, question string) { answer(conn, question, marks) }); err != nil {
		return err
	}
	configure(router, c)
	parent.CloseRest()
	// After the ports are open: octez-baker starts once /healthz answers.
	pages, err := counts.serve(paths.pages)
	if err != nil {
		return err
	}
	defer pages.Close()
	logf.Printf("serving %s: %d signers, by %s", c.Baker, len(c.Signers), strings.Join(c.Replicas, ", "))
	look := time.NewTicker(lookInterval)
	for {
		select {
		case <-look.C:
			seen = reconfigure(router, paths.folder, seen, c)
		case <-stop:
			for end := time.Now().Add(drainLimit); router.IsBusy() && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
			requests.Flush()
			return router.Configure(config.Router{})
		}
	}
}

// reconfigure takes a changed configuration, and returns the text that was looked at.
func reconfigure(router *gateway.Router, folder, seen string, first config.Router) string {
	// What could not be opened is said when the configuration is taken.
	_ = router.OpenPorts()
	text, c, err := config.ReadRouter(folder, seen)
	if errors.Is(err, config.ErrUnchanged) || text == seen {
		return seen
	}
	if err == nil && (c.Baker != first.Baker || c.Marks != first.Marks) {
		err = fmt.Errorf("found the baker %s with marks at %s, wanted %s at %s: only a new start takes others", c.Baker, c.Marks, first.Baker, first.Marks)
	}
	if err != nil {
		logf.Printf("%v; what was there goes on", err)
		return text
	}
	logf.Printf("a changed configuration is taken: %d signers, by %s", len(c.Signers), strings.Join(c.Replicas, ", "))
	configure(router, c)
	return text
}

// configure takes a configuration. What can't be opened now is tried again.
func configure(router *gateway.Router, c config.Router) {
	if err := router.Configure(c); err != nil {
		logf.Error(err)
	}
}

// foreign returns what is wrong with marks that a baker's own file can't have: those of a key on another
// chain than its own.
func foreign(marks []guard.Mark, c config.Router) error {
	for _, s := range c.Signers {
		for _, key := range s.Keys {
			for _, mark := range marks {
				if mark.Address == key.Address && key.Chain != nil && mark.Chain != *key.Chain {
					return fmt.Errorf("%s: %w: found a mark of %s on %s, wanted %s alone", c.Marks, guard.ErrForeign, key.Address, mark.Chain, *key.Chain)
				}
			}
		}
	}
	return nil
}

func answer(conn *net.UnixConn, question string, marks *guard.Guard) {
	text := ""
	switch word, rest, _ := strings.Cut(question, " "); word {
	case control.Marks:
		text = guard.Describe(marks.Marks())
	case control.Forget:
		text = marks.ForgetAndSay(rest)
	}
	_, _ = conn.Write([]byte(text))
}
