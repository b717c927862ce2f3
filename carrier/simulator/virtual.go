package simulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// World is the time that a Virtual carrier lives in, and where its news go.
type World struct {
	Now   func() time.Time                      // business time
	After func(wait time.Duration, then func()) // runs then when so much business time has passed, never before After returns
	Tell  func(Webhook)                         // takes the carrier's news; it must not call the carrier
}

// Virtual is the carrier without a network and without a clock of its own: the same order book and the same scenarios in
// the time of a World. It is a carrier.Gateway by itself and does all that it does at an instant: an answer that never
// comes, or that comes after a Client's patience, fails as carrier-unavailable without taking that time.
type Virtual struct {
	*desk
	world  World
	reader Client               // reads the carrier's words
	wakes  map[string]time.Time // by port: when it wakes next
	held   map[string]news      // by port: waits to be overtaken
	ours   network              // our own network and billing
}

var (
	_ carrier.Gateway = (*Virtual)(nil)
	_ carrier.Lister  = (*Virtual)(nil)
)

// NewVirtual is a carrier that knows the built-in scenarios and treats every order as happy says, until it is told
// otherwise with Learn and Choose.
func NewVirtual(w World) *Virtual {
	v := &Virtual{
		desk: newDesk(newBook(Builtin(), func(string) string { return DefaultScenario }), w.Now), world: w,
		wakes: map[string]time.Time{}, held: map[string]news{},
	}
	v.desk.follow = v.follow
	return v
}

// Capabilities are those of a Client.
func (v *Virtual) Capabilities() carrier.Capabilities { return v.reader.Capabilities() }

// Portability answers for numbers, in their order.
func (v *Virtual) Portability(_ context.Context, numbers []porting.Number) ([]carrier.Portability, error) {
	return v.reader.portability(v.check(numbers)), nil
}

// Submit takes an order, or a supplement to it.
func (v *Virtual) Submit(ctx context.Context, lsr carrier.LSR) (carrier.Status, error) {
	return v.answer(ctx, "submit order", opSubmit, lsr.Ref, request{version: lsr.Ref.Version, order: orderRequest(lsr)})
}

// Status shows the order as it stands.
func (v *Virtual) Status(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	return v.answer(ctx, "read order", opStatus, ref, request{})
}

// Cancel takes a cancel.
func (v *Virtual) Cancel(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	return v.answer(ctx, "cancel order", opCancel, ref, request{reason: string(why)})
}

// Activate takes the wish to move the numbers; they have moved when Status says active.
func (v *Virtual) Activate(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	return v.answer(ctx, "activate order", opActivate, ref, request{})
}

// Reverse takes the order for the port back to the donor.
func (v *Virtual) Reverse(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	return v.answer(ctx, "reverse order", opReverse, ref, request{reason: string(why)})
}

// Orders lists the open orders that were first sent at or after an instant.
func (v *Virtual) Orders(ctx context.Context, since time.Time) ([]carrier.Ref, error) {
	c := call{op: "list orders", object: "since " + since.UTC().Format(time.RFC3339)}
	if err := ctx.Err(); err != nil {
		return nil, c.unavailable(err)
	}
	view, err := v.list(since)
	if err != nil {
		return nil, c.unavailable(err)
	}
	return view.Orders, nil
}

// answer performs a request and says what a Client would have heard.
func (v *Virtual) answer(ctx context.Context, does, op string, ref carrier.Ref, q request) (carrier.Status, error) {
	q.op, q.port, q.id = op, ref.Port, keyOf(ref, op)
	c := call{op: does, object: ref.String()}
	if err := ctx.Err(); err != nil {
		return carrier.Status{}, c.unavailable(err)
	}
	view, took, how, err := v.perform(q)
	var no *refusal
	switch {
	case errors.As(err, &no) && c.no(*no) != nil:
		return carrier.Status{}, c.no(*no)
	case err != nil:
		return carrier.Status{}, c.unavailable(err)
	case took && how.Hang || v.tooLate(how.Late):
		return carrier.Status{}, c.unavailable(fmt.Errorf("no answer within %v", patient.Timeout))
	default:
		return v.reader.status(view), nil
	}
}

// tooLate reports whether nobody waits so long for an answer.
func (v *Virtual) tooLate(late Span) bool {
	now := v.now()
	return late.From(now).Sub(now) >= patient.Timeout
}

// follow is called after every change of an order: it tells the news and wakes the carrier for the next step.
func (v *Virtual) follow(port string) {
	for _, n := range v.book.takeNews() {
		v.sort(n)
	}
	due, waits := v.book.next(port)
	if !waits || due.Equal(v.wakes[port]) {
		return
	}
	v.wakes[port] = due
	v.world.After(due.Sub(v.now()), func() { v.wake(port) })
}

// wake does an order's steps that are due; one that came too early, because the order has moved on, does nothing.
func (v *Virtual) wake(port string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.wakes, port)
	if err := v.book.run(port, v.now()); err != nil {
		return // without a journal the book cannot fail
	}
	v.follow(port)
}

// sort tells news at once, or holds them back until the next ones have overtaken them.
func (v *Virtual) sort(n news) {
	port := n.Order.Port
	before, waits := v.held[port]
	switch {
	case waits:
		delete(v.held, port)
		v.tell(n)
		v.tell(before)
	case n.how.Reorder:
		v.held[port] = n
		v.world.After(overtakeWithin, func() { v.release(n) })
	default:
		v.tell(n)
	}
}

// release tells news that nothing has overtaken.
func (v *Virtual) release(n news) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held[n.Order.Port].ID == n.ID {
		delete(v.held, n.Order.Port)
		v.tell(n)
	}
}

// tell tells news as often as the scenario wants.
func (v *Virtual) tell(n news) {
	for range 1 + n.how.Duplicates {
		v.world.Tell(n.Webhook)
	}
}
