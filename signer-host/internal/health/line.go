package health

import (
	"context"

	"github.com/warthog618/go-gpiocdev"

	"remote-signer-cloud/signer-host/internal/config"
)

// line reads the GPIO line that an uninterruptible supply without a driver has for "mains are lost".
func line(l config.Mains) func(context.Context) found {
	return func(context.Context) (f found) {
		request, err := gpiocdev.RequestLine(l.Chip, l.Line, gpiocdev.AsInput, gpiocdev.WithConsumer("signer-host"))
		if err != nil {
			return f // no such chip or line, no permission, or another program holds the line
		}
		defer request.Close()
		if level, err := request.Value(); err == nil {
			f.mains = mainsOfLine(l, level)
		}
		return f
	}
}

// mainsOfLine is what a level of the line tells.
func mainsOfLine(l config.Mains, level int) mains {
	if (level == 1) == (l.LostWhen == "high") {
		return mainsLost
	}
	return mainsThere
}
