package guard

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	burst    = 20     // requests of one caller at once
	perSec   = 1      // and from then on
	remember = 10_000 // callers; then the older half is forgotten. The limits of PINs are the ledger's and stay
)

// rates are what is allowed: so much to a bearer, and so many bad tokens from an address.
type rates struct {
	bearers, addresses *throttle
}

// throttle counts the requests of callers. Two generations keep the memory small under a flood of them.
type throttle struct {
	mu       sync.Mutex
	now, old map[string]*rate.Limiter
}

func newThrottle() *throttle { return &throttle{now: map[string]*rate.Limiter{}} }

// take counts a request, and reports whether it is allowed.
func (t *throttle) take(caller string, at time.Time) bool { return t.of(caller).AllowN(at, 1) }

// spent reports whether a caller has no request left. It counts none.
func (t *throttle) spent(caller string, at time.Time) bool { return t.of(caller).TokensAt(at) < 1 }

func (t *throttle) of(caller string) *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if limiter := t.now[caller]; limiter != nil {
		return limiter
	}
	if len(t.now) >= remember/2 {
		t.now, t.old = map[string]*rate.Limiter{}, t.now
	}
	limiter := t.old[caller]
	if limiter == nil {
		limiter = rate.NewLimiter(perSec, burst)
	}
	t.now[caller] = limiter
	return limiter
}
