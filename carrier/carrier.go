// Package carrier is the one way to talk to a carrier: the Gateway. Each adapter lives in a folder of its own and speaks
// its carrier's protocol; nothing above it knows which one. An adapter is idempotent by our reference (Ref): a request
// that is sent twice is done once.
package carrier

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// What a carrier says is part of the language; these are its names here.

type (
	// Ref is our name for an order at a carrier.
	Ref = porting.Ref
	// State is where an order stands at the carrier.
	State = porting.CarrierState
	// Status is the truth read back.
	Status = porting.CarrierStatus
	// Rejection is a carrier's reason, in its words and ours.
	Rejection = porting.Rejection
	// NumberState is one number's state at the carrier.
	NumberState = porting.NumberState
)

// LSR is a local service request: the order as the carrier needs it.
type LSR struct {
	Ref   Ref            `json:"ref"`
	Order porting.Order  `json:"order"`
	Code  porting.Secret `json:"-"`   // authorization code from the vault
	DDD   time.Time      `json:"ddd"` // desired due date; zero leaves it to the carrier
}

// States at a carrier. Unknown ones are kept raw in Status.Raw.
const (
	StatePending       = porting.CarrierPending
	StateRejected      = porting.CarrierRejected
	StateConfirmed     = porting.CarrierConfirmed
	StateActive        = porting.CarrierActive
	StateCancelPending = porting.CarrierCancelPending
	StateCancelled     = porting.CarrierCancelled
	StateReversing     = porting.CarrierReversing
	StateReversed      = porting.CarrierReversed
	StateUnknown       = porting.CarrierUnknown
)

// Portability is a carrier's answer before any order.
type Portability struct {
	Number   porting.Number `json:"number"`
	Portable bool           `json:"portable"`
	Reason   porting.Reason `json:"reason,omitempty"`
}

// Capabilities say what a carrier can do, and for which orders.
type Capabilities struct {
	Name       string        `json:"name"`
	Countries  []string      `json:"countries,omitempty"`   // ISO 3166-1 alpha-2, whose numbers it ports; empty means all
	Kinds      []string      `json:"kinds,omitempty"`       // of lines that it ports: wireline, wireless, toll-free; empty means all
	MaxNumbers int           `json:"max_numbers,omitempty"` // of one order; 0 means no bound
	Documents  []string      `json:"documents,omitempty"`   // that it takes with an order: loa, invoice, csr, other
	Supplement bool          `json:"supplement"`            // a rejected order can be corrected in place
	Reverse    bool          `json:"reverse"`               // a reverse port can be ordered
	OnDemand   bool          `json:"on_demand"`             // we trigger the activation
	PortOut    bool          `json:"port_out"`              // it asks us before numbers leave, and takes our answer
	PerNumber  bool          `json:"per_number"`            // Status.Numbers tells of every number, with a reason where one stays behind
	Messaging  bool          `json:"messaging"`             // Status.Messaging tells of SMS and MMS apart from voice
	CancelLock time.Duration `json:"cancel_lock"`           // before the FOC, in which no API cancels; 0 means none
	Silence    Silence       `json:"silence,omitzero"`
}

// Silence is what a carrier does by itself when it waits for us in vain. A zero field means that it goes on waiting.
type Silence struct {
	Activates bool          `json:"activates,omitempty"` // a confirmed order that nobody activates moves at the end of its window
	Cancels   time.Duration `json:"cancels,omitempty"`   // a rejected order that nobody corrects is cancelled after so long
	Releases  time.Duration `json:"releases,omitempty"`  // a port-out that nobody answers goes ahead after so long
}

// Gateway is a carrier. Every error is a *porting.Error or a transport fault. Codes that callers test:
//
//	carrier-order-unknown  (NotFound) the carrier has no order with this reference
//	carrier-cancel-locked  (Refused)  inside the cancel lock, or the carrier refuses the cancel
//	carrier-refused        (Refused)  the carrier says no, for good
//	carrier-unavailable    (Failed)   no answer, or a fault: the outcome is unknown, ask Status before sending again
type Gateway interface {
	Capabilities() Capabilities
	Portability(ctx context.Context, numbers []porting.Number) ([]Portability, error)
	// Submit sends an LSR. A higher version of a known port supplements it.
	Submit(ctx context.Context, lsr LSR) (Status, error)
	Status(ctx context.Context, ref Ref) (Status, error)
	// Cancel asks for the cancel; it is done when Status says cancelled.
	Cancel(ctx context.Context, ref Ref, why porting.Reason) (Status, error)
	Activate(ctx context.Context, ref Ref) (Status, error)
	// Reverse orders the port back to the donor; it is done when Status says reversed.
	Reverse(ctx context.Context, ref Ref, why porting.Reason) (Status, error)
}

// Lister is a gateway whose carrier can be asked what it holds. Whoever compares it with the open ports finds orders that
// nobody follows any more.
type Lister interface {
	// Orders lists the open orders under our references that the carrier first took at or after an instant of business time;
	// the zero time means all. An order is open unless it is active, cancelled or reversed. The only error is
	// carrier-unavailable.
	Orders(ctx context.Context, since time.Time) ([]Ref, error)
}
