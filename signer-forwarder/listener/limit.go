package main

import "time"

// limit lets so many through at once, and one more each time an interval is over; it counts the others.
type limit struct {
	burst    int
	interval time.Duration
	used     float64
	last     time.Time
	leftOut  int
}

// allow tells whether one more may pass.
func (l *limit) allow(now time.Time) bool {
	l.used = l.left(now)
	l.last = now
	if l.used+1 > float64(l.burst) {
		l.leftOut++
		return false
	}
	l.used++
	return true
}

// left is what is not forgotten yet of those who passed.
func (l *limit) left(now time.Time) float64 {
	return max(0, l.used-float64(now.Sub(l.last))/float64(l.interval))
}

// takeLeftOut gives how many were left out since it was last asked.
func (l *limit) takeLeftOut() int {
	count := l.leftOut
	l.leftOut = 0
	return count
}
