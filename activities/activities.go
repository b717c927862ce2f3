// Package activities is what the sagas may do to the world, a file a neighbour: the ledger and the rules, the carrier,
// and the gate, which alone activates.
//
// A business "no" is an answer, never an error. An error means that the step did not work: it is tried again, unless it
// is marked as one that never will.
package activities

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// Activities holds the neighbours. A worker needs those of its role: workflow the rules; trust the ledger and the approvals;
// gate all of them.
type Activities struct {
	Rules            *rules.Book
	Ledger           *ledger.Ledger
	Vault            *vault.Vault
	Carriers         map[string]carrier.Gateway
	Prefer           []string          // carriers in the order in which those are asked that can carry an order
	Lines            map[string]bool   // carriers with a task queue of their own
	Registry         *Registry         // of numbers, asked after an activation; nobody is when nil
	Approvals        *Approvals        // nil where decisions are trusted as they come: demo and dev only
	Fraud            *Fraud            // the fraud desk; nobody judges when nil
	Notices          *notify.Notifier  // tells people; nobody is told when nil
	Webhooks         *notify.Webhooks  // the services that hear of ports; may be nil
	Arrivals         Arrivals          // remembers the people of numbers that have come to us; may be nil
	Leaving          *Leaving          // our own side of port-outs, of a gate that answers them
	AnswerPolicies   AnswerPolicies    // of port-outs, at the last moment
	Watermark        *ledger.Watermark // of the gate: it notices a ledger that was restored from a backup; may be nil
	AllowScaledClock bool              // demo and dev only
}

// gateway is the carrier of that name.
func (a *Activities) gateway(name string) (carrier.Gateway, error) {
	if g, ok := a.Carriers[name]; ok {
		return a.audited(name, g), nil
	}
	return nil, never(&porting.Error{
		Kind: porting.Refused, Code: "carrier-not-configured", Op: "choose carrier", Object: name,
		Detail: "this worker has no such carrier", Next: "set PORTSAGA_CARRIER, or name another carrier in the order",
	})
}

// never marks an error that no retry mends.
func never(err error) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), porting.CodeOf(err), temporal.ApplicationErrorOptions{NonRetryable: true})
}

// lasting makes a rule's refusal an error that is not tried again; faults stay as they are.
func lasting(err error) error {
	switch porting.KindOf(err) {
	case porting.Refused, porting.Invalid, porting.NotFound:
		return never(err)
	default:
		return err
	}
}

// refusal turns a rule's "no" into an answer; ok is false for every other error.
func refusal(err error, why porting.Reason) (r *porting.Refusal, ok bool) {
	var no *porting.Error
	if !errors.As(err, &no) || (no.Kind != porting.Refused && no.Kind != porting.Invalid) {
		return nil, false
	}
	note := no.Detail
	if no.Next != "" {
		note += "; " + no.Next
	}
	return &porting.Refusal{Reason: why, Note: note}, true
}
