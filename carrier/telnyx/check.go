package telnyx

import (
	"context"
	"net/http"
	"time"

	"github.com/portsaga/portsaga/carrier"
)

// Check asks Telnyx for one order and reads no more of it than whether it is given.
func (c *Client) Check(ctx context.Context) (carrier.CheckReport, error) {
	q := call{op: "check carrier", object: "telnyx", method: http.MethodGet, path: "/porting_orders"}
	q.query = query("page[number]", "1", "page[size]", "1", "include_phone_numbers", "false")
	asked := time.Now()
	r, err := c.send(ctx, q)
	switch {
	case ctx.Err() != nil:
		return carrier.CheckReport{}, q.unavailable(ctx.Err())
	case err != nil:
		return carrier.CheckReport{Detail: q.unavailable(err).Detail}, nil
	}
	report := carrier.CheckReport{Reachable: true, Authorised: r.status == http.StatusOK, Skew: skew(r.header, asked, time.Now())}
	if !report.Authorised {
		report.Detail = q.no(r).Error()
	}
	return report, nil
}

// skew is Telnyx's clock less ours in the middle of the request, to the second; 0 if it did not tell.
func skew(h http.Header, asked, answered time.Time) time.Duration {
	theirs, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	middle := asked.Add(answered.Sub(asked) / 2)
	return theirs.Sub(middle.Truncate(time.Second))
}
