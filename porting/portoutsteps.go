package porting

import "time"

// The steps that only a port-out asks of the world.
const (
	StepPlanAnswer     = "PlanAnswer"
	StepClaimLeaving   = "ClaimLeaving"
	StepScreenLeaving  = "ScreenLeaving"
	StepNotify         = "NotifySubscriber"
	StepAnswer         = "AnswerPortOut"
	StepReadRequest    = "ReadPortOut"
	StepReleaseNumbers = "ReleaseNumbers"
	StepCloseLeaving   = "ClosePortOut"
)

// PortOutInput starts a port-out saga.
type PortOutInput struct {
	ID      string         `json:"id"`
	Request PortOutRequest `json:"request"`
	Clock   Clock          `json:"clock,omitzero"`
}

// AnswerPlanInput asks the rules how a request must be answered.
type AnswerPlanInput struct {
	Request PortOutRequest `json:"request"`
	At      time.Time      `json:"at"`                // business time of receipt
	Pack    string         `json:"pack,omitempty"`    // id@version, of a port that is pinned to it; chosen by the rules when empty
	Answers *AnswerPolicy  `json:"answers,omitempty"` // that the port is pinned to; the worker's when nil
}

// AnswerPlan is what the rules say of the answer: computed from the request alone, without a ledger or a carrier, so that
// nothing that is down keeps a port-out from being answered.
type AnswerPlan struct {
	Pack         string         `json:"pack"` // id@version, pinned
	PackWhy      string         `json:"pack_why"`
	Jurisdiction string         `json:"jurisdiction"`
	AnswerBy     time.Time      `json:"answer_by"`   // the earlier of the pack's clock and the counterparty's silence
	LastMoment   time.Time      `json:"last_moment"` // when policy answers if nobody has
	Why          string         `json:"why"`
	Grounds      []Reason       `json:"grounds"`               // on which the donor may refuse
	Confirm      bool           `json:"confirm,omitempty"`     // the subscriber's yes to our question is needed
	OnNoReply    string         `json:"on_no_reply,omitempty"` // what their silence then means: stop, cancel, pause or proceed
	Revocation   RevocationRule `json:"revocation"`            // of the subscriber, through us
	Defaults     AnswerDefaults `json:"defaults,omitzero"`     // at the last moment, by risk
	Policy       string         `json:"policy,omitempty"`      // digest of the file that the defaults are from; empty without one
	Refused      *Refusal       `json:"refused,omitempty"`     // no rules are known for the numbers
}

// RevocationRule says whether the subscriber may stop a port-out through us, the donor.
type RevocationRule struct {
	Allowed  bool   `json:"allowed"`
	Evidence string `json:"evidence,omitempty"` // what we must hold: then authority dated after the request
	Why      string `json:"why"`
}

// AnswerDefaults are a tenant's answers at the last moment, by risk. A refusal needs a lawful ground; without one the answer
// is approve, and a person is called. Empty fields are approve, at high risk refuse.
type AnswerDefaults struct {
	Low    AnswerKind `json:"low,omitempty"`
	Medium AnswerKind `json:"medium,omitempty"`
	High   AnswerKind `json:"high,omitempty"`
}

// AnswerPolicy is a tenant's part in the answers to one port-out. The gate pins it when it claims the numbers.
type AnswerPolicy struct {
	Ref      string         `json:"ref,omitempty"`  // digest of the file; empty without one
	Lead     time.Duration  `json:"lead,omitempty"` // policy answers at least so long before the time is over, and never before half of it
	Defaults AnswerDefaults `json:"defaults,omitzero"`
}

// At is the default at one risk.
func (d AnswerDefaults) At(risk Risk) AnswerKind {
	kind, otherwise := d.Low, AnswerApprove
	switch risk {
	case RiskMedium:
		kind = d.Medium
	case RiskHigh:
		kind, otherwise = d.High, AnswerRefuse
	}
	if kind == "" {
		return otherwise
	}
	return kind
}

// LeavingInput is a port-out with its rules, for the steps of the gate.
type LeavingInput struct {
	Port    string         `json:"port"`
	Request PortOutRequest `json:"request"`
	Pack    string         `json:"pack"`
	Carrier string         `json:"carrier"`
	Salt    string         `json:"salt,omitempty"`
	Clock   Clock          `json:"clock,omitzero"`
	At      time.Time      `json:"at"`
}

// NoticeInput asks to tell the subscriber. No notice of a donor tries to keep a customer.
type NoticeInput struct {
	Leaving LeavingInput `json:"leaving"`
	Event   NoticeEvent  `json:"event"`
	Reason  Reason       `json:"reason,omitempty"`
}

// NoticeEvent is what the subscriber is told of.
type NoticeEvent string

// What a port-out tells the subscriber.
const (
	NoticeRequested NoticeEvent = "port-out-requested"
	NoticeRefused   NoticeEvent = "port-out-refused"
	NoticeReleased  NoticeEvent = "port-out-completed"
	NoticeReturning NoticeEvent = "port-out-disputed"
)

// Noticed says whether the subscriber was told.
type Noticed struct {
	Told bool   `json:"told"`
	Note string `json:"note"` // to how many, or why nobody
}

// AnswerInput asks the gate to answer a counterparty. It sends an answer once, and asks first what the counterparty has.
type AnswerInput struct {
	Leaving   LeavingInput  `json:"leaving"`
	Answer    PortOutAnswer `json:"answer"`
	Epoch     int64         `json:"epoch"`
	Risk      Risk          `json:"risk"`
	Findings  Findings      `json:"findings"`
	Decisions []Decision    `json:"decisions,omitempty"`
}

// AnswerGiven is what became of an answer.
type AnswerGiven struct {
	Status   CarrierStatus `json:"status"`
	Silence  time.Time     `json:"silence,omitzero"`   // when the counterparty had answered by itself, before us
	Withheld *Refusal      `json:"withheld,omitempty"` // the gate does not send this answer
	Fenced   bool          `json:"fenced,omitempty"`   // the subscriber has revoked: withheld because of it, or approved before
	Run      string        `json:"run,omitempty"`      // of the saga, as the gate sees it, where the decisions are void
	Known    *Known        `json:"known,omitempty"`    // withheld because the ledger knows other than the saga
	Found    *Findings     `json:"found,omitempty"`    // withheld because this is worse than what people decided on
}

// Known is what the ledger knows of a port-out, and the gate believes alone.
type Known struct {
	Reply string `json:"reply,omitempty"` // the subscriber's last: yes, no, or empty
	Risk  Risk   `json:"risk,omitempty"`  // of the last screening; empty before
}

// ReleaseInput asks to switch off numbers that were seen elsewhere.
type ReleaseInput struct {
	Leaving LeavingInput `json:"leaving"`
}

// Released says which numbers were switched off; Withheld why none was.
type Released struct {
	Status   CarrierStatus `json:"status"`
	Withheld *Refusal      `json:"withheld,omitempty"`
}

// CloseLeavingInput ends a port-out in the ledger.
type CloseLeavingInput struct {
	Leaving  LeavingInput `json:"leaving"`
	Outcome  Outcome      `json:"outcome"`
	Timeline []Entry      `json:"timeline,omitempty"` // so far, for the audit log
}
