package porting

import (
	"slices"
	"strings"
	"time"
)

// WorkflowPortOut is the registered name of the port-out saga.
const WorkflowPortOut = "PortOut"

// PortOutRequest is what a counterparty asks of us as the donor: to let numbers go. Everything in it travels to the saga, so
// it holds the reference of the PIN (PINRef) and never the PIN.
type PortOutRequest struct {
	ID             string    `json:"id" yaml:"id"`                       // the counterparty's own name for it
	Carrier        string    `json:"carrier,omitempty" yaml:"carrier"`   // gateway that brought it and takes the answer; the worker's default when empty
	Tenant         string    `json:"tenant,omitempty" yaml:"tenant"`     // whose subscriber it is; "default" when empty
	Kind           string    `json:"kind,omitempty" yaml:"kind"`         // wireline, wireless or toll-free; from the numbers when empty
	Country        string    `json:"country,omitempty" yaml:"country"`   // ISO 3166-1 alpha-2; from the numbers when empty
	Numbers        []Number  `json:"numbers" yaml:"numbers"`             // E.164
	Recipient      Party     `json:"recipient" yaml:"recipient"`         // who asks: the gaining provider
	Donor          Party     `json:"donor,omitzero" yaml:"donor"`        // we, as the recipient names us
	Given          Given     `json:"given,omitzero" yaml:"given"`        // by which the recipient shows that the subscriber wants it
	DueDate        string    `json:"due_date,omitempty" yaml:"due_date"` // desired, 2006-01-02, in the pack's zone
	ReceivedAt     time.Time `json:"received_at,omitzero" yaml:"received_at"`
	SilenceAt      time.Time `json:"silence_at,omitzero" yaml:"silence_at"` // when the counterparty lets the numbers go by itself; zero if it did not say
	LineSeparation bool      `json:"line_separation,omitempty" yaml:"line_separation"`
}

// Given are the fields that a recipient may send along. Which of them a donor may ask for, and refuse for, is the pack's to
// say.
type Given struct {
	Account    string  `json:"account,omitempty" yaml:"account"`
	BTN        Number  `json:"btn,omitempty" yaml:"btn"`
	PostalCode string  `json:"postal_code,omitempty" yaml:"postal_code"`
	Name       string  `json:"name,omitempty" yaml:"name"`
	Address    Address `json:"address,omitzero" yaml:"address"`
	PIN        Secret  `json:"-" yaml:"pin"`
	PINRef     string  `json:"pin_ref,omitempty" yaml:"-"` // where the vault keeps it
}

// Reference is the request's name among ours: no two counterparties share one.
func (r PortOutRequest) Reference() string { return r.Carrier + ":" + r.ID }

// TenantOrDefault is the request's tenant.
func (r PortOutRequest) TenantOrDefault() string { return r.Order().TenantOrDefault() }

// PortID is the ID of the port that answers the request: one that is received twice is one port.
func (r PortOutRequest) PortID() string { return PortID(PortOut, r.TenantOrDefault(), r.Reference()) }

// Order is the request in the words of an order, so that both directions are shown, digested and decided on alike.
func (r PortOutRequest) Order() Order {
	address := r.Given.Address
	if address.PostalCode == "" {
		address.PostalCode = r.Given.PostalCode
	}
	return Order{
		Reference: r.Reference(), Tenant: r.Tenant, Version: 1, Kind: r.Kind, Country: r.Country, Carrier: r.Carrier, Numbers: r.Numbers,
		Donor: r.Donor, Recipient: r.Recipient, Subscriber: Subscriber{Name: r.Given.Name, Address: address},
		Account:       Account{Number: r.Given.Account, BTN: r.Given.BTN},
		Authorization: Authorization{CodeRef: r.Given.PINRef},
		Wishes:        Wishes{DueDate: r.DueDate}, SubmittedBy: r.submitter(),
	}
}

// submitter is the recipient as an actor.
func (r PortOutRequest) submitter() string {
	name := r.Recipient.SPID
	if name == "" {
		name = r.Recipient.Name
	}
	return "recipient:" + strings.Join(strings.Fields(name), "-")
}

