package activities

import (
	"context"
	"slices"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// defaultCarrier is the one that is asked first.
func (a *Activities) defaultCarrier() string {
	if len(a.Prefer) == 0 {
		return ""
	}
	return a.Prefer[0]
}

// route says which carrier takes an order for its whole life. Where several could, the first takes it that answers, and says
// that it can port every number; if none does, the first of all, and the screening tells people why it cannot. A port that
// was taken before keeps its carrier.
func (a *Activities) route(ctx context.Context, port string, order porting.Order) (carrier.Choice, error) {
	able, err := carrier.Choose(a.Carriers, a.Prefer, order)
	if err != nil {
		return carrier.Choice{}, err
	}
	if len(able) == 1 {
		return able[0], nil
	}
	taken, err := a.Ledger.Fence(ctx, port)
	if err != nil && porting.KindOf(err) != porting.NotFound {
		return carrier.Choice{}, err
	}
	for _, choice := range able {
		if choice.Name == taken.Carrier {
			return choice, nil
		}
	}
	for i, choice := range able {
		if ports(ctx, a.Carriers[choice.Name], order.Numbers) {
			if i > 0 {
				choice.Why = able[0].Name + " cannot port the numbers, or does not answer; " + choice.Why
			}
			return choice, nil
		}
	}
	return able[0], nil
}

// ports reports whether a carrier says that it can port every number.
func ports(ctx context.Context, g carrier.Gateway, numbers []porting.Number) bool {
	answers, err := g.Portability(ctx, numbers)
	return err == nil && len(answers) == len(numbers) && !slices.ContainsFunc(answers, func(p carrier.Portability) bool { return !p.Portable })
}
