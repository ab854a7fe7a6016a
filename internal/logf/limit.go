package logf

import "time"

// Limit allows a burst of lines, and one more after each interval. It counts the lines it drops.
// It is not safe for concurrent use.
type Limit struct {
	Burst    int
	Interval time.Duration

	used    float64 // lines that still count at the time `last`
	last    time.Time
	dropped int
}

// Allow reports whether one more line may be written now.
func (l *Limit) Allow(now time.Time) bool {
	l.used = l.usedAt(now)
	l.last = now
	if l.used+1 > float64(l.Burst) {
		l.dropped++
		return false
	}
	l.used++
	return true
}

// Idle reports whether no earlier line counts any more, so the limit is as good as new.
func (l *Limit) Idle(now time.Time) bool { return l.usedAt(now) == 0 }

func (l *Limit) usedAt(now time.Time) float64 {
	return max(0, l.used-float64(now.Sub(l.last))/float64(l.Interval))
}

// TakeDropped returns how many lines were dropped since it was last called.
func (l *Limit) TakeDropped() int {
	count := l.dropped
	l.dropped = 0
	return count
}
