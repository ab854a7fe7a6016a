package doctor

import (
	"context"
	"errors"
	"strings"
)

// settings are what ssh reads out of its configuration for a tunnel.
type settings struct {
	host, port string
	key        string // file of the private key
	knownHosts string // file
	alias      string // the name under which known_hosts has the host
	proxy      string // ssh's ProxyCommand, by which it dials by an uplink; empty: ssh dials itself
	uplink     string // its interface
}

// settingsOf has ssh read the configuration of a tunnel's unit, remote-signer-tunnel@INSTANCE.service.
func settingsOf(ctx context.Context, file, unit string) (settings, error) {
	_, instance, _ := strings.Cut(strings.TrimSuffix(unit, ".service"), "@")
	output, err := run(ctx, "ssh", "-G", "-F", file, "signer-forwarder-"+instance)
	if err != nil {
		return settings{}, err
	}
	return parseSettings(output)
}

// parseSettings reads the output of ssh -G: a line for each setting, its name in small letters.
func parseSettings(output string) (s settings, err error) {
	for line := range strings.Lines(output) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "hostname":
			s.host = value
		case "port":
			s.port = value
		case "identityfile":
			if s.key == "" {
				s.key = value
			}
		case "userknownhostsfile":
			s.knownHosts, _, _ = strings.Cut(value, " ")
		case "proxycommand":
			s.proxy = value
			if words := strings.Fields(value); len(words) == 5 && words[1] == "connect" {
				s.uplink = words[2]
			}
		case "hostkeyalias":
			s.alias = value
		}
	}
	if s.host == "" || s.port == "" || s.key == "" || s.knownHosts == "" {
		return s, errors.New("found no host, port, key or known_hosts in it")
	}
	if s.alias == "" {
		s.alias = s.host
	}
	return s, nil
}
