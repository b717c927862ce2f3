package telnyx

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

const opActivate = "activate order"

// Activate asks for the activation of every part that waits for us. Parts that are no FastPort orders Telnyx moves by itself
// at the FOC: for these the answer is how they stand.
func (c *Client) Activate(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	g, err := c.group(ctx, opActivate, ref)
	if err != nil {
		return carrier.Status{}, err
	}
	for _, o := range g {
		if s := o.state(); s != carrier.StateConfirmed && s != carrier.StateActive && s != carrier.StateCancelled {
			return carrier.Status{}, call{op: opActivate, object: ref.String()}.refused("an order is " + o.Status.Value)
		}
	}
	begun := g.has(carrier.StateActive)
	for _, o := range g {
		if o.state() != carrier.StateConfirmed || !o.Activation.FastPort {
			continue
		}
		if err := c.activate(ctx, o, ref); err != nil {
			return carrier.Status{}, halfDone(ref, err, begun)
		}
		begun = true
	}
	return c.Status(ctx, ref)
}

// activate asks once: a job that is under way or done was asked for before.
func (c *Client) activate(ctx context.Context, o portingOrder, ref carrier.Ref) error {
	jobs, err := list[activationJob](ctx, c, aboutOrder(opActivate, ref, o.ID, http.MethodGet, "/activation_jobs"))
	if err != nil {
		return err
	}
	if slices.ContainsFunc(jobs, func(j activationJob) bool { return j.Status == "in-process" || j.Status == "completed" }) {
		return nil
	}
	return c.do(ctx, aboutOrder(opActivate, ref, o.ID, http.MethodPost, "/actions/activate"), &activationJob{})
}

// halfDone keeps a refusal of one part from being read as a refusal of all, once another part was asked to move.
func halfDone(ref carrier.Ref, err error, begun bool) error {
	no, isOurs := errors.AsType[*porting.Error](err)
	if !begun || !isOurs || no.Kind != porting.Refused {
		return err
	}
	return call{op: opActivate, object: ref.String()}.unavailable(errors.New("some of the numbers move, and for others " + no.Detail))
}
