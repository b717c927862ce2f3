package rules

import (
	"slices"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// ActivationRule says when numbers may change hands.
type ActivationRule struct {
	Hours map[string]string `yaml:"hours" json:"hours,omitempty"` // as in a calendar; empty: at any time
	Fact  `yaml:",inline"`

	week [7]hours
}

// Activation is the pack's window for the cut-over; false where it sets none.
func (p *Pack) Activation() (ActivationRule, bool) {
	if p.Rules.Activation == nil {
		return ActivationRule{}, false
	}
	return *p.Rules.Activation, true
}

// NextActivation is the first instant, not before after, at which the pack lets numbers change hands. Holidays count as
// days without a window only where the pack's calendar is closed on them.
func (p *Pack) NextActivation(after time.Time, at Place) (time.Time, error) {
	cal, err := p.calendar(mainCalendar, at)
	if err != nil {
		return time.Time{}, err
	}
	after = after.In(cal.zone)
	if p.Rules.Activation == nil || len(p.Rules.Activation.Hours) == 0 {
		return after, nil
	}
	cal.week = p.Rules.Activation.week
	return cal.enter(after), nil
}

// Confirmation is a question that the customer must answer before the number moves.
type Confirmation struct {
	By        string   `yaml:"by" json:"by"`           // the party that asks
	Channel   string   `yaml:"channel" json:"channel"` // how it asks
	Accept    []string `yaml:"accept" json:"accept"`   // answers that let the port go on
	Reject    []string `yaml:"reject" json:"reject,omitempty"`
	Within    string   `yaml:"within" json:"within,omitempty"` // the clock of the answer; empty where none is known
	OnTimeout string   `yaml:"on_timeout" json:"on_timeout"`   // stop, pause, cancel or proceed
	Fact      `yaml:",inline"`
}

// Confirmation is the pack's question to the customer; false where it asks none.
func (p *Pack) Confirmation() (Confirmation, bool) {
	if p.Rules.Confirmation == nil {
		return Confirmation{}, false
	}
	return *p.Rules.Confirmation, true
}

// Document is a paper that the recipient keeps or sends.
type Document struct {
	Name   string `yaml:"name" json:"name"`
	When   string `yaml:"when" json:"when"` // always, or the case in which it is needed
	MaxAge Length `yaml:"max_age" json:"max_age,omitzero"`
	Fact   `yaml:",inline"`
}

// Documents lists the papers that a port needs.
func (p *Pack) Documents() []Document { return slices.Clone(p.Rules.Documents) }

// Approvals is who should decide before a port is submitted: people at every risk, and more where the risk says so.
type Approvals struct {
	People int     `yaml:"people" json:"people"`
	Low    *Quorum `yaml:"low" json:"low,omitempty"`       // people when nil
	Medium *Quorum `yaml:"medium" json:"medium,omitempty"` // people when nil
	High   *Quorum `yaml:"high" json:"high,omitempty"`     // people when nil
	Fact   `yaml:",inline"`
}

// Quorum is who must approve at one risk.
type Quorum struct {
	People   int `yaml:"people" json:"people"`               // distinct persons, never the submitter; 0 leaves it to the checks
	Teams    int `yaml:"teams" json:"teams,omitempty"`       // distinct teams that they come from
	Hardware int `yaml:"hardware" json:"hardware,omitempty"` // persons among them with a key that cannot leave its hardware
}

// Policy is who must approve a port of that risk, where decisions are signed.
func (p *Pack) Policy(risk porting.Risk) porting.Policy {
	a := p.Approvals()
	at := map[porting.Risk]*Quorum{porting.RiskLow: a.Low, porting.RiskMedium: a.Medium, porting.RiskHigh: a.High}[risk]
	if at == nil {
		return porting.MinimalPolicy(a.People)
	}
	return porting.Policy{People: at.People, Teams: at.Teams, Hardware: at.Hardware}
}

// Approvals is the pack's approval rule, by risk.
func (p *Pack) Approvals() Approvals {
	if p.Rules.Approvals == nil {
		return Approvals{}
	}
	return *p.Rules.Approvals
}

// Corrections bounds how often an order that a carrier rejected is corrected and sent again.
type Corrections struct {
	Versions int `yaml:"versions" json:"versions"` // of one order, the first included
	Fact     `yaml:",inline"`
}

// MaxVersions is how many versions of an order may be sent; 1 where the pack says nothing.
func (p *Pack) MaxVersions() int {
	if p.Rules.Corrections == nil {
		return 1
	}
	return p.Rules.Corrections.Versions
}

// Notice is something that a customer must be told.
type Notice struct {
	Event      string `yaml:"event" json:"event"`       // what it is about
	Audience   string `yaml:"audience" json:"audience"` // customer, account-holder
	Party      string `yaml:"party" json:"party"`       // who must give it
	Before     string `yaml:"before" json:"before,omitempty"`
	Content    string `yaml:"content" json:"content"`
	SuppressIf string `yaml:"suppress_if" json:"suppress_if,omitempty"`
	Status     Status `yaml:"status" json:"status"`
	Fact       `yaml:",inline"`
}

// Notices lists what customers must be told. Mind the status: some are adopted and not yet in force.
func (p *Pack) Notices() []Notice { return slices.Clone(p.Rules.Notices) }

// Lock is a time in which a number may not be ported, or a block that the customer sets.
type Lock struct {
	Name   string `yaml:"name" json:"name"`
	Since  string `yaml:"since" json:"since,omitempty"` // the event that starts it
	For    Length `yaml:"for" json:"for,omitzero"`      // zero: until the customer lifts it
	Status Status `yaml:"status" json:"status"`
	Fact   `yaml:",inline"`
}

// Locks lists the times in which a number may not be ported.
func (p *Pack) Locks() []Lock { return slices.Clone(p.Rules.Locks) }

// Return says how a number goes back after an activation that should not have been.
type Return struct {
	Fact `yaml:",inline"`
}

// Return is the pack's rule for numbers that must go back; false where the sources say nothing.
func (p *Pack) Return() (Return, bool) {
	if p.Rules.Return == nil {
		return Return{}, false
	}
	return *p.Rules.Return, true
}

// SilenceRule says what happens when somebody does not answer.
type SilenceRule struct {
	WaitingOn string `yaml:"waiting_on" json:"waiting_on"` // donor, customer, recipient, or one of them with what it owes: donor-cancel-ack
	After     string `yaml:"after" json:"after"`           // the clock that must run out first
	Outcome   string `yaml:"outcome" json:"outcome"`       // proceed, stop, expire, escalate, conflict, cancelled
	Fact      `yaml:",inline"`
}

// Silence is what the silence of somebody means; false where the pack does not say.
func (p *Pack) Silence(waitingOn string) (SilenceRule, bool) {
	for _, rule := range p.Rules.Silence {
		if rule.WaitingOn == waitingOn {
			return rule, true
		}
	}
	return SilenceRule{}, false
}