// Leaving is what only a port-out knows.
type Leaving struct {
	Request  PortOutRequest
	Plan     AnswerPlan
	Reply    string         // the subscriber's last: yes, no, or empty
	Answer   *PortOutAnswer // what was answered, nil before
	Dispute  *Dispute
	PortBack string // ID of the port-in that brings the numbers back
}

// NewPortOut is a port-out that is not received yet. Until it is screened nobody calls its risk low.
func NewPortOut(in PortOutInput) *Port {
	p := NewPort(PortInput{ID: in.ID, Order: in.Request.Order(), Clock: in.Clock})
	p.Direction, p.Risk, p.Leaving = PortOut, RiskMedium, &Leaving{Request: in.Request}
	return p
}

// Recall gives a port-out whose saga is gone its request back.
func (p *Port) Recall(r PortOutRequest) {
	p.Order, p.Leaving.Request, p.Numbers = r.Order(), r, nil
	for _, n := range r.Numbers {
		p.Numbers = append(p.Numbers, NumberStatus{Number: n.String(), Status: NumberPending})
	}
}

// AnswerKind is what a donor can answer.
type AnswerKind string

// Answers.
const (
	AnswerApprove AnswerKind = "approve"
	AnswerRefuse  AnswerKind = "refuse" // on a lawful ground
	AnswerCancel  AnswerKind = "cancel" // takes an approval back, before the activation and with the subscriber's authority
)

// PortOutAnswer is our answer to a counterparty. A refusal has a reason that is a lawful ground; whoever sends it looks it up
// again.
type PortOutAnswer struct {
	Kind   AnswerKind `json:"kind"`
	Reason Reason     `json:"reason,omitempty"` // of a refusal or a cancel
	By     string     `json:"by"`               // checks, people, policy or the subscriber
	Why    string     `json:"why"`              // one sentence, without personal data
	Last   bool       `json:"last,omitempty"`   // given at the last moment, because nobody had decided
}

// Says is the answer in two words at most: its kind, and the reason of a refusal.
func (a PortOutAnswer) Says() string {
	return strings.TrimSpace(string(a.Kind) + " " + string(a.Reason))
}

// LeavingStatus is what the world may see of a port-out beside its Status.
type LeavingStatus struct {
	Request   string         `json:"request"`   // the counterparty's name for it
	Recipient string         `json:"recipient"` // who asks
	AnswerBy  *time.Time     `json:"answer_by"` // before the counterparty answers by itself
	LastWord  *time.Time     `json:"last_word"` // when policy answers if nobody has
	Reply     string         `json:"reply,omitempty"`
	Answer    *PortOutAnswer `json:"answer,omitempty"`
	PortBack  string         `json:"port_back,omitempty"`
	Policy    string         `json:"policy,omitempty"` // digest of the answer policy; empty where the usual one holds
}

// status is nil for a port-in.
func (l *Leaving) status() *LeavingStatus {
	if l == nil {
		return nil
	}
	return &LeavingStatus{
		Request: l.Request.ID, Recipient: l.Request.Recipient.Name, AnswerBy: orNil(l.Plan.AnswerBy), LastWord: orNil(l.Plan.LastMoment),
		Reply: l.Reply, Answer: l.Answer, PortBack: l.PortBack, Policy: l.Plan.Policy,
	}
}

// Lawful reports whether the pack gives the donor this ground.
func (a AnswerPlan) Lawful(ground Reason) bool { return slices.Contains(a.Grounds, ground) }

// firstGround is the first of some reasons that the pack gives the donor as a ground, "" if none is.
func (a AnswerPlan) firstGround(reasons ...Reason) Reason {
	for _, r := range reasons {
		if a.Lawful(r) {
			return r
		}
	}
	return ""
}

// WorkflowOf is the saga that a port's ID belongs to.
func WorkflowOf(port string) string {
	if strings.HasPrefix(port, prefixOut) {
		return WorkflowPortOut
	}
	return WorkflowPortIn
}
