package sources

import (
	"context"
	"encoding/json"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
)

// swap is an API that tells of changes: SIM Swap, or Device Swap, which is made after it.
type swap struct {
	date, check operation
	field       string // of the date
}

var (
	simSwap = swap{
		date:  operation{"/sim-swap/v2/retrieve-date", "sim-swap:retrieve-date"},
		check: operation{"/sim-swap/v2/check", "sim-swap:check"},
		field: "latestSimChange",
	}
	deviceSwap = swap{
		date:  operation{"/device-swap/v1/retrieve-date", "device-swap:retrieve-date"},
		check: operation{"/device-swap/v1/check", "device-swap:check"},
		field: "latestDeviceChange",
	}
)

func (c *CAMARA) simSwap(ctx context.Context, s Subject) (fraud.Facts, error) {
	change, err := c.change(ctx, s, simSwap)
	return factsOr(fraud.SIMSwap{Change: &change}, err)
}

func (c *CAMARA) deviceSwap(ctx context.Context, s Subject) (fraud.Facts, error) {
	change, err := c.change(ctx, s, deviceSwap)
	return factsOr(fraud.DeviceSwap{Change: &change}, err)
}

// change asks for the date of the latest change, and where the network may not give dates, whether there was one lately.
func (c *CAMARA) change(ctx context.Context, s Subject, api swap) (fraud.Age, error) {
	var told map[string]json.RawMessage
	err := c.post(ctx, s, api.date, nil, &told)
	if err != nil && mayNotAsk(err) {
		return c.changedLately(ctx, s, api)
	}
	if err != nil {
		return fraud.Age{}, err
	}
	date, ok := told[api.field]
	if !ok {
		return fraud.Age{}, missing(fraud.Unreadable, "the answer has no %s", api.field)
	}
	if string(date) != "null" {
		return s.changeOn(date)
	}
	var days int
	if json.Unmarshal(told["monitoredPeriod"], &days) == nil && days > 0 {
		return fraud.AtLeast(days * 24), nil // no change within the period; what was before it the network does not keep
	}
	return c.changedLately(ctx, s, api)
}

// changeOn reads a date and says how old the change is.
func (s Subject) changeOn(date json.RawMessage) (fraud.Age, error) {
	var at time.Time
	if json.Unmarshal(date, &at) != nil {
		return fraud.Age{}, missing(fraud.Unreadable, "the date of the change is no date")
	}
	return s.changeAt(at)
}

// lately is how far back changedLately asks, in hours; it is the default of the APIs.
const lately = 240

// changedLately asks whether there was a change within the last days. A change that began the line is left out by asking only
// about the time after it.
func (c *CAMARA) changedLately(ctx context.Context, s Subject, api swap) (fraud.Age, error) {
	hours, shortened := lately, false
	if began := s.began(); !began.IsZero() {
		if since := int((s.At.Sub(began) - margin).Hours()); since < hours {
			hours, shortened = since, true
		}
	}
	if hours < 1 {
		return fraud.Age{}, missing(fraud.TooCoarse, "the line began so lately that a change cannot be told from it")
	}
	var told struct {
		Swapped *bool `json:"swapped"`
	}
	err := c.post(ctx, s, api.check, map[string]any{"maxAge": hours}, &told)
	switch {
	case err != nil:
		return fraud.Age{}, err
	case told.Swapped == nil:
		return fraud.Age{}, missing(fraud.Unreadable, "the answer does not say whether there was a change")
	case *told.Swapped:
		return fraud.AtMost(hours), nil
	case shortened:
		return fraud.None(), nil
	default:
		return fraud.AtLeast(hours), nil
	}
}
