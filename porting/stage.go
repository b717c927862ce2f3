package porting

// Direction says which side of a port we are on.
type Direction string

// Directions.
const (
	PortIn  Direction = "port-in"  // we gain the numbers
	PortOut Direction = "port-out" // we lose them
)

// Stage is where a port is.
type Stage string

// Stages, in the order in which a port meets them.
const (
	Received    Stage = "received"
	Screening   Stage = "screening"
	Verifying   Stage = "verifying"  // port-in: people decide
	Submitting  Stage = "submitting" // the LSR is on its way to the carrier
	Submitted   Stage = "submitted"  // waiting for the FOC
	Exception   Stage = "exception"  // rejected by the carrier, waiting for a correction
	Confirmed   Stage = "confirmed"  // FOC received, waiting for its date
	Activating  Stage = "activating" // the point of no return
	Active      Stage = "active"     // numbers work with the recipient, not yet verified
	Completed   Stage = "completed"
	OnHold      Stage = "on-hold"
	RollingBack Stage = "rolling-back"

	Notifying Stage = "notifying" // port-out only, as are the next three
	Deciding  Stage = "deciding"
	Answered  Stage = "answered"
	Releasing Stage = "releasing"
)

// Outcome is how a port ended; empty while it is open. Only OutcomeCompleted means that the numbers moved and stay.
type Outcome string

// Outcomes.
const (
	OutcomeCompleted Outcome = "completed"
	OutcomePartial   Outcome = "partial"   // some numbers moved, others did not
	OutcomeRevoked   Outcome = "revoked"   // authorization revoked, nothing moved
	OutcomeReversed  Outcome = "reversed"  // moved and moved back
	OutcomeDisputed  Outcome = "disputed"  // moved, could not be moved back in time
	OutcomeRejected  Outcome = "rejected"  // refused by a rule, a person or a carrier
	OutcomeExpired   Outcome = "expired"   // nobody acted in time
	OutcomeCancelled Outcome = "cancelled" // withdrawn by us
)

// Risk is the screening's estimate.
type Risk string

// Risk levels.
const (
	RiskLow    Risk = "low"
	RiskMedium Risk = "medium"
	RiskHigh   Risk = "high"
)

// Waiting names whom a port waits for. The values are few, so that operators can filter by them.
type Waiting string

// Whom a port can wait for.
const (
	WaitingNobody   Waiting = "nobody"
	WaitingApprover Waiting = "approver"
	WaitingCarrier  Waiting = "carrier"
	WaitingCustomer Waiting = "customer"
	WaitingDate     Waiting = "date" // the FOC date or a window
	WaitingOperator Waiting = "operator"
)

// WaitedOn lists everybody whom a port may wait for.
var WaitedOn = []Waiting{WaitingNobody, WaitingApprover, WaitingCarrier, WaitingCustomer, WaitingDate, WaitingOperator}

// Event is what happened to a port, in the past tense. Events move stages; see Transitions.
type Event string

// Events that move a port.
const (
	EventReceived          Event = "received"
	EventRefused           Event = "refused"            // the order cannot be taken
	EventAccepted          Event = "accepted"           // pack chosen, numbers claimed
	EventScreened          Event = "screened"           // checks done, people may decide
	EventBlocked           Event = "blocked"            // screening found a lawful ground to refuse
	EventApproved          Event = "approved"           // decisions complete
	EventDeclined          Event = "declined"           // a person said no
	EventApprovalVoid      Event = "approval-void"      // the gate does not accept the decisions; others are asked for
	EventSubmitted         Event = "submitted"          // the carrier took the LSR
	EventCarrierRejected   Event = "carrier-rejected"   // rejected, may be corrected
	EventCarrierRefused    Event = "carrier-refused"    // refused for good
	EventAmended           Event = "amended"            // corrected; a new order version
	EventConfirmed         Event = "foc-received"       // firm order confirmation with a date
	EventFOCChanged        Event = "foc-changed"        // the carrier moved the date
	EventActivationStarted Event = "activation-started" // the fence is ours
	EventActivationFailed  Event = "activation-failed"  // surely not activated; the fence is open again
	EventActivated         Event = "activated"          // numbers work with the recipient
	EventVerified          Event = "verified"           // read back and seen to work
	EventPartlyVerified    Event = "partly-verified"    // the numbers that moved work, others did not move
	EventIncomplete        Event = "incomplete"         // all or nothing was asked, and some numbers did not move
	EventExpired           Event = "expired"            // a clock ran out
	EventRevoked           Event = "revoked"            // authorization revoked
	EventCancelled         Event = "cancelled"          // withdrawn, or cancelled in Temporal
	EventRolledBack        Event = "rolled-back"        // every undo is done
	EventHeld              Event = "held"               // stopped by people for a while
	EventResumed           Event = "resumed"            // goes on in the stage that it was held in
)

// Events that are recorded and leave the stage as it is.
const (
	EventDecision     Event = "decision"
	EventExtended     Event = "extended"
	EventReassigned   Event = "reassigned"
	EventNote         Event = "note"
	EventCarrierNews  Event = "carrier-news"
	EventIgnored      Event = "message-ignored"
	EventWarned       Event = "deadline-near"
	EventEscalated    Event = "escalated"
	EventUndone       Event = "undone"
	EventUndoStuck    Event = "undo-stuck"
	EventUnknownState Event = "carrier-status-unknown"
)

// Stages lists every stage in the order in which a port meets them.
var Stages = []Stage{
	Received, Screening, Verifying, Submitting, Submitted, Exception, Confirmed, Activating, Active, Notifying, Deciding, Answered,
	Releasing, Completed, OnHold, RollingBack,
}

// Outcomes lists every outcome.
var Outcomes = []Outcome{OutcomeCompleted, OutcomePartial, OutcomeRevoked, OutcomeReversed, OutcomeDisputed, OutcomeRejected, OutcomeExpired, OutcomeCancelled}
