package telnyx

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

const opSubmit = "submit order"

// Submit sends an order, or supplements it. It looks for what an earlier request left behind, and goes on from there.
func (c *Client) Submit(ctx context.Context, lsr carrier.LSR) (carrier.Status, error) {
	g, err := c.drafted(ctx, lsr)
	if err != nil {
		return carrier.Status{}, err
	}
	todo := slices.DeleteFunc(slices.Clone(g), func(o portingOrder) bool { return o.final() || o.version() >= lsr.Ref.Version })
	if len(todo) > 0 {
		if err := c.sendOn(ctx, todo, lsr); err != nil {
			return carrier.Status{}, err
		}
	}
	return c.Status(ctx, lsr.Ref)
}

// drafted is the group of an order, which is drafted if Telnyx does not have it.
func (c *Client) drafted(ctx context.Context, lsr carrier.LSR) (group, error) {
	g, err := c.group(ctx, opSubmit, lsr.Ref)
	if porting.CodeOf(err) == "carrier-order-unknown" {
		if err := c.draft(ctx, lsr); err != nil {
			return nil, err
		}
		g, err = c.group(ctx, opSubmit, lsr.Ref)
	}
	if err != nil {
		return nil, err
	}
	if g, err = c.withoutTwins(ctx, g, lsr.Ref); err != nil {
		return nil, err
	}
	return g, c.complete(ctx, g, lsr)
}

func (c *Client) draft(ctx context.Context, lsr carrier.LSR) error {
	q := call{op: opSubmit, object: lsr.Ref.String(), method: http.MethodPost, path: "/porting_orders"}
	q.body = draftRequest{PhoneNumbers: lsr.Order.Numbers, CustomerGroupReference: lsr.Ref.Port}
	return c.do(ctx, q, &[]portingOrder{})
}

// withoutTwins deletes drafts whose numbers an earlier part of the group has: of a request that was still on its way when we
// looked for it and sent it again.
func (c *Client) withoutTwins(ctx context.Context, g group, ref carrier.Ref) (group, error) {
	taken := map[porting.Number]bool{}
	var kept group
	for _, o := range g {
		twin := o.draft() && slices.ContainsFunc(o.PhoneNumbers, func(n portedNumber) bool { return taken[number(n.PhoneNumber)] })
		if twin {
			if err := c.discard(ctx, ref, o); err != nil {
				return nil, err
			}
			continue
		}
		for _, n := range o.PhoneNumbers {
			taken[number(n.PhoneNumber)] = true
		}
		kept = append(kept, o)
	}
	return kept, nil
}

// discard deletes a draft. One that is gone is deleted.
func (c *Client) discard(ctx context.Context, ref carrier.Ref, o portingOrder) error {
	err := c.do(ctx, aboutOrder("delete draft", ref, o.ID, http.MethodDelete, ""), nil)
	if porting.KindOf(err) == porting.NotFound {
		return nil
	}
	return err
}

// complete refuses an order of which Telnyx has other numbers than ours: those of an order never change there.
func (c *Client) complete(ctx context.Context, g group, lsr carrier.LSR) error {
	has := map[porting.Number]bool{}
	for _, n := range g.numbers() {
		has[n.Number] = true
	}
	missing := slices.ContainsFunc(lsr.Order.Numbers, func(n porting.Number) bool { return !has[n] })
	if !missing && len(has) == len(lsr.Order.Numbers) {
		return nil
	}
	for _, o := range g {
		if o.draft() && o.CustomerReference == "" {
			if err := c.discard(ctx, lsr.Ref, o); err != nil {
				return err
			}
		}
	}
	return call{op: opSubmit, object: lsr.Ref.String()}.refused(
		fmt.Sprintf("Telnyx has %s in this order, not the %d that we ask for", countOf(g.numbers()), len(lsr.Order.Numbers)))
}

// countOf names numbers without telling them.
func countOf[T any](numbers []T) string {
	if len(numbers) == 1 {
		return "1 number"
	}
	return fmt.Sprintf("%d numbers", len(numbers))
}

