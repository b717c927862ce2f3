package telnyx

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
)

// Event is a piece of news that Telnyx keeps, whether or not its webhook arrived.
type Event struct {
	carrier.Hint
	At time.Time
}

// Events lists the news of orders and of port-outs since an instant of real time, oldest first.
func (c *Client) Events(ctx context.Context, since time.Time) ([]Event, error) {
	var all []Event
	for _, path := range []string{"/porting/events", "/portouts/events"} {
		q := call{op: "list events", object: "since " + since.UTC().Format(time.RFC3339), method: http.MethodGet, path: path}
		q.query = query("filter[created_at][gte]", since.UTC().Format(time.RFC3339))
		news, err := list[news](ctx, c, q)
		if err != nil {
			return nil, err
		}
		for _, n := range news {
			all = append(all, Event{Hint: n.hint(), At: instant(n.CreatedAt)})
		}
	}
	slices.SortStableFunc(all, func(a, b Event) int { return a.At.Compare(b.At) })
	return all, nil
}

// Republish has Telnyx send the webhook of an event again.
func (c *Client) Republish(ctx context.Context, e Event) error {
	root := "/porting/events/"
	if strings.HasPrefix(e.Raw, outEvents) {
		root = "/portouts/events/"
	}
	q := call{op: "republish event", object: e.EventID, method: http.MethodPost, noSuch: "event-unknown"}
	if e.EventID == "" {
		return q.unknown()
	}
	q.path = root + url.PathEscape(e.EventID) + "/republish"
	return c.do(ctx, q, nil)
}

// instant reads a time that nothing depends on; it is zero where it cannot be read.
func instant(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return at
}
