package twilio

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/twilio/twilio-go/client"
	numbers "github.com/twilio/twilio-go/rest/numbers/v1"

	"github.com/portsaga/portsaga/carrier"
)

// Check asks for one line of the list of port-in requests.
func (c *Client) Check(ctx context.Context) (carrier.CheckReport, error) {
	s := &session{ctx: ctx, client: c}
	api := numbers.NewApiService(&client.RequestHandler{Client: s})
	_, err := api.PagePortInRequests((&numbers.ListPortInRequestsParams{}).SetSize(1), "", "")
	if ctx.Err() != nil {
		return carrier.CheckReport{}, ctx.Err()
	}
	report := carrier.CheckReport{Reachable: true, Authorised: true, Skew: skew(s.date, time.Now())}
	if err == nil {
		return report, nil
	}
	report.Authorised = false
	_, cause := told(err)
	report.Detail = cause.Error()
	answer, answered := errors.AsType[*answerError](err)
	switch {
	case !answered:
		report.Reachable = s.date != ""
	case answer.status == http.StatusUnauthorized || answer.status == http.StatusForbidden:
		report.Detail = "Twilio does not take the credentials: " + report.Detail
	}
	return report, nil
}

// skew is how far the clock of a Date header is ahead of ours, to the second.
func skew(date string, now time.Time) time.Duration {
	at, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	return at.Sub(now.Truncate(time.Second))
}
