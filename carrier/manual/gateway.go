package manual

import (
	"context"
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// Gateway is one carrier that people work with. It is safe for concurrent use.
type Gateway struct {
	Profile Profile
	Book    *Book
	Mail    notify.Sender    // to the carrier's desk; *notify.SMTP is one. Not used where the profile has no address
	Now     func() time.Time // business time
}

var (
	_ carrier.Gateway = (*Gateway)(nil)
	_ carrier.Lister  = (*Gateway)(nil)
	_ carrier.Desk    = (*Gateway)(nil)
)

// Capabilities are what the profile says.
func (g *Gateway) Capabilities() carrier.Capabilities { return g.Profile.Capabilities() }

// Portability says yes to every number: nobody can be asked before there is an order, and the carrier's answer to that tells.
func (g *Gateway) Portability(_ context.Context, numbers []porting.Number) ([]carrier.Portability, error) {
	answers := make([]carrier.Portability, 0, len(numbers))
	for _, n := range numbers {
		answers = append(answers, carrier.Portability{Number: n, Portable: true})
	}
	return answers, nil
}

// supplementable are the states in which an order can be corrected.
var supplementable = []carrier.State{carrier.StatePending, carrier.StateRejected, carrier.StateConfirmed}

// Submit has the order mailed, or its correction, and opens the task to get the carrier's answer.
func (g *Gateway) Submit(ctx context.Context, lsr carrier.LSR) (carrier.Status, error) {
	c := call{g, "submit order", lsr.Ref}
	now, err := c.read(ctx)
	if err != nil {
		return carrier.Status{}, err
	}
	if now.trouble != "" {
		return carrier.Status{}, c.unavailable("the desk's book cannot be believed", nil)
	}
	if lsr.Ref.Version <= now.version() {
		return now.status(), nil
	}
	if now.known() && !slices.Contains(supplementable, now.state) {
		return carrier.Status{}, c.refused("carrier-refused", "the order is "+string(now.state), "")
	}
	what := stepSubmit
	if now.earlierThan(lsr.Ref.Version) {
		what = stepSupplement
	}
	return c.ask(ctx, what, sheet{Ref: lsr.Ref, Step: what, Order: lsr.Order, DDD: lsr.DDD}, lsr.Code)
}

// earlierThan reports whether the carrier may have an earlier version of the order.
func (s standing) earlierThan(version int) bool {
	return s.version() > 0 && s.version() < version || s.doubted != nil && s.doubted.Version < version
}

// Status reads the book. Ref.Version is 0 while nobody knows whether the order's mail arrived.
func (g *Gateway) Status(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	now, err := call{g, "read order", ref}.knownOrder(ctx)
	if err != nil {
		return carrier.Status{}, err
	}
	return now.status(), nil
}

// Cancel has a cancel mailed. Too close to the FOC, or where the carrier takes none in writing, it opens the task to call the
// carrier's people and says "carrier-cancel-locked".
func (g *Gateway) Cancel(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	c := call{g, "cancel order", ref}
	now, err := c.knownOrder(ctx)
	if err != nil {
		return carrier.Status{}, err
	}
	if now.trouble == "" {
		switch now.state {
		case carrier.StateCancelPending, carrier.StateCancelled, porting.CarrierLocked, porting.CarrierRefused:
			return now.status(), nil
		case carrier.StateActive, carrier.StateReversing, carrier.StateReversed:
			return carrier.Status{}, c.refused("carrier-cancel-locked", "the numbers have moved", "port them back")
		}
	}
	if !g.locked(now.foc) {
		return c.follow(ctx, now, stepCancel, why)
	}
	if _, err := c.follow(ctx, now, stepStop, why); err != nil {
		return carrier.Status{}, err
	}
	return carrier.Status{}, c.refused("carrier-cancel-locked", "the carrier takes no cancel in writing any more", "call its people, and prepare the reversal")
}

func (g *Gateway) locked(foc time.Time) bool {
	return g.Profile.NoCancel || g.Profile.CancelLock > 0 && !foc.IsZero() && !g.Now().Add(g.Profile.CancelLock).Before(foc)
}

// punctuality is how far the gate's clock and ours may differ at the FOC.
const punctuality = time.Minute

// Activate has the carrier asked to move the numbers now. They have moved when a person of the desk says so.
func (g *Gateway) Activate(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	c := call{g, "activate order", ref}
	now, err := c.believedOrder(ctx)
	switch {
	case err != nil:
		return carrier.Status{}, err
	case now.state == carrier.StateActive:
		return now.status(), nil
	case now.state != carrier.StateConfirmed:
		return carrier.Status{}, c.refused("carrier-refused", "the order is "+string(now.state), "")
	case g.Now().Add(punctuality).Before(now.foc):
		return carrier.Status{}, c.refused("carrier-refused", "the FOC is not reached", "")
	}
	return c.follow(ctx, now, stepActivate, "")
}

// Reverse has the carrier asked to port the numbers back.
func (g *Gateway) Reverse(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	c := call{g, "reverse order", ref}
	now, err := c.believedOrder(ctx)
	switch {
	case err != nil:
		return carrier.Status{}, err
	case now.state == carrier.StateReversing || now.state == carrier.StateReversed:
		return now.status(), nil
	case now.state != carrier.StateActive:
		return carrier.Status{}, c.refused("carrier-refused", "the order is "+string(now.state), "")
	}
	return c.follow(ctx, now, stepReverse, why)
}

// over are the states in which an order is not open any more.
var over = []carrier.State{carrier.StateActive, carrier.StateCancelled, carrier.StateReversed}

// Orders lists the open orders whose first task was opened at or after an instant. One whose book cannot be believed is open.
func (g *Gateway) Orders(ctx context.Context, since time.Time) ([]carrier.Ref, error) {
	c := call{g, "list orders", carrier.Ref{}}
	ports, err := g.Book.Books.DeskPorts(ctx, g.Profile.Name, since)
	if err != nil {
		return nil, c.unavailable("the ledger does not answer", err)
	}
	refs := []carrier.Ref{}
	for _, port := range ports {
		now, err := g.Book.read(ctx, port)
		if err != nil {
			return nil, c.unavailable("the ledger does not answer", err)
		}
		if st := now.status(); now.known() && !slices.Contains(over, st.State) {
			refs = append(refs, st.Ref)
		}
	}
	return refs, nil
}
