package porting

import (
	"fmt"
	"time"
)

// The steps that a saga asks of the world. Their names are what operators read in the Web UI.
const (
	StepReceive    = "ReceiveOrder"
	StepScreen     = "ScreenOrder"
	StepDecision   = "VerifyDecision"
	StepDeadline   = "ComputeDeadline"
	StepWindow     = "ComputeWindow"
	StepCorrect    = "PlanCorrection"
	StepSubmit     = "SubmitPort"
	StepRead       = "ReadCarrier"
	StepActivate   = "ActivatePort"
	StepCancel     = "CancelPort"
	StepReverse    = "ReversePort"
	StepCloseFence = "CloseFence"
	StepVerify     = "VerifyPort"
	StepClose      = "ClosePort"
)

// PortInput starts a saga.
type PortInput struct {
	ID    string `json:"id"`
	Order Order  `json:"order"`
	Clock Clock  `json:"clock,omitzero"` // real time when zero; scaled only in demo and dev
	Bulk  string `json:"bulk,omitempty"` // the bulk order that it belongs to, which wants to hear of it
}

// ReceiveInput asks whether an order can be taken.
type ReceiveInput struct {
	Port  string    `json:"port"`
	Order Order     `json:"order"`
	Clock Clock     `json:"clock,omitzero"`
	At    time.Time `json:"at"` // business time of receipt
}

// Receipt is the answer: the rules that the port keeps for its life, or why it is refused.
type Receipt struct {
	Pack         string   `json:"pack"` // id@version, pinned
	PackWhy      string   `json:"pack_why"`
	Jurisdiction string   `json:"jurisdiction"`
	Carrier      string   `json:"carrier"`
	Line         bool     `json:"line,omitempty"`     // the carrier has a task queue of its own: see LineQueue
	Tokens       []string `json:"tokens,omitempty"`   // keyed number tokens for search
	Epoch        int64    `json:"epoch"`              // of the fence
	Approvals    int      `json:"approvals"`          // persons who must approve
	Signed       bool     `json:"signed,omitempty"`   // decisions must be signed
	Audience     string   `json:"audience,omitempty"` // the deployment, as statements name it
	Salt         string   `json:"salt,omitempty"`     // of the order's digest
	Answers      string   `json:"answers,omitempty"`  // of a port-out: digest of the answer policy that it keeps
	Refused      *Refusal `json:"refused,omitempty"`
}

// Refusal says why something is not done. Note names the rule and holds no personal data.
type Refusal struct {
	Reason Reason `json:"reason"`
	Note   string `json:"note"`
}

// ScreenInput asks for the checks before people decide.
type ScreenInput struct {
	Port    string    `json:"port"`
	Order   Order     `json:"order"`
	Pack    string    `json:"pack"`
	Carrier string    `json:"carrier"`
	Salt    string    `json:"salt,omitempty"` // of the order's digest
	Bulk    string    `json:"bulk,omitempty"` // the bulk order that the port belongs to
	At      time.Time `json:"at"`

	Outgoing bool `json:"outgoing,omitempty"` // the numbers leave us
}

// Findings are what the checks found.
type Findings struct {
	Risk    Risk     `json:"risk"`
	Notes   []string `json:"notes,omitempty"`   // one sentence a finding
	Policy  *Policy  `json:"policy,omitempty"`  // who must approve at this risk; one person when nil
	Nonce   string   `json:"nonce,omitempty"`   // new with every screening; decisions bind it
	Score   int      `json:"score,omitempty"`   // of the fraud policy
	Fraud   string   `json:"fraud,omitempty"`   // the fraud policy that judged: id@version and digest
	Verdict string   `json:"verdict,omitempty"` // risk, notes and nonce, signed by the worker that found them
	Blocked *Refusal `json:"blocked,omitempty"`
}

// DecisionInput asks for a signed decision to be verified. The port's ID and run come from the engine itself.
type DecisionInput struct {
	Decide    Decide    `json:"decide"`
	Challenge Challenge `json:"challenge"`
	Submitter string    `json:"submitter,omitempty"`
	At        time.Time `json:"at"` // business time, for the timeline
}

// Judged is a signed decision that was verified, or why it does not count.
type Judged struct {
	ID       string   `json:"id,omitempty"`
	Decision Decision `json:"decision"`
	Refused  *Refusal `json:"refused,omitempty"`
}

// DeadlineInput asks a pack for one of its clocks.
type DeadlineInput struct {
	Pack  string    `json:"pack"`
	Clock string    `json:"clock"`
	Start time.Time `json:"start"`
	Place Place     `json:"place"`
}

// Place is what a clock's calendar and zone depend on.
type Place struct {
	Number Number `json:"number"`
	Region string `json:"region,omitempty"`
	Zone   string `json:"zone,omitempty"` // IANA; only where nobody knows the number any more
}

