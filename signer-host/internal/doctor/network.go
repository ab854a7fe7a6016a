package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"remote-signer-cloud/signer-host/internal/uplink"
)

const (
	nameTime = 5 * time.Second
	// dialTime is the limit of ssh_config's ConnectTimeout, which is long enough for a hundred signers at once.
	dialTime = 10 * time.Second
	// slowTrip leaves a third of a level of 6 s for the four trips that a signature takes.
	slowTrip = 500 * time.Millisecond
)

// examineName looks up the forwarder's name.
func (d *doctor) examineName(ctx context.Context, s settings) bool {
	if _, err := netip.ParseAddr(s.host); err == nil {
		d.ok("name", s.host+" is an address")
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, nameTime)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, s.host)
	if err != nil {
		var lookup *net.DNSError
		cure := "see that this host has a network and a name server: resolvectl query " + s.host
		if errors.As(err, &lookup) && lookup.IsNotFound {
			cure = "see that the name has a DNS record, and that the kit is this stack's: npm run -s output has signerEndpoints"
		}
		d.bad("name", s.host+" has no address: "+err.Error(), cure)
		return false
	}
	d.ok("name", s.host+" is "+strings.Join(addresses, ", "))
	return true
}

// examinePorts calls the forwarder as ssh does, up to its greeting, and measures the round trip. It returns a
// port that answers, empty if none does.
func (d *doctor) examinePorts(ctx context.Context, s settings, ports []string) (open string) {
	var fastest time.Duration
	var lines []string
	for _, port := range ports {
		greeting, trip, err := greet(ctx, uplink.Dialer{Interface: s.uplink}, net.JoinHostPort(s.host, port))
		if err != nil {
			lines = append(lines, fmt.Sprintf("%s: %v", port, err))
			continue
		}
		lines = append(lines, port+" answers: "+greeting)
		if open == "" {
			open, fastest = port, trip
		}
	}
	found := s.host + " at " + strings.Join(lines, "; ")
	if open == "" {
		d.bad("port", found, "see that this network lets the port out (else set endpoint.alternatePorts), that endpoint.sourceRanges has its public address, and that the stack is up: npm run doctor")
		return ""
	}
	d.ok("port", found)
	found = fmt.Sprintf("%.0f ms", float64(fastest)/float64(time.Millisecond))
	if fastest > slowTrip {
		d.bad("round trip", found+", wanted less than 500 ms, because a signature takes four", "use another uplink: signatures come late")
	} else {
		d.ok("round trip", found)
	}
	return open
}

// greet dials an address and exchanges the first line of ssh. It doesn't go on to log in.
func greet(ctx context.Context, dialer uplink.Dialer, address string) (greeting string, trip time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	begin := time.Now()
	connection, err := dialer.Dial(ctx, address)
	if err != nil {
		return "", 0, plain(err)
	}
	defer connection.Close()
	trip = time.Since(begin)
	_ = connection.SetDeadline(begin.Add(dialTime))
	if _, err := io.WriteString(connection, "SSH-2.0-signer_host_doctor\r\n"); err != nil {
		return "", 0, plain(err)
	}
	// A server may send other lines first (RFC 4253, 4.2).
	lines := bufio.NewScanner(io.LimitReader(connection, 8<<10))
	first := ""
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		if strings.HasPrefix(line, "SSH-2.0-") {
			return line, trip, nil
		}
		if first == "" {
			first = line
		}
	}
	if first != "" {
		return "", 0, fmt.Errorf("found the answer %.60q, wanted ssh's greeting", first)
	}
	return "", 0, errors.New("it takes the call and doesn't greet")
}

// plain is the last part of a network error, such as `connection refused`.
func plain(err error) error {
	var operation *net.OpError
	if errors.As(err, &operation) {
		return operation.Err
	}
	return err
}
