package simulator

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/portsaga/portsaga/carrier"
)

var _ carrier.Checker = (*Client)(nil)

// Check asks whether the carrier is well. It has no credentials that could be wrong.
func (c *Client) Check(ctx context.Context) (carrier.CheckReport, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/healthz", nil)
	if err != nil {
		return carrier.CheckReport{Detail: "its address is no URL"}, nil
	}
	asked := time.Now()
	res, err := c.http().Do(req)
	if ctx.Err() != nil {
		return carrier.CheckReport{}, ctx.Err()
	}
	if err != nil {
		return carrier.CheckReport{Detail: "no answer"}, nil //nolint:nilerr // a carrier that is out of reach is a report
	}
	defer res.Body.Close()
	report := carrier.CheckReport{Reachable: true, Authorised: res.StatusCode/100 == 2}
	if !report.Authorised {
		report.Detail = fmt.Sprintf("it answers with HTTP status %d", res.StatusCode)
	}
	if told, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		report.Skew = told.Sub(asked).Truncate(time.Second)
	}
	return report, nil
}