// Deadline is a clock of a pack, computed. It is recorded in history, so no upgrade of rules or time zones moves it.
type Deadline struct {
	Clock    string    `json:"clock"`
	Start    time.Time `json:"start"`     // deemed start
	At       time.Time `json:"at"`        // in the pack's zone
	OnExpiry string    `json:"on_expiry"` // escalate, proceed, refuse, expire
	Why      string    `json:"why"`
}

// What a clock's expiry can do.
const (
	ExpiryEscalate = "escalate"
	ExpiryProceed  = "proceed"
	ExpiryRefuse   = "refuse"
	ExpiryExpire   = "expire"
)

// WindowInput asks when numbers may change hands after an instant.
type WindowInput struct {
	Pack  string    `json:"pack"`
	After time.Time `json:"after"`
	Place Place     `json:"place"`
}

// CorrectionInput asks what to do about a carrier's rejection.
type CorrectionInput struct {
	Pack    string      `json:"pack"`
	Carrier string      `json:"carrier"`
	Reasons []Rejection `json:"reasons"`
	Version int         `json:"version"` // the order version that was rejected
}

// Correction is what to do: who can mend it and how, and whether the saga can by itself.
type Correction struct {
	Owner     string `json:"owner"` // customer, recipient, donor, carrier or us
	Fix       string `json:"fix"`   // one sentence
	Automatic bool   `json:"automatic,omitempty"`
	AnyDate   bool   `json:"any_date,omitempty"`  // the mend is to leave the date to the carrier
	Exhausted bool   `json:"exhausted,omitempty"` // the pack allows no further version
}

// SubmitInput sends an order to its carrier.
type SubmitInput struct {
	Ref     Ref       `json:"ref"`
	Carrier string    `json:"carrier"`
	Pack    string    `json:"pack"`
	Order   Order     `json:"order"`
	At      time.Time `json:"at"`

	Epoch     int64      `json:"epoch,omitempty"`
	Audience  string     `json:"audience,omitempty"`
	Salt      string     `json:"salt,omitempty"`
	Findings  Findings   `json:"findings,omitzero"`
	Decisions []Decision `json:"decisions,omitempty"`
}

// SubmitAnswer is the answer to a submitted order: what the carrier says, or why the gate did not send it.
type SubmitAnswer struct {
	CarrierStatus
	Withheld *Refusal  `json:"withheld,omitempty"`
	Run      string    `json:"run,omitempty"`   // of the saga, as the gate sees it; only its decisions count from now on
	Found    *Findings `json:"found,omitempty"` // what a fresh look found, where it is worse than what people saw
}

