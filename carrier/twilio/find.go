package twilio

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	numbers "github.com/twilio/twilio-go/rest/numbers/v1"

	"github.com/portsaga/portsaga/carrier"
)

// held is a request of ours as Twilio has it.
type held struct {
	ref   carrier.Ref
	sid   string
	order *numbers.NumbersV1PortingPortIn
}

func (h held) status() carrier.Status { return statusOf(h.ref, h.order) }

// hold finds a port's newest request at Twilio. What the Book cannot name is looked for by its mark; a version that was
// sent and is not there yet may still arrive, so that until Settle has passed nobody knows.
func (c *Client) hold(ctx context.Context, q call, port string) (held, error) {
	entries, err := c.Book.Lookup(ctx, port)
	if err != nil {
		return held{}, err
	}
	if len(entries) == 0 || entries[0].SID == "" {
		if err := c.learn(ctx, c.missingSince(entries)); err != nil {
			return held{}, q.unavailable(err)
		}
		if entries, err = c.Book.Lookup(ctx, port); err != nil {
			return held{}, err
		}
	}
	for _, e := range entries {
		if e.SID != "" {
			return c.fetch(ctx, q, e.Ref, e.SID)
		}
		if wait := c.Settle - time.Since(e.Sent); wait > 0 {
			return held{}, carrier.WithRetryAfter(q.unavailable(errOnItsWay), wait)
		}
	}
	return held{}, q.unknown()
}

// missingSince is the business time from which on an order that the Book cannot name may have arrived.
func (c *Client) missingSince(entries []Entry) time.Time {
	if len(entries) == 0 {
		return c.now().Add(-lookback)
	}
	return c.Clock.Business(entries[0].Sent)
}

func (c *Client) fetch(ctx context.Context, q call, ref carrier.Ref, sid string) (held, error) {
	order, err := c.api(ctx).FetchPortingPortIn(sid)
	if err == nil && value(order.PortInRequestSid) != sid {
		err = errUnread
	}
	if err != nil {
		return held{}, q.unavailable(err) // a request that Twilio named and does not know is no order that never arrived
	}
	return held{ref, sid, order}, nil
}

// learn writes the names of all orders of ours into the Book that Twilio took since a business time.
func (c *Client) learn(ctx context.Context, since time.Time) error {
	for listed, err := range c.requests(ctx, since) {
		if err != nil {
			return err
		}
		if _, _, err := c.recognise(ctx, listed.PortInRequestSid); err != nil {
			return err
		}
	}
	return nil
}

// recognise says which order of ours a request is; false for a request of others.
func (c *Client) recognise(ctx context.Context, sid string) (carrier.Ref, bool, error) {
	if _, stranger := c.strangers.Load(sid); stranger || !requestSID.MatchString(sid) {
		return carrier.Ref{}, false, nil
	}
	ref, known, err := c.Book.RefOf(ctx, sid)
	if known || err != nil {
		return ref, known, err
	}
	order, err := c.api(ctx).FetchPortingPortIn(sid)
	if err != nil {
		return carrier.Ref{}, false, err
	}
	ref, ours := c.ours(order)
	if !ours {
		c.strangers.Store(sid, true)
		return carrier.Ref{}, false, nil
	}
	return ref, true, c.Book.Remember(ctx, ref, sid)
}

// Find says which order of ours a request is. One that the account cannot see is none of ours: Twilio posts the news of all
// subaccounts to one address.
func (c *Client) Find(ctx context.Context, sid string) (carrier.Ref, error) {
	q := call{"find order", "a request of Twilio's"}
	ref, ours, err := c.recognise(ctx, sid)
	if answer, ok := errors.AsType[*answerError](err); ok && answer.status == http.StatusNotFound {
		return carrier.Ref{}, q.unknown()
	}
	if err != nil {
		return carrier.Ref{}, q.unavailable(err)
	}
	if !ours {
		return carrier.Ref{}, q.unknown()
	}
	return ref, nil
}

const (
	pageSize = 100    // the largest that Twilio gives
	maxPages = 10_000 // ends a list that runs in circles
)

// requests lists what Twilio took since about a business time, a page after the other. The zero time means all.
func (c *Client) requests(ctx context.Context, since time.Time) iter.Seq2[numbers.NumbersV1PortInRequestList, error] {
	return func(yield func(numbers.NumbersV1PortInRequestList, error) bool) {
		params := (&numbers.ListPortInRequestsParams{}).SetSize(pageSize)
		if !since.IsZero() {
			params.SetCreatedAfter(since.UTC().AddDate(0, 0, -1).Format(time.DateOnly)) // it takes days, not instants
		}
		for range maxPages {
			page, err := c.api(ctx).PagePortInRequests(params, "", "")
			if err != nil {
				yield(numbers.NumbersV1PortInRequestList{}, err)
				return
			}
			for _, listed := range page.PortInRequests {
				if !yield(listed, nil) {
					return
				}
			}
			if value(page.Meta.NextToken) == "" {
				return
			}
			params.SetToken(*page.Meta.NextToken)
		}
	}
}

// Orders lists the open orders that Twilio first took at or after an instant of business time.
func (c *Client) Orders(ctx context.Context, since time.Time) ([]carrier.Ref, error) {
	q := call{"list orders", "since " + since.UTC().Format(time.RFC3339)}
	refs := []carrier.Ref{}
	for listed, err := range c.requests(ctx, since) {
		if err != nil {
			return nil, q.unavailable(err)
		}
		if ended(wordOf(value(listed.PortInRequestStatus))) {
			continue
		}
		ref, ours, err := c.recognise(ctx, listed.PortInRequestSid)
		if err != nil {
			return nil, q.unavailable(err)
		}
		if !ours {
			continue
		}
		h, err := c.fetch(ctx, q, ref, listed.PortInRequestSid)
		if err != nil {
			return nil, err
		}
		if open(h.status().State) && !value(h.order.DateCreated).Before(since) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

func open(s carrier.State) bool { return s != carrier.StateActive && s != carrier.StateCancelled }
