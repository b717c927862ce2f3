// Package carrier is the one way to talk to a carrier: the Gateway. Each adapter lives in a folder of its own and speaks
// its carrier's protocol; nothing above it knows which one. An adapter is idempotent by our reference (Ref): a request
// that is sent twice is done once.
package carrier

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Ref is our name for an order at a carrier: port and version. It is the PON and VER of an LSR, never a run ID.
type Ref struct {
	Port    string `json:"port"`
	Version int    `json:"version"`
}

// LSR is a local service request: the order as the carrier needs it.
type LSR struct {
	Ref   Ref            `json:"ref"`
	Order porting.Order  `json:"order"`
	Code  porting.Secret `json:"-"`   // authorization code from the vault
	DDD   time.Time      `json:"ddd"` // desired due date; zero leaves it to the carrier
}

// State is where an order stands at the carrier.
type State string

// States at a carrier. Unknown ones are kept raw in Status.Raw.
const (
	StatePending       State = "pending"        // received, not answered
	StateRejected      State = "rejected"       // may be corrected and sent again
	StateConfirmed     State = "confirmed"      // FOC given
	StateActive        State = "active"         // numbers moved
	StateCancelPending State = "cancel-pending" // cancel asked, not acknowledged
	StateCancelled     State = "cancelled"
	StateReversing     State = "reversing" // a reverse port is under way
	StateReversed      State = "reversed"  // numbers are back with the donor
	StateUnknown       State = "unknown"   // the carrier said something that we do not know
)

// Status is the truth read back from the carrier.
type Status struct {
	Ref     Ref               `json:"ref"`
	State   State             `json:"state"`
	FOC     time.Time         `json:"foc,omitzero"`      // confirmed date, when State is confirmed or later
	Version int               `json:"version"`           // rises with every change at the carrier
	Reasons []Rejection       `json:"reasons,omitempty"` // why it was rejected
	Numbers []NumberState     `json:"numbers,omitempty"` // by number, where the carrier tells
	Raw     string            `json:"raw,omitempty"`     // the carrier's own word for the state
	Extra   map[string]string `json:"extra,omitempty"`   // what else it said, never personal data
}

// Rejection is a carrier's reason: its own code and text, and ours.
type Rejection struct {
	Code   string         `json:"code"`
	Text   string         `json:"text"`
	Reason porting.Reason `json:"reason"`
}

// NumberState is one number's state at the carrier.
type NumberState struct {
	Number porting.Number `json:"number"`
	State  State          `json:"state"`
	Reason porting.Reason `json:"reason,omitempty"`
}

// Portability is a carrier's answer before any order.
type Portability struct {
	Number   porting.Number `json:"number"`
	Portable bool           `json:"portable"`
	Reason   porting.Reason `json:"reason,omitempty"`
}

// Capabilities say what a carrier can do.
type Capabilities struct {
	Name       string        `json:"name"`
	Supplement bool          `json:"supplement"`  // a rejected order can be corrected in place
	Reverse    bool          `json:"reverse"`     // a reverse port can be ordered
	OnDemand   bool          `json:"on_demand"`   // we trigger the activation
	CancelLock time.Duration `json:"cancel_lock"` // before the FOC, in which no API cancels; 0 means none
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