// CarrierInput names an order at its carrier, for every other call.
type CarrierInput struct {
	Ref     Ref       `json:"ref"`
	Carrier string    `json:"carrier"`
	Reason  Reason    `json:"reason,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// ActivateInput is all that the gate needs to check again before the point of no return.
type ActivateInput struct {
	Ref       Ref        `json:"ref"`
	Carrier   string     `json:"carrier"`
	Epoch     int64      `json:"epoch"`
	FOC       time.Time  `json:"foc"`
	Needed    int        `json:"needed,omitempty"` // persons, asked for by sagas of before there were policies
	Policy    Policy     `json:"policy,omitzero"`  // who must approve
	Submitter string     `json:"submitter,omitempty"`
	Decisions []Decision `json:"decisions"`
	Protocol  int        `json:"protocol,omitempty"`
	Order     Order      `json:"order,omitzero"`
	Salt      string     `json:"salt,omitempty"` // of the order's digest
	Findings  Findings   `json:"findings,omitzero"`
	Clock     Clock      `json:"clock,omitzero"`
	At        time.Time  `json:"at"`
}

// GateProtocol is the version of what a saga must tell the gate. A gate refuses a saga of an older build.
const GateProtocol = 2

// Activation is the gate's answer.
type Activation struct {
	Status  CarrierStatus `json:"status"`
	Refused *Refusal      `json:"refused,omitempty"` // the gate or the carrier said no, and nothing moved
	Fenced  bool          `json:"fenced,omitempty"`  // refused because the fence is closed
	Run     string        `json:"run,omitempty"`     // of the saga, as the gate sees it, where the decisions are void
	Found   *Findings     `json:"found,omitempty"`   // what a fresh look found, where it is worse than what people saw
}

// FenceInput closes a port's fence, by a revocation or a cancellation.
type FenceInput struct {
	Port   string    `json:"port"`
	By     string    `json:"by"`
	Reason Reason    `json:"reason"`
	At     time.Time `json:"at"`
}

// FenceClosed says whether the fence closed before an activation took it.
type FenceClosed struct {
	TooLate bool `json:"too_late"` // an activation holds the fence: its answer decides what comes next
}

// VerifyInput asks for a look at the numbers, which closes the port if they work.
type VerifyInput struct {
	Ref     Ref       `json:"ref"`
	Carrier string    `json:"carrier"`
	Outcome Outcome   `json:"outcome"` // with which it is closed
	At      time.Time `json:"at"`

	Pack     string   `json:"pack,omitempty"`
	Order    Order    `json:"order,omitzero"`
	Salt     string   `json:"salt,omitempty"`
	Findings Findings `json:"findings,omitzero"`  // what people know; a worse finding keeps the port under guard
	Timeline []Entry  `json:"timeline,omitempty"` // so far, for the audit log
}

// Verification is what the look at the numbers found.
type Verification struct {
	Status  CarrierStatus `json:"status"`
	Closed  bool          `json:"closed"`            // the port is closed in the ledger
	Revoked bool          `json:"revoked,omitempty"` // a revocation is in the ledger: the port is not closed but taken back
	Found   *Findings     `json:"found,omitempty"`   // a fresh look found worse: the port is not closed, a person must look
}

// CloseInput ends a port in the ledger: claims are freed, secrets destroyed.
type CloseInput struct {
	Port     string    `json:"port"`
	Outcome  Outcome   `json:"outcome"`
	At       time.Time `json:"at"`
	Timeline []Entry   `json:"timeline,omitempty"` // so far, for the audit log
	Unsent   bool      `json:"unsent,omitempty"`   // this run sent no order, so it has cancelled none
}

// TrustQueue is where the workers poll that verify decisions and close fences.
func TrustQueue(queue string) string { return queue + "-trust" }

// GateQueue is where the workers poll that alone speak to carriers and open the vault, take orders and activate.
func GateQueue(queue string) string { return queue + "-gate" }

// LineQueue is where the gate workers poll that speak to a carrier which has a pace of its own.
func LineQueue(queue, carrier string) string { return GateQueue(queue) + "-" + carrier }

// Ref is our name for an order at a carrier: port and version. It is the PON and VER of an LSR, never a run ID.
type Ref struct {
	Port    string `json:"port"`
	Version int    `json:"version"`
}

func (r Ref) String() string { return fmt.Sprintf("%s/%d", r.Port, r.Version) }

// CarrierState is where an order stands at the carrier.
type CarrierState string

// States at a carrier. Unknown ones are kept raw in CarrierStatus.Raw.
const (
	CarrierPending       CarrierState = "pending"        // received, not answered
	CarrierRejected      CarrierState = "rejected"       // may be corrected and sent again
	CarrierConfirmed     CarrierState = "confirmed"      // FOC given
	CarrierActive        CarrierState = "active"         // numbers moved
	CarrierCancelPending CarrierState = "cancel-pending" // cancel asked, not acknowledged
	CarrierCancelled     CarrierState = "cancelled"
	CarrierReversing     CarrierState = "reversing" // a reverse port is under way
	CarrierReversed      CarrierState = "reversed"  // numbers are back with the donor
	CarrierUnknown       CarrierState = "unknown"   // the carrier said something that we do not know
	CarrierNothing       CarrierState = "nothing"   // the carrier has no such order
	CarrierLocked        CarrierState = "locked"    // the carrier refuses to cancel; only its people can help
	CarrierRefused       CarrierState = "refused"   // the carrier says no, for good
	CarrierNotAsked      CarrierState = "not-asked" // the authorization was revoked, so the carrier was not asked
)

// CarrierStatus is the truth read back from the carrier.
type CarrierStatus struct {
	Ref     Ref           `json:"ref"`
	State   CarrierState  `json:"state"`
	FOC     time.Time     `json:"foc,omitzero"`      // confirmed date, when State is confirmed or later
	Version int           `json:"version"`           // rises with every change at the carrier
	Reasons []Rejection   `json:"reasons,omitempty"` // why it was rejected
	Numbers []NumberState `json:"numbers,omitempty"` // by number, where the carrier tells
	// Messaging is where the numbers' SMS and MMS routing stands, which moves apart from voice: pending until it has moved, then
	// active. Empty where the carrier does not tell.
	Messaging CarrierState      `json:"messaging,omitempty"`
	Raw       string            `json:"raw,omitempty"`   // the carrier's own word for the state
	Task      string            `json:"task,omitempty"`  // what a person of ours must do there now, where the carrier has no API; one line, never personal data
	Extra     map[string]string `json:"extra,omitempty"` // what else it said, never personal data
}

// Rejection is a carrier's reason: its own code and text, and ours.
type Rejection struct {
	Code   string `json:"code"`
	Text   string `json:"text"`
	Reason Reason `json:"reason"`
}

// NumberState is one number's state at the carrier.
type NumberState struct {
	Number Number       `json:"number"`
	State  CarrierState `json:"state"`
	Reason Reason       `json:"reason,omitempty"`
}
