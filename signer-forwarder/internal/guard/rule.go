package guard

import (
	"slices"
	"time"

	"remote-signer-cloud/internal/payload"
)

// Reason is why a request is refused.
type Reason string

// The reasons.
const (
	// Watermark: it is below the mark, or at the mark with other bytes.
	Watermark Reason = "watermark"
	// Ahead: its level is further ahead than time allows. A device that signed it would refuse
	// everything below for ever.
	Ahead Reason = "ahead"
	// Chain: the key has been asked for too many chains.
	Chain Reason = "chain"
)

const (
	// spareLevels is by how many levels a request may be ahead of what the network can have made.
	spareLevels = 20
	// maxChains is for how many chains a key has marks. A key is used on one; a rehearsal makes two.
	maxChains = 8
)

func (g *Guard) check(r Request, now time.Time) Reason {
	// The highest level of the key on this chain, whatever its kind, tells how far the chain can be.
	var highest *entry
	var others chains
	for _, mark := range g.marks[r.Address] {
		if mark.Chain != r.Chain {
			others.add(mark.Chain)
			continue
		}
		if highest == nil || mark.Level > highest.Level {
			highest = mark
		}
		if mark.Kind == r.Kind && isBelow(r, mark.Mark) {
			return Watermark
		}
	}
	if highest == nil {
		if len(others) >= maxChains {
			return Chain
		}
		return ""
	}
	elapsed := max(0, now.Sub(highest.At))
	if int64(r.Level)-int64(highest.Level) > int64(elapsed/r.BlockTime)+spareLevels {
		return Ahead
	}
	return ""
}

// chains is a set of few chains.
type chains []payload.Chain

func (c *chains) add(chain payload.Chain) {
	if !slices.Contains(*c, chain) {
		*c = append(*c, chain)
	}
}

// isBelow reports whether a request is below a mark of its kind, or at it with other bytes.
func isBelow(r Request, mark Mark) bool {
	switch {
	case r.Level != mark.Level:
		return r.Level < mark.Level
	case r.Round != mark.Round:
		return r.Round < mark.Round
	default:
		return r.Digest != mark.Digest
	}
}
