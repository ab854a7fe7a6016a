// Command gateway runs the gateway alone, for the tests beside it: without sshd, and with sessions that
// a test opens and ends.
//
// Its arguments are the address to listen on, and a folder with the configuration. It takes commands on
// its standard input, a line each, and answers each with a line on its standard output that begins with
// a #:
//
//	opens <signer>  a session of the signer opens; the answer is its number
//	ends <signer>   that session ends
//	states          the answer is what the gateway knows of each signer, in JSON
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/signer-forwarder/internal/config"
	"remote-signer-cloud/signer-forwarder/internal/gateway"
	"remote-signer-cloud/signer-forwarder/internal/guard"
	"remote-signer-cloud/signer-forwarder/internal/metrics"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		logf.Printf("%v", err)
		os.Exit(1)
	}
}

func run(address, folder string) error {
	marks, _, _, err := guard.Open(filepath.Join(folder, "guard"), "")
	if err != nil {
		return err
	}
	requests, counts := logf.NewWriter(os.Stdout), metrics.New()
	g := gateway.New(address, marks, true, func(r gateway.Record) {
		requests.Write(r.AppendJSON)
		counts.CountRequest(r)
	})
	counts.Observe(func() metrics.State { return metrics.State{Gateway: g.States()} })
	seen, c, err := config.Read(folder, "")
	if err != nil {
		return err
	}
	if err := g.Configure(c); err != nil {
		return err
	}
	counts.SetKeys(c.Signers)
	if err := counts.Serve(net.JoinHostPort(address, "8404"), g.ServePage); err != nil {
		return err
	}
	go func() {
		for range time.Tick(50 * time.Millisecond) {
			text, c, err := config.Read(folder, seen)
			if errors.Is(err, config.ErrUnchanged) || text == seen {
				continue
			}
			seen = text
			if err == nil {
				err = g.Configure(c)
			}
			if err != nil {
				logf.Printf("%v; what was there goes on", err)
			}
		}
	}()
	sessions := map[string]uint64{}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		word, name, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "opens":
			sessions[name] = g.SessionOpens(name)
			fmt.Printf("#%d\n", sessions[name])
		case "ends":
			g.SessionEnds(name, sessions[name])
			fmt.Println("#")
		case "states":
			text, err := json.Marshal(g.States())
			if err != nil {
				return err
			}
			fmt.Printf("#%s\n", text)
		}
	}
	return nil
}
