package wire

import (
	"sync"
	"time"
)

// How a breaker opens and how long it stays open.
const (
	openAfter = 5                // failures, one after the other
	firstRest = 5 * time.Second  // the first time
	longRest  = 2 * time.Minute  // at most, doubling each time that the probe fails
	probeTime = 90 * time.Second // after which a probe that never told its end counts for nothing
)

// Breaker keeps calls from a carrier that is down: after five failures in a row it lets none through for a while, then a
// single one to see; a success closes it again. It is safe for concurrent use.
type Breaker struct {
	now func() time.Time

	mu       sync.Mutex
	failures int
	rest     time.Duration
	until    time.Time // open until then; zero: closed
	probing  time.Time // since when a single call is out; zero: none is
}

// NewBreaker is a closed breaker on a clock of real time.
func NewBreaker(now func() time.Time) *Breaker { return &Breaker{now: now} }

// State is what a breaker is at, for people.
type State struct {
	Open     bool      `json:"open"`
	Until    time.Time `json:"until,omitzero"` // when the next call is let through
	Failures int       `json:"failures,omitempty"`
}

// State tells whether calls are let through now.
func (b *Breaker) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return State{Open: b.now().Before(b.until), Until: b.until, Failures: b.failures}
}

// allow asks to make a call. If not, wait is how long to stay away.
func (b *Breaker) allow() (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return 0, true
	}
	now := b.now()
	if now.Before(b.until) {
		return b.until.Sub(now), false
	}
	if !b.probing.IsZero() && now.Sub(b.probing) < probeTime {
		return b.rest, false
	}
	b.probing = now
	return 0, true
}

// worked closes the breaker.
func (b *Breaker) worked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.rest, b.until, b.probing = 0, 0, time.Time{}, time.Time{}
}

// failed counts a failure, and opens the breaker when there were enough. A carrier that says how long it wants to be left
// alone is left alone for so long at once.
func (b *Breaker) failed(asked time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	b.probing = time.Time{}
	if b.failures < openAfter && asked <= 0 {
		return
	}
	if b.failures >= openAfter {
		b.rest = min(max(2*b.rest, firstRest), longRest)
	}
	b.until = later(b.until, b.now().Add(max(b.rest, min(asked, longRest))))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
