package activities_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// slow is a carrier with one confirmed order. It loses answers and requests, refuses what it likes, and takes what it was
// asked long ago: a lost request arrives when the test says so, as if it had been on its way all the time.
type slow struct {
	scripted
	dice *rand.Rand
	at   int           // the call at which the subscriber revokes; before the gate is asked at all if it is -1
	then chan struct{} // closed at that call
	told chan struct{} // closed when the subscriber has an answer
	lets bool          // the subscriber come first, instead of racing with what the gate does next
	seen int

	order    sync.Mutex
	state    carrier.State
	moved    bool
	onItsWay int
}

func newSlow(t *testing.T, seed uint64) *slow {
	c := &slow{dice: rand.New(rand.NewPCG(seed, 1)), then: make(chan struct{}), told: make(chan struct{}), state: porting.CarrierConfirmed}
	c.at, c.lets = c.dice.IntN(7)-1, c.dice.IntN(2) == 0
	c.t = t
	c.status, c.activate, c.cancel = c.read, c.takeActivation, c.takeCancel
	return c
}

// tick counts the calls, so that the revocation comes between any two of them.
func (c *slow) tick() {
	if c.seen == c.at {
		c.revoke()
	}
	c.seen++
}

func (c *slow) revoke() {
	close(c.then)
	if c.lets {
		<-c.told
	}
}

func (c *slow) read() (carrier.Status, error) {
	c.tick()
	c.order.Lock()
	defer c.order.Unlock()
	if c.state == porting.CarrierCancelPending && c.dice.IntN(2) == 0 {
		c.state = porting.CarrierCancelled
	}
	if c.dice.IntN(5) == 0 {
		return carrier.Status{}, errDown
	}
	return carrier.Status{Ref: ref(1), State: c.state, FOC: reached}, nil
}

func (c *slow) takeActivation() (carrier.Status, error) {
	c.tick()
	c.order.Lock()
	defer c.order.Unlock()
	switch c.dice.IntN(4) {
	case 0:
		c.onItsWay++
		return carrier.Status{}, errDown
	case 1:
		return carrier.Status{}, errNo
	case 2:
		c.move()
		return carrier.Status{}, errDown
	}
	c.move()
	return carrier.Status{Ref: ref(1), State: c.state, FOC: reached}, nil
}

func (c *slow) takeCancel() (carrier.Status, error) {
	c.tick()
	c.order.Lock()
	defer c.order.Unlock()
	if c.state == porting.CarrierActive || c.dice.IntN(4) == 0 {
		return carrier.Status{}, errLocked
	}
	c.state = porting.CarrierCancelPending
	return carrier.Status{Ref: ref(1), State: c.state, FOC: reached}, nil
}

func (c *slow) move() {
	if c.state == porting.CarrierConfirmed {
		c.state, c.moved = porting.CarrierActive, true
	}
}

// arrive lets a request that was lost on its way arrive.
func (c *slow) arrive() {
	c.order.Lock()
	defer c.order.Unlock()
	if c.onItsWay > 0 {
		c.move()
	}
}

func (c *slow) hasMoved() bool {
	c.order.Lock()
	defer c.order.Unlock()
	return c.moved
}

// A revocation meets the gate between any two calls. One that was acknowledged in time holds: nothing moves, not even by a
// request that was on its way. One that came too late gets an answer: the numbers moved, or they never will.
func TestAnAcknowledgedRevocationHolds(t *testing.T) {
	t.Parallel()
	const rounds = 300
	w := newWorld(t, nil)
	inTime, late, stopped, lost := 0, 0, 0, 0
	for round := range rounds {
		c := newSlow(t, uint64(round))
		tooLate, fenced := w.race(fmt.Sprintf("pi-%d", round), c)
		lost += min(c.onItsWay, 1)
		switch {
		case !tooLate:
			inTime++
		case fenced:
			stopped++
		default:
			late++
		}
		require.Equal(t, tooLate && !fenced, c.hasMoved(), "round %d: too late %v, fenced %v", round, tooLate, fenced)
	}
	for what, times := range map[string]int{"in time": inTime, "too late": late, "too late, and stopped": stopped, "with a lost request": lost} {
		require.Positive(t, times, "no round ended %s", what)
	}
}

// race plays one round to its end.
func (w *world) race(id string, c *slow) (tooLate, fenced bool) {
	w.t.Helper()
	ctx := w.t.Context()
	gate := *w.Activities
	gate.Carriers = map[string]carrier.Gateway{"simulator": c}
	_, err := w.Ledger.Claim(ctx, ledger.Claim{
		PortID: id, Direction: porting.PortIn, Tenant: "default", Reference: id, At: monday,
		Numbers: []ledger.NumberClaim{{Token: id, Masked: "+1…0123"}},
	})
	require.NoError(w.t, err)

	var closed porting.FenceClosed
	revoked := make(chan error, 1)
	go func() {
		<-c.then
		var err error
		closed, err = gate.CloseFence(ctx, porting.FenceInput{Port: id, By: "jordan", Reason: porting.AuthorizationRevoked, At: monday})
		close(c.told)
		revoked <- err
	}()
	in := activation()
	in.Ref.Port = id
	try := func() (ended, fenced bool) {
		answer, err := gate.ActivatePort(context.WithoutCancel(ctx), in)
		if err != nil {
			require.Equal(w.t, "carrier-unavailable", porting.CodeOf(err))
			return false, false
		}
		return answer.Fenced || answer.Status.State == porting.CarrierActive, answer.Fenced
	}
	if c.at < 0 {
		c.revoke()
	}
	for ended := false; !ended; {
		ended, fenced = try()
	}
	for c.seen <= c.at {
		c.tick() // the gate was done before the subscriber revoked
	}
	require.NoError(w.t, <-revoked)
	c.arrive()
	_, again := try()
	require.Equal(w.t, fenced, again, "the gate keeps to its word")
	return closed.TooLate, fenced
}
