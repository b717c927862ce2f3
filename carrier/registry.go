package carrier

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/porting"
)

// Registry says which carrier serves a number: what is true after an activation, told by neither of the two carriers.
// Every error is a *porting.Error. Codes that callers test:
//
//	registry-number-unknown (NotFound) the registry has nothing on the number
//	registry-unavailable    (Failed)   no answer, or a fault; ask again
//	registry-unread         (Failed)   an answer that does not say who serves the number
type Registry interface {
	Serving(ctx context.Context, n porting.Number) (Serving, error)
}

// Serving is who serves a number, as far as a registry tells.
type Serving struct {
	Carrier       string    `json:"carrier,omitempty"`        // the registry's name of the carrier, such as its SPID or CIC
	RoutingNumber string    `json:"routing_number,omitempty"` // of the switch that a ported number leads to, in global form; "" if the number was never ported
	At            time.Time `json:"at"`                       // real time at which the registry said so
}

// RegistryOf is the number lookup of a gateway whose carrier offers one; false for all others.
func RegistryOf(g Gateway) (Registry, bool) {
	r, offers := g.(Registry)
	return r, offers
}

// Home is how a registry names a provider: its switches and itself.
type Home struct {
	RoutingNumbers []string `json:"routing_numbers,omitempty"` // in global form, like +12125550100
	Carriers       []string `json:"carriers,omitempty"`
}

// Serves reports whether a number is at home here. A registry that tells of a routing number is believed by that one, because
// carriers share names and switches do not.
func (h Home) Serves(s Serving) bool {
	if s.RoutingNumber != "" && len(h.RoutingNumbers) > 0 {
		return slices.Contains(h.RoutingNumbers, s.RoutingNumber)
	}
	return s.Carrier != "" && slices.Contains(h.Carriers, s.Carrier)
}

// registryAtOnce is how many numbers a registry is asked about side by side.
const registryAtOnce = 4

// Elsewhere lists the numbers that a registry does not have at home, in their order: those that others serve, and those
// that it has nothing on. Every other failure of the registry ends it.
func (h Home) Elsewhere(ctx context.Context, r Registry, numbers []porting.Number) ([]porting.Number, error) {
	home := make([]bool, len(numbers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(registryAtOnce)
	for i, n := range numbers {
		group.Go(func() error {
			serving, err := r.Serving(ctx, n)
			if porting.CodeOf(err) == "registry-number-unknown" {
				return nil
			}
			home[i] = err == nil && h.Serves(serving)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var elsewhere []porting.Number
	for i, n := range numbers {
		if !home[i] {
			elsewhere = append(elsewhere, n)
		}
	}
	return elsewhere, nil
}
