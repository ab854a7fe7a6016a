package health

import (
	"context"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ups asks NUT's own client for a UPS.
func ups(program, name string) func(context.Context) found {
	return func(ctx context.Context) (f found) {
		command := exec.CommandContext(ctx, program, name)
		// Its output ends with it, unless something that it started holds the pipe.
		command.WaitDelay = 10 * time.Millisecond
		output, err := command.Output()
		if err != nil {
			return f // it isn't installed, doesn't know the UPS, or its data is stale
		}
		variables := parseUPS(string(output))
		f.mains = mainsOfUPS(variables["ups.status"])
		if percent, err := strconv.ParseFloat(variables["battery.charge"], 64); err == nil {
			f.gauge(batteryRatio, percent/100, name)
		}
		return f
	}
}

// parseUPS reads the lines of upsc, such as `battery.charge: 90`.
func parseUPS(output string) map[string]string {
	variables := map[string]string{}
	for line := range strings.Lines(output) {
		if name, value, ok := strings.Cut(line, ": "); ok {
			variables[name] = strings.TrimSpace(value)
		}
	}
	return variables
}

// mainsOfUPS reads `ups.status`, which is a list of words: OL (on line), OB (on battery), LB, CHRG, …
func mainsOfUPS(status string) mains {
	words := strings.Fields(status)
	switch {
	case slices.Contains(words, "OB"):
		return mainsLost
	case slices.Contains(words, "OL"):
		return mainsThere
	default:
		return mainsUnknown
	}
}
