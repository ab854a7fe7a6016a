// Package guard remembers what was passed on to be signed, and refuses what could be a double
// signature. It stands above all devices of a key, so it holds also when requests move to another one.
//
// The rule is octez-signer's own (Octez 25, src/bin_signer/handler.ml, check_mark): for each chain, key
// and kind it refuses a lower level, a lower round at the same level, and other bytes for the same level
// and round. The same bytes pass again. Unlike octez-signer, it marks before the device is asked and not
// after, because nobody can tell whether a device that did not answer has signed.
package guard

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"remote-signer-cloud/internal/logf"
	"remote-signer-cloud/internal/payload"
)

// Digest tells one payload from another.
type Digest [sha256.Size]byte

// Request is what a baker wants signed by one key.
type Request struct {
	payload.Payload
	Address string
	Digest  Digest
	// BlockTime is the shortest time between two blocks of the network.
	BlockTime time.Duration
}

// Mark is the highest level and round that was passed on for one key, chain and kind, with its bytes'
// digest and the time at which that was.
type Mark struct {
	Address string
	payload.Payload
	Digest Digest
	At     time.Time
}

func (m Mark) String() string {
	return fmt.Sprintf("%s %s %s level %d round %d", m.Address, m.Chain, m.Kind, m.Level, m.Round)
}

// Place is what there is one mark for.
type Place struct {
	address string
	chain   payload.Chain
	kind    payload.Kind
}

// Place returns the place of the mark that a request is held to.
func (r Request) Place() Place { return Place{r.Address, r.Chain, r.Kind} }

func (m Mark) place() Place { return Place{m.Address, m.Chain, m.Kind} }

// Guard has the marks. It is safe for concurrent use.
type Guard struct {
	lock *os.File
	// mu guards the fields below. Nothing else is locked while it is held.
	mu    sync.Mutex
	file  *file
	lines int
	marks map[string][]*entry // by address; a key has a few
}

// entry is a mark and its line in the file.
type entry struct {
	Mark
	line int
}

// Check says why a request would be refused; an empty reason if it would pass.
func (g *Guard) Check(r Request, now time.Time) Reason {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.check(r, now)
}

// Pass marks a request that is about to be passed on, or says why it must not be. The mark is written
// to the file before Pass returns. If it can't be written, the request does not pass.
func (g *Guard) Pass(r Request, now time.Time) (Reason, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if reason := g.check(r, now); reason != "" {
		return reason, nil
	}
	mark := Mark{Address: r.Address, Payload: r.Payload, Digest: r.Digest, At: now}
	for _, each := range g.marks[r.Address] {
		if each.place() != r.Place() {
			continue
		}
		if each.Payload == mark.Payload {
			// The same bytes again.
			return "", nil
		}
		if err := g.file.write(each.line, mark); err != nil {
			return "", err
		}
		each.Mark = mark
		return "", nil
	}
	if err := g.file.add(g.lines, mark); err != nil {
		return "", err
	}
	g.add(mark)
	return "", nil
}

// add notes a mark that has the next line in the file.
func (g *Guard) add(mark Mark) {
	g.marks[mark.Address] = append(g.marks[mark.Address], &entry{mark, g.lines})
	g.lines++
}

// Marks returns all marks.
func (g *Guard) Marks() []Mark {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.list(func(Mark) bool { return true })
}

// Forget removes the marks of a key, and returns them. An error means that nothing was removed.
func (g *Guard) Forget(address string) ([]Mark, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	removed := g.list(func(mark Mark) bool { return mark.Address == address })
	if err := g.replace(g.list(func(mark Mark) bool { return mark.Address != address })); err != nil {
		return nil, err
	}
	return removed, nil
}

// ForgetAndSay removes the marks of a key, logs each, and returns what there is to tell of it.
func (g *Guard) ForgetAndSay(address string) string {
	removed, err := g.Forget(address)
	if err != nil {
		return fmt.Sprintf("nothing is forgotten: %v\n", err)
	}
	if len(removed) == 0 {
		return fmt.Sprintf("found no mark of %s\n", address)
	}
	for _, mark := range removed {
		logf.Printf("the guard was told to forget %s", mark)
	}
	return "forgotten:\n" + Describe(removed)
}

// Describe lists marks, a line each.
func Describe(marks []Mark) string {
	var text strings.Builder
	for _, mark := range marks {
		fmt.Fprintf(&text, "%s, at %s\n", mark, mark.At.UTC().Format(time.RFC3339))
	}
	return text.String()
}

func (g *Guard) list(wanted func(Mark) bool) []Mark {
	entries := make([]*entry, 0, g.lines)
	for _, each := range g.marks {
		entries = append(entries, each...)
	}
	slices.SortFunc(entries, func(a, b *entry) int { return a.line - b.line })
	var marks []Mark
	for _, each := range entries {
		if wanted(each.Mark) {
			marks = append(marks, each.Mark)
		}
	}
	return marks
}

// replace writes a new file with these marks.
func (g *Guard) replace(marks []Mark) error {
	next, err := create(g.file.path, g.file.header, marks)
	if err != nil {
		return err
	}
	g.file.close()
	g.file = next
	g.take(marks)
	return nil
}

// take notes the marks that the file has.
func (g *Guard) take(marks []Mark) {
	g.lines, g.marks = 0, map[string][]*entry{}
	for _, mark := range marks {
		g.add(mark)
	}
}

// Close gives the file back. Nothing passes afterwards but what needs no mark.
func (g *Guard) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.file.close()
	g.lock.Close()
}
