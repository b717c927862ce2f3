package telnyx

import (
	"context"
	"net/http"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

const (
	// DefaultURL is where Telnyx serves its API.
	DefaultURL = "https://api.telnyx.com/v2"
	// cancelLock is how long before the FOC Telnyx takes no cancel by API (its guide "Cancel port order").
	cancelLock = 48 * time.Hour
	// releases is the earliest at which Telnyx authorises a port-out that nobody answered (its guide "Port-out orders": 24 to 48 hours).
	releases = 24 * time.Hour
	// giveUp is when Telnyx cancels an exception that nobody answers, as third parties report; it is not in its contract.
	giveUp = 14 * 24 * time.Hour
)

// Client speaks to Telnyx.
type Client struct {
	URL        string         // DefaultURL when empty
	Key        porting.Secret // API key
	PublicKey  string         // of the account's webhooks, in base64; no webhook is believed without it
	WebhookURL string         // where news of our orders go; the account's setting when empty
	HTTP       *http.Client   // nil waits thirty seconds for an answer

	// Documents are those that go with an order. Nil means that there are none: an order that needs some is rejected.
	Documents func(context.Context, carrier.LSR) ([]Document, error)
}

var (
	_ carrier.Gateway  = (*Client)(nil)
	_ carrier.Lister   = (*Client)(nil)
	_ carrier.PortOuts = (*Client)(nil)
	_ carrier.Webhook  = (*Client)(nil)
	_ carrier.Finder   = (*Client)(nil)
	_ carrier.Checker  = (*Client)(nil)
)

// Capabilities say what Telnyx can do for us. It ports numbers of more countries, which ask for documents that no order of
// ours has. Activation on demand is for FastPort orders; all others Telnyx moves at the FOC.
func (c *Client) Capabilities() carrier.Capabilities {
	return carrier.Capabilities{
		Name: "telnyx", Countries: []string{"US", "CA"}, Documents: []string{"loa", "invoice", "csr", "other"},
		Supplement: true, OnDemand: true, PortOut: true, PerNumber: true, Messaging: true, CancelLock: cancelLock,
		Silence: carrier.Silence{Activates: true, Cancels: giveUp, Releases: releases},
	}
}

// Portability asks about numbers, and answers in their order. A number that Telnyx does not answer for cannot be ported.
func (c *Client) Portability(ctx context.Context, numbers []porting.Number) ([]carrier.Portability, error) {
	var results []portability
	q := call{op: "check portability", object: countOf(numbers), method: http.MethodPost, path: "/portability_checks"}
	q.body = portabilityRequest{numbers}
	if err := c.do(ctx, q, &results); err != nil {
		return nil, err
	}
	portable := map[porting.Number]bool{}
	for _, r := range results {
		portable[number(r.PhoneNumber)] = r.Portable
	}
	answers := make([]carrier.Portability, 0, len(numbers))
	for _, n := range numbers {
		answer := carrier.Portability{Number: n, Portable: portable[n]}
		if !answer.Portable {
			answer.Reason = porting.NumberNotPortable
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// Status reads the group of orders as it stands. Status.Ref says which version Telnyx has sent on, 0 for a draft of the first.
func (c *Client) Status(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	g, err := c.group(ctx, "read order", ref)
	if err != nil {
		return carrier.Status{}, err
	}
	return c.status(ctx, g)
}

// Reverse refuses: Telnyx takes no reverse ports.
func (c *Client) Reverse(ctx context.Context, ref carrier.Ref, _ porting.Reason) (carrier.Status, error) {
	const op = "reverse order"
	if _, err := c.group(ctx, op, ref); err != nil {
		return carrier.Status{}, err
	}
	return carrier.Status{}, call{op: op, object: ref.String()}.failure(porting.Refused, "carrier-refused",
		"Telnyx takes no reverse ports", "have the donor order the numbers back")
}

// Orders lists our open orders.
func (c *Client) Orders(ctx context.Context, since time.Time) ([]carrier.Ref, error) {
	q := call{op: "list orders", object: "since " + since.UTC().Format(time.RFC3339), path: "/porting_orders"}
	q.query = query("sort[value]", "created_at", "include_phone_numbers", "false")
	all, err := list[portingOrder](ctx, c, q)
	if porting.CodeOf(err) == "carrier-unavailable" {
		return nil, err
	}
	if err != nil {
		return nil, q.unavailable(err)
	}
	refs := []carrier.Ref{}
	for _, g := range groups(all) {
		if !g.first().Before(since) && g.open() {
			refs = append(refs, g.ref())
		}
	}
	return refs, nil
}

// Find is our reference of one of Telnyx's orders.
func (c *Client) Find(ctx context.Context, order string) (carrier.Ref, error) {
	var o portingOrder
	q := aboutOrder("find order", carrier.Ref{}, order, http.MethodGet, "")
	q.object = order
	if err := c.do(ctx, q, &o); err != nil {
		return carrier.Ref{}, err
	}
	if !o.ours() {
		return carrier.Ref{}, q.unknown()
	}
	return carrier.Ref{Port: o.CustomerGroupReference, Version: o.version()}, nil
}
