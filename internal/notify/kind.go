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

// Kinds of notices about the protection of a number, which no port is about.
const (
	Locked         Kind = "locked"
	UnlockAsked    Kind = "unlock-asked" // the lock ends, unless somebody cancels it
	Unlocked       Kind = "unlocked"
	PINChanged     Kind = "pin-changed" // also the first one
	PINRemoved     Kind = "pin-removed"
	PINFailed      Kind = "pin-failed" // somebody tried one that is wrong
	PINLocked      Kind = "pin-locked" // too many did
	ContactChanged Kind = "contact-changed"
	SourceLocked   Kind = "source-locked" // too many wrong ones came from one source: services alone hear of it
)

// Kinds lists every kind that people are told of: those of a port, in the order in which it meets them, and those of
// protection.
var Kinds = append([]Kind{
	Received, PortOutRequested, FOC, Changed, BeforeEffectuation, Completed, NumberArrived, Revoked, RolledBack, BlockedAttempt,
}, protections...)

var protections = []Kind{Locked, UnlockAsked, Unlocked, PINChanged, PINRemoved, PINFailed, PINLocked, ContactChanged}

// event is the kind's name for programs.
func (k Kind) event() string {
	if k == SourceLocked || slices.Contains(protections, k) {
		return "number." + string(k)
	}
	return "port." + string(k)
}

// OffersStop reports whether notices of the kind carry the link by which a customer stops what they tell of, the port or the
// unlock: as long as stopping helps.
func (k Kind) OffersStop() bool {
	return slices.Contains([]Kind{Received, PortOutRequested, FOC, Changed, BeforeEffectuation, UnlockAsked}, k)
}

// Teaches reports whether notices of the kind say how a number is protected: at the moments when it helps.
func (k Kind) Teaches() bool {
	return slices.Contains([]Kind{PortOutRequested, NumberArrived, BlockedAttempt, Unlocked, PINFailed, PINLocked}, k)
}

// Channel is a way to a recipient.
type Channel string

// Channels.
const (
	Email   Channel = "email"
	SMS     Channel = "sms"
	Webhook Channel = "webhook"
)