// sendOn fills every part before it confirms the first, so that nothing is sent while one lacks something.
func (c *Client) sendOn(ctx context.Context, todo group, lsr carrier.LSR) error {
	papers, err := c.upload(ctx, lsr)
	if err != nil {
		return err
	}
	for i, o := range todo {
		if todo[i], err = c.fill(ctx, o, lsr, papers); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(todo, portingOrder.held) {
		return nil
	}
	for _, o := range todo {
		if err := c.confirm(ctx, o, lsr.Ref); err != nil {
			return err
		}
	}
	return nil
}

// fill gives an order all that we know, and reads what Telnyx makes of it.
func (c *Client) fill(ctx context.Context, o portingOrder, lsr carrier.LSR, papers papers) (portingOrder, error) {
	date, err := c.date(ctx, o, lsr)
	if err != nil {
		return o, err
	}
	patch := c.patchOf(lsr)
	patch.Activation, patch.Documents = activationOf(o, date), papers.onOrder()
	if o.Messaging.Capable {
		patch.Messaging = &messagingPatch{Enable: true}
	}
	if o.Status.Value == "exception" {
		patch.CustomerReference += unsent
	}
	if err := c.attach(ctx, o, lsr.Ref, papers); err != nil {
		return o, err
	}
	q := aboutOrder(opSubmit, lsr.Ref, o.ID, http.MethodPatch, "")
	q.body = patch
	filled := portingOrder{}
	return filled, c.do(ctx, q, &filled)
}

// patchOf is the order in Telnyx's words.
func (c *Client) patchOf(lsr carrier.LSR) orderPatch {
	o := lsr.Order
	signer := o.Authorization.SignedBy
	if signer == "" {
		signer = o.Subscriber.Name
	}
	kind := "full"
	if o.Account.Lines > len(o.Numbers) {
		kind = "partial"
	}
	return orderPatch{
		CustomerReference: lsr.Ref.String(), WebhookURL: c.WebhookURL, Misc: &misc{Type: kind},
		EndUser: &endUser{
			Admin: admin{
				EntityName: o.Subscriber.Name, AuthPersonName: signer, AccountNumber: o.Account.Number,
				BillingPhoneNumber: o.Account.BTN.E164(), PIN: lsr.Code.Reveal(),
			},
			Location: location{
				StreetAddress: o.Subscriber.Address.Street, Locality: o.Subscriber.Address.City, Area: o.Subscriber.Address.Region,
				PostalCode: o.Subscriber.Address.PostalCode, CountryCode: o.Subscriber.Address.Country,
			},
		},
	}
}

// activationOf asks for a date, and to be waited for where Telnyx can.
func activationOf(o portingOrder, date time.Time) *activationPatch {
	var a activationPatch
	if !date.IsZero() {
		a.FOCRequested = date.UTC().Format(time.RFC3339)
	}
	if o.Activation.FastPort {
		a.ActivationType = "on-demand"
	}
	if a == (activationPatch{}) {
		return nil
	}
	return &a
}

// date is the first instant at or after the wish at which Telnyx ports, and the wish itself where it offers none: then it
// says why not.
func (c *Client) date(ctx context.Context, o portingOrder, lsr carrier.LSR) (time.Time, error) {
	var windows []focWindow
	q := aboutOrder("read FOC windows", lsr.Ref, o.ID, http.MethodGet, "/allowed_foc_windows")
	if err := c.do(ctx, q, &windows); err != nil {
		return time.Time{}, err
	}
	slices.SortFunc(windows, func(a, b focWindow) int { return a.StartedAt.Compare(b.StartedAt) })
	for _, w := range windows {
		switch {
		case w.EndedAt.Before(lsr.DDD):
			continue
		case w.StartedAt.After(lsr.DDD):
			return w.StartedAt, nil
		default:
			return lsr.DDD, nil
		}
	}
	return lsr.DDD, nil
}

// confirm sends a draft or a corrected order to the losing carrier. Telnyx may refuse to change the reference of a corrected
// one after that; then it keeps its mark, which nothing but another rejection gives a meaning.
func (c *Client) confirm(ctx context.Context, o portingOrder, ref carrier.Ref) error {
	if !o.draft() && o.Status.Value != "exception" {
		return nil
	}
	if err := c.do(ctx, aboutOrder(opSubmit, ref, o.ID, http.MethodPost, "/actions/confirm"), &portingOrder{}); err != nil {
		return err
	}
	if o.draft() {
		return nil
	}
	q := aboutOrder(opSubmit, ref, o.ID, http.MethodPatch, "")
	q.body = orderPatch{CustomerReference: ref.String()}
	if err := c.do(ctx, q, &portingOrder{}); porting.KindOf(err) != porting.Refused {
		return err
	}
	return nil
}
