package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"remote-signer-cloud/signer-host/internal/config"
)

// Places is where a host has its files.
type Places struct {
	Config    string // wrapper.json
	SSHConfig string
	Proc      string
	State     string // the folder of the key and the watermarks
	Wallet    string // what the kit copies into octez-signer's base dir
}

// KitPlaces is where the kit puts them.
var KitPlaces = Places{
	Config:    config.File,
	SSHConfig: "/etc/remote-signer/ssh_config",
	Proc:      "/proc",
	State:     "/var/lib",
	Wallet:    "/usr/share/remote-signer/wallet",
}

// asRoot is the cure of what only root may see.
const asRoot = "run it as root: sudo signer-host doctor"

// newKit is the cure of what the package brings.
const newKit = "install the kit again, as it is or a new one: sudo apt install --reinstall ./FILE.deb (npm run kit -- SIGNER makes it)"

// doctor examines one host.
type doctor struct {
	places Places
	report func(Finding)
	config config.Config
	isBad  map[string]bool // hops of the tunnel that is examined
	other  string          // a tunnel that is up, while the one that is examined is not
}

// Examine examines a host, and reports each finding as soon as there is one.
func Examine(ctx context.Context, places Places, report func(Finding)) {
	d := &doctor{places: places, report: report}
	if d.readConfig() {
		d.examineTunnels(ctx)
		d.examineSigner(ctx)
	}
	d.examineClock()
	d.examineDisk()
}

func (d *doctor) ok(hop, found string)            { d.report(Finding{hop, Ok, found, ""}) }
func (d *doctor) unknown(hop, found, cure string) { d.report(Finding{hop, Unknown, found, cure}) }

// bad reports what is to be mended. Of a tunnel that is not up while another one is, that is a warning.
func (d *doctor) bad(hop, found, cure string) {
	state := Bad
	if d.other != "" {
		state = Warning
	}
	if d.isBad != nil {
		d.isBad[hop] = true
	}
	d.report(Finding{hop, state, found, cure})
}

// readConfig reads wrapper.json.
func (d *doctor) readConfig() bool {
	c, err := config.Read(d.places.Config)
	if errors.Is(err, fs.ErrPermission) {
		d.unknown("config", err.Error(), asRoot)
		return false
	}
	if err != nil {
		d.bad("config", err.Error(), newKit)
		return false
	}
	d.config = c
	d.ok("config", "signer "+c.Signer+" of stack "+c.Stack+", device "+string(c.Device))
	return true
}

// programTime is how long a program may take that the doctor asks.
const programTime = 10 * time.Second

// run runs a program and returns what it prints on standard output. If it fails, the error is the last line
// that it prints on the other one.
func run(ctx context.Context, program string, words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, programTime)
	defer cancel()
	command := exec.CommandContext(ctx, program, words...)
	command.WaitDelay = time.Second
	output, err := command.Output()
	var ended *exec.ExitError
	if errors.As(err, &ended) && len(ended.Stderr) > 0 {
		err = errors.New(lastLine(string(ended.Stderr)))
	}
	return string(output), err
}

// lastLine is the last line of a text.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
