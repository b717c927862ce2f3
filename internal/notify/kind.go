package notify

import "slices"

// Kind is what a notice is about.
type Kind string

// Kinds of notices.
const (
	Received           Kind = "received"            // an order to move the numbers to us has come in
	PortOutRequested   Kind = "port-out-requested"  // another provider asks for the numbers
	FOC                Kind = "foc"                 // there is a date
	Changed            Kind = "changed"             // the date, the order or a contact changed
	BeforeEffectuation Kind = "before-effectuation" // the numbers are about to move
	Completed          Kind = "completed"           // they moved
	NumberArrived      Kind = "number-arrived"      // how to keep them safe from now on
	Revoked            Kind = "revoked"             // stopped before anything moved
	RolledBack         Kind = "rolled-back"         // moved, and taken back
	BlockedAttempt     Kind = "blocked-attempt"     // somebody tried, and was stopped by a check
)

// Kinds lists every kind in the order in which a port meets them.
var Kinds = []Kind{
	Received, PortOutRequested, FOC, Changed, BeforeEffectuation, Completed, NumberArrived, Revoked, RolledBack, BlockedAttempt,
}

// OffersStop reports whether notices of the kind carry the link by which a customer stops the port: as long as stopping
// helps.
func (k Kind) OffersStop() bool {
	return slices.Contains([]Kind{Received, PortOutRequested, FOC, Changed, BeforeEffectuation}, k)
}

// Teaches reports whether notices of the kind say how a number is protected: at the moments when it helps.
func (k Kind) Teaches() bool {
	return slices.Contains([]Kind{PortOutRequested, NumberArrived, BlockedAttempt}, k)
}

// Channel is a way to a recipient.
type Channel string

// Channels.
const (
	Email   Channel = "email"
	SMS     Channel = "sms"
	Webhook Channel = "webhook"
)
