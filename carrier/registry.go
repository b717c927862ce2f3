package carrier

import (
	"context"
	"slices"
	"time"

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
