package sources

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
)

var (
	forwardings = operation{"/call-forwarding-signal/v0.4/call-forwardings", "call-forwarding-signal:call-forwardings:read"}
	forwardsAll = operation{
		"/call-forwarding-signal/v0.4/unconditional-call-forwardings", "call-forwarding-signal:unconditional-call-forwardings:read",
	}
	recycling = operation{"/number-recycling/v0.2/check", "number-recycling:check"}
	tenure    = operation{"/kyc-tenure/v0.3rc1/check-tenure", "kyc-tenure:check-tenure"}
)

// callForwarding asks for every kind of forwarding. Networks must offer only the question after the unconditional one.
func (c *CAMARA) callForwarding(ctx context.Context, s Subject) (fraud.Facts, error) {
	var kinds []string
	err := c.post(ctx, s, forwardings, nil, &kinds)
	if err != nil && (whyOf(err) == fraud.NotApplicable || mayNotAsk(err)) {
		return c.forwardsAll(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	f := fraud.CallForwarding{Unconditional: new(false), Conditional: new(false)}
	for _, kind := range kinds {
		switch {
		case kind == "inactive" && len(kinds) == 1:
		case kind == "unconditional":
			*f.Unconditional = true
		case strings.HasPrefix(kind, "conditional_"):
			*f.Conditional = true
		default:
			return nil, missing(fraud.Unreadable, "the answer contradicts itself, or says something new")
		}
	}
	if len(kinds) == 0 {
		return nil, missing(fraud.Unreadable, "the answer is an empty list")
	}
	return f, nil
}

func (c *CAMARA) forwardsAll(ctx context.Context, s Subject) (fraud.Facts, error) {
	var told struct {
		Active *bool `json:"active"`
	}
	if err := c.post(ctx, s, forwardsAll, nil, &told); err != nil {
		return nil, err
	}
	if told.Active == nil { // the description does not require it, and false it is not
		return nil, missing(fraud.NotTold, "the answer does not say whether calls are forwarded")
	}
	return fraud.CallForwarding{Unconditional: told.Active}, nil
}

// numberRecycling asks whether the number changed hands after the day from which the subscriber says to hold it. On a day on which
// nobody held the number, the answer is yes.
func (c *CAMARA) numberRecycling(ctx context.Context, s Subject) (fraud.Facts, error) {
	if s.HeldSince.IsZero() || s.HeldSince.After(s.At) {
		return nil, missing(fraud.NotAsked, "it is not known since when the subscriber holds the number")
	}
	var told struct {
		Recycled *bool `json:"phoneNumberRecycled"`
	}
	if err := c.post(ctx, s, recycling, map[string]any{"specifiedDate": s.HeldSince.Format(time.DateOnly)}, &told); err != nil {
		return nil, err
	}
	if told.Recycled == nil {
		return nil, missing(fraud.Unreadable, "the answer does not say whether the number was recycled")
	}
	return fraud.NumberRecycling{Recycled: told.Recycled}, nil
}

// tenureDays is the tenure that is asked about: new customers are those of the last month.
const tenureDays = 30

func (c *CAMARA) tenure(ctx context.Context, s Subject) (fraud.Facts, error) {
	var told struct {
		Since    *bool  `json:"tenureDateCheck"`
		Contract string `json:"contractType"`
	}
	since := s.At.AddDate(0, 0, -tenureDays).Format(time.DateOnly)
	if err := c.post(ctx, s, tenure, map[string]any{"tenureDate": since}, &told); err != nil {
		return nil, err
	}
	if told.Since == nil {
		return nil, missing(fraud.Unreadable, "the answer does not say whether the tenure is long enough")
	}
	f := fraud.Tenure{Since: new(fraud.AtMost(tenureDays * 24))}
	if *told.Since {
		f.Since = new(fraud.AtLeast(tenureDays * 24))
	}
	contract := fraud.Contract(strings.ToLower(told.Contract))
	if slices.Contains([]fraud.Contract{fraud.PayAsYouGo, fraud.PayMonthly, fraud.Business}, contract) {
		f.Contract = &contract
	}
	return f, nil
}
