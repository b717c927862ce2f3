package telnyx

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

const opCancel = "cancel order"

// Cancel asks for the cancel of every part that can still be cancelled, and deletes drafts. If Telnyx refuses one, its people
// are asked in a comment, and the refusal is the answer.
func (c *Client) Cancel(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	g, err := c.group(ctx, opCancel, ref)
	if err != nil {
		return carrier.Status{}, err
	}
	var no error
	for _, o := range g {
		switch err := c.cancel(ctx, o, ref, why); porting.KindOf(err) {
		case porting.Refused:
			no = err
		default:
			if err != nil {
				return carrier.Status{}, err
			}
		}
	}
	if no != nil {
		return carrier.Status{}, no
	}
	s, err := c.Status(ctx, ref)
	if porting.CodeOf(err) == "carrier-order-unknown" { // there were only drafts
		return carrier.Status{Ref: g.ref(), State: carrier.StateCancelled, Version: g.change() + 1, Raw: "deleted"}, nil
	}
	return s, err
}

func (c *Client) cancel(ctx context.Context, o portingOrder, ref carrier.Ref, why porting.Reason) error {
	q := aboutOrder(opCancel, ref, o.ID, http.MethodPost, "/actions/cancel")
	switch {
	case o.state() == carrier.StateCancelled, o.state() == carrier.StateCancelPending:
		return nil
	case o.state() == carrier.StateActive:
		return q.locked("the numbers have moved", "have the donor order them back")
	case o.draft():
		return c.discard(ctx, ref, o)
	}
	err := c.do(ctx, q, &portingOrder{})
	no, isOurs := errors.AsType[*porting.Error](err)
	if !isOurs || no.Kind != porting.Refused {
		return err
	}
	next := "call Telnyx, and prepare the reversal; its people were asked in a comment"
	if c.comment(ctx, o.ID, ref, fmt.Sprintf("Please stop this order: %s. Our reference: %s.", why, ref)) != nil {
		next = "call Telnyx, and prepare the reversal; its people could not be asked in a comment"
	}
	return q.locked(no.Detail, next)
}

func (q call) locked(detail, next string) error {
	return q.failure(porting.Refused, "carrier-cancel-locked", detail, next)
}
