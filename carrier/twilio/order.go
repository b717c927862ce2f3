package twilio

import (
	"context"
	"errors"
	"slices"
	"time"

	numbers "github.com/twilio/twilio-go/rest/numbers/v1"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

var (
	errOnItsWay  = errors.New("the order was sent, has no answer, and may still arrive")
	errReplacing = errors.New("the earlier version is being cancelled")
)

// replaceWait is how long the cancel of an earlier version is given before it is looked at again.
const replaceWait = time.Minute

// Submit sends an order, once. Twilio corrects no order in place: for a higher version the earlier one is cancelled first,
// and the new one is sent when Twilio says that it is. That costs a new LOA, and the FOC if there was one.
func (c *Client) Submit(ctx context.Context, lsr carrier.LSR) (carrier.Status, error) {
	q := about("submit order", lsr.Ref)
	earlier, err := c.hold(ctx, q, lsr.Ref.Port)
	switch {
	case porting.CodeOf(err) == "carrier-order-unknown":
	case err != nil:
		return carrier.Status{}, err
	case earlier.ref.Version >= lsr.Ref.Version:
		return earlier.status(), nil
	default:
		if err := c.withdraw(ctx, q, earlier); err != nil {
			return carrier.Status{}, err
		}
	}
	order, err := c.request(ctx, q, lsr)
	if err != nil {
		return carrier.Status{}, err
	}
	return c.send(ctx, q, lsr.Ref, order)
}

// withdraw makes room for a corrected version; it succeeds when nothing of the earlier one is left at Twilio.
func (c *Client) withdraw(ctx context.Context, q call, earlier held) error {
	was := earlier.status()
	switch {
	case slices.ContainsFunc(was.Numbers, func(n carrier.NumberState) bool { return n.State == carrier.StateActive }):
		return q.failure(porting.Refused, "carrier-refused", "numbers of an earlier version have moved", "")
	case was.State == carrier.StateCancelled:
		return nil
	case was.State == carrier.StateCancelPending:
		return carrier.WithRetryAfter(q.unavailable(errReplacing), replaceWait)
	}
	now, err := c.cancel(ctx, q, earlier)
	if porting.CodeOf(err) == "carrier-cancel-locked" {
		return q.failure(porting.Refused, "carrier-refused", "Twilio corrects no order in place, and does not cancel the earlier version",
			"ask Twilio's support to correct it")
	}
	if err != nil {
		return err
	}
	if now.State != carrier.StateCancelled {
		return carrier.WithRetryAfter(q.unavailable(errReplacing), replaceWait)
	}
	return nil
}

// send writes the intention down, sends the order and writes down its name. An answer that is lost leaves the intention.
func (c *Client) send(ctx context.Context, q call, ref carrier.Ref, order numbers.NumbersV1PortingPortInCreate) (carrier.Status, error) {
	at := time.Now()
	mine, err := c.Book.Intend(ctx, ref, at, at.Add(-c.Settle))
	if err != nil {
		return carrier.Status{}, err
	}
	if !mine {
		return carrier.Status{}, carrier.WithRetryAfter(q.unavailable(errOnItsWay), c.Settle)
	}
	taken, err := c.api(ctx).CreatePortingPortIn((&numbers.CreatePortingPortInParams{}).SetNumbersV1PortingPortInCreate(order))
	if no, ok := refused(err); ok {
		if err := c.Book.Forget(context.WithoutCancel(ctx), ref); err != nil {
			return carrier.Status{}, err
		}
		return carrier.Status{}, q.saysNo("carrier-refused", no)
	}
	if err == nil && !requestSID.MatchString(value(taken.PortInRequestSid)) {
		err = errUnread
	}
	if err != nil {
		return carrier.Status{}, q.unavailable(err)
	}
	if err := c.Book.Remember(context.WithoutCancel(ctx), ref, *taken.PortInRequestSid); err != nil {
		return carrier.Status{}, err
	}
	return statusOf(ref, taken), nil
}

// Status reads a port's newest order as Twilio has it. Status.Ref says which version that is.
func (c *Client) Status(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	h, err := c.hold(ctx, about("read order", ref), ref.Port)
	if err != nil {
		return carrier.Status{}, err
	}
	return h.status(), nil
}

// Cancel asks for the cancel, unless it was asked before. Twilio takes no reason.
func (c *Client) Cancel(ctx context.Context, ref carrier.Ref, _ porting.Reason) (carrier.Status, error) {
	q := about("cancel order", ref)
	h, err := c.hold(ctx, q, ref.Port)
	if err != nil {
		return carrier.Status{}, err
	}
	return c.cancel(ctx, q, h)
}

func (c *Client) cancel(ctx context.Context, q call, h held) (carrier.Status, error) {
	switch now := h.status(); now.State {
	case carrier.StateCancelled, carrier.StateCancelPending:
		return now, nil
	case carrier.StateActive:
		return carrier.Status{}, q.failure(porting.Refused, "carrier-cancel-locked", "the numbers have moved", "port them back")
	}
	err := c.api(ctx).DeletePortingPortIn(h.sid)
	if no, ok := refused(err); ok {
		return carrier.Status{}, q.saysNo("carrier-cancel-locked", no)
	}
	if err != nil {
		return carrier.Status{}, q.unavailable(err)
	}
	now, err := c.fetch(ctx, q, h.ref, h.sid)
	if err != nil {
		return carrier.Status{}, err
	}
	return now.status(), nil
}

// Activate is refused: Twilio moves the numbers by itself at the port date.
func (c *Client) Activate(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	q := about("activate order", ref)
	h, err := c.hold(ctx, q, ref.Port)
	if err != nil {
		return carrier.Status{}, err
	}
	if now := h.status(); now.State == carrier.StateActive {
		return now, nil
	}
	return carrier.Status{}, q.failure(porting.Refused, "carrier-refused", "Twilio moves the numbers by itself at the port date", "wait for its news")
}

// Reverse is refused: Twilio takes no reverse ports.
func (c *Client) Reverse(ctx context.Context, ref carrier.Ref, _ porting.Reason) (carrier.Status, error) {
	q := about("reverse order", ref)
	if _, err := c.hold(ctx, q, ref.Port); err != nil {
		return carrier.Status{}, err
	}
	return carrier.Status{}, q.failure(porting.Refused, "carrier-refused", "Twilio takes no reverse ports",
		"have the losing carrier port the numbers back, and dispute the port")
}
