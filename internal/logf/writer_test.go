package logf

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// slowReader takes what is written once it is let go on.
type slowReader struct {
	mu     sync.Mutex
	pieces []string
	goOn   chan struct{}
}

func (s *slowReader) Write(piece []byte) (int, error) {
	<-s.goOn
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieces = append(s.pieces, string(piece))
	return len(piece), nil
}

func line(text string) func([]byte) []byte {
	return func(all []byte) []byte { return append(append(all, text...), '\n') }
}

func TestLinesAreWrittenInTheirOrderAndTogether(t *testing.T) {
	reader := &slowReader{goOn: make(chan struct{})}
	close(reader.goOn)
	w := NewWriter(reader)
	for _, each := range []string{"a", "b", "c"} {
		w.Write(line(each))
	}
	time.Sleep(4 * gatherTime)
	w.Write(line("d"))
	w.Flush()
	reader.mu.Lock()
	defer reader.mu.Unlock()
	if got := strings.Join(reader.pieces, "|"); got != "a\nb\nc\n|d\n" {
		t.Errorf("got %q", got)
	}
}

func TestAReaderThatIsStuckHoldsNobodyUp(t *testing.T) {
	reader := &slowReader{goOn: make(chan struct{})}
	w := NewWriter(reader)
	long := strings.Repeat("x", 1<<12)
	began := time.Now()
	for range 4 * maxWaiting / len(long) {
		w.Write(line(long))
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	close(reader.goOn)
	w.Flush()
	size := 0
	for _, piece := range reader.pieces {
		size += len(piece)
	}
	if size < maxWaiting || size > 3*maxWaiting {
		t.Errorf("wrote %d bytes, want about %d", size, maxWaiting)
	}
}
