package uplink

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"remote-signer-cloud/internal/logf"
)

// Usage is the help of the command.
const Usage = `signer-host connect INTERFACE HOST PORT
                             dial by a network interface, and pass the connection to ssh: its ProxyCommand, with
                             ProxyUseFdpass
`

const (
	// connectTime is the limit of ssh_config's ConnectTimeout, which ends at the greeting.
	connectTime = 10 * time.Second
	nameTime    = 3 * time.Second
)

// Command runs `signer-host connect` with the words that follow it, and returns its exit code. Standard output is the
// socket at whose other end ssh waits for the connection.
func Command(ctx context.Context, words []string) int {
	if len(words) != 3 {
		fmt.Fprint(os.Stderr, Usage)
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if err := connect(ctx, words[0], words[1], words[2], os.Getenv("RUNTIME_DIRECTORY"), int(os.Stdout.Fd())); err != nil {
		logf.Error(err)
		return 1
	}
	return 0
}

// connect dials a host by an interface and passes the connection to a socket. The folder keeps the host's address.
func connect(ctx context.Context, face, host, port, folder string, to int) error {
	addresses, err := addressesOf(ctx, host, folder)
	if err != nil {
		return err
	}
	connection, err := Dialer{face}.dialAny(ctx, addresses, port)
	if err != nil {
		return err
	}
	defer connection.Close()
	keep(host, connection, folder)
	raw, err := connection.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		// ssh does without O_NONBLOCK until it has logged in, and sets it itself then.
		if failure = unix.SetNonblock(int(fd), false); failure == nil {
			failure = unix.Sendmsg(to, []byte{0}, unix.UnixRights(int(fd)), nil, 0)
		}
	})
	if err == nil {
		err = failure
	}
	if err != nil {
		return fmt.Errorf("standard output: found no socket that takes a connection (%w), wanted ssh's, of ProxyUseFdpass", err)
	}
	return nil
}

// noName is in ssh's own words, which the doctor knows.
const noName = "Could not resolve hostname"

// addressesOf looks a host up. The name server may be behind the very uplink that is dead while the tunnel by the
// other one redials. Then the address counts that answered last.
func addressesOf(ctx context.Context, host, folder string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, nameTime)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err == nil {
		return addresses, nil
	}
	text, _ := os.ReadFile(keptIn(folder))
	keptHost, kept, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if address, keptErr := netip.ParseAddr(kept); keptErr == nil && keptHost == host {
		return []netip.Addr{address}, nil
	}
	return nil, fmt.Errorf("%s %s: %w", noName, host, err)
}

// keep writes the address that has answered. It's no failure if that can't be done.
func keep(host string, connection *net.TCPConn, folder string) {
	if address, ok := connection.RemoteAddr().(*net.TCPAddr); ok && folder != "" {
		_ = os.WriteFile(keptIn(folder), []byte(host+" "+address.AddrPort().Addr().Unmap().String()+"\n"), 0o600)
	}
}

func keptIn(folder string) string { return filepath.Join(folder, "address") }
