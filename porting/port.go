package porting

import "time"

// Port is the state of one port: the fold of everything that happened to it. Messages and carrier answers change it only
// through Receive and Move, so that a signal, an update and a replay all tell the same story. Times are business time.
type Port struct {
	ID           string
	Direction    Direction
	Order        Order
	Clock        Clock
	Receipt      Receipt
	Stage        Stage
	Outcome      Outcome
	Reason       Reason
	Risk         Risk
	WaitingOn    Waiting
	DueAt        time.Time // zero: no clock runs
	DueWhat      string    // what the clock's expiry does, one sentence
	FOCAt        time.Time
	Attention    string // why a person must look; empty when nobody must
	Numbers      []NumberStatus
	Decisions    []Decision
	Timeline     []Entry
	Undone       []Entry
	Revocation   *Revoke
	Amendments   int    // amendments received; the saga compares it with what it has sent
	AmendedBy    string // who made the last one
	CarrierHints int    // carrier news received; the saga reads back when it rises
	Seen         []string
	HeldIn       Stage         // where the port stands while it is on hold
	HeldAt       time.Time     // since when
	ClockMoves   int           // holds, resumptions and extensions received; the saga sets its clock anew when it rises
	MoreTime     time.Duration // by which people's clock was lengthened, not yet taken by the saga
	Owner        string
	Bulk         string
	Messaging    CarrierState // where SMS and MMS stand at the carrier; empty where it does not tell them from voice
	Task         string       // what a person must do at the carrier now; empty where nobody must
	Found        Findings     // of the last screening
	Reapproval   bool         // the gate found the decisions void: others are asked for
	Leaving      *Leaving     // of a port-out; nil for a port-in
}

// NewPort is a port that is not received yet.
func NewPort(in PortInput) *Port {
	order := in.Order
	if order.Version == 0 {
		order.Version = 1
	}
	p := &Port{ID: in.ID, Direction: PortIn, Order: order, Clock: in.Clock, WaitingOn: WaitingNobody, Risk: RiskLow, Bulk: in.Bulk}
	for _, n := range order.Numbers {
		p.Numbers = append(p.Numbers, NumberStatus{Number: n.String(), Status: NumberPending})
	}
	return p
}

// Closed reports whether the port has ended.
func (p *Port) Closed() bool { return p.Outcome != "" }

// Ref is the order's present name at the carrier.
func (p *Port) Ref() Ref { return Ref{Port: p.ID, Version: p.Order.Version} }

// Where is the stage in which the port stands, on hold or not.
func (p *Port) Where() Stage {
	if p.Stage == OnHold {
		return p.HeldIn
	}
	return p.Stage
}

// Move applies an event. An event that is not legal in the present stage changes nothing and is an error. While a port is
// on hold the world goes on: its moves are kept, and the hold stays until people end it, or a rollback does.
func (p *Port) Move(on Event, at time.Time, actor, note string) error {
	if on == EventResumed {
		return p.resume(at, actor)
	}
	from := p.Where()
	to, _, err := Next(p.Direction, from, on)
	if err != nil {
		return err
	}
	switch {
	case to == OnHold:
		p.HeldIn, p.HeldAt, p.Stage = from, at, OnHold
	case p.Stage == OnHold && to != RollingBack:
		p.HeldIn = to
	default:
		p.HeldIn, p.Stage = "", to
	}
	p.Record(on, at, actor, note)
	return nil
}

func (p *Port) resume(at time.Time, actor string) error {
	if _, _, err := Next(p.Direction, p.Stage, EventResumed); err != nil {
		return err
	}
	p.Stage, p.HeldIn = p.HeldIn, ""
	p.Record(EventResumed, at, actor, "after "+at.Sub(p.HeldAt).Round(time.Minute).String())
	return nil
}

// Record writes a line into the timeline without a move.
func (p *Port) Record(on Event, at time.Time, actor, note string) {
	p.Timeline = append(p.Timeline, Entry{At: at, Stage: p.Stage, Event: on, Actor: actor, Note: note})
}

// Wait says whom the port waits for and until when. A zero due means that no clock runs.
func (p *Port) Wait(on Waiting, due time.Time, expiry string) {
	p.WaitingOn, p.DueAt, p.DueWhat = on, due, expiry
}

// End closes the port with its outcome. Numbers that were still pending did not move.
func (p *Port) End(o Outcome, why Reason) {
	p.Outcome, p.Reason = o, why
	for i := range p.Numbers {
		if p.Numbers[i].Status == NumberPending {
			p.Numbers[i].Status, p.Numbers[i].Reason = NumberNotMoved, why
		}
	}
	p.Wait(WaitingNobody, time.Time{}, "")
}

// SetNumbers gives every number the same state.
func (p *Port) SetNumbers(status string, why Reason) {
	for i := range p.Numbers {
		p.Numbers[i].Status, p.Numbers[i].Reason = status, why
	}
}

// Mark gives the numbers of one state another, or another reason.
func (p *Port) Mark(from, to string, why Reason) {
	for i := range p.Numbers {
		if p.Numbers[i].Status == from {
			p.Numbers[i].Status, p.Numbers[i].Reason = to, why
		}
	}
}

// Activated settles every pending number by what the carrier says of it after the activation: one that it does not
// mention moved with the others.
func (p *Port) Activated(told []NumberState) {
	p.settle(told, NumberMoved, func(s CarrierState) bool { return s != CarrierActive })
}

// Confirmed settles the numbers that the carrier left out of its confirmation.
func (p *Port) Confirmed(told []NumberState) {
	p.settle(told, NumberPending, func(s CarrierState) bool { return s == CarrierRejected || s == CarrierRefused || s == CarrierCancelled })
}

func (p *Port) settle(told []NumberState, otherwise string, stays func(CarrierState) bool) {
	said := map[Number]NumberState{}
	for _, n := range told {
		said[n.Number] = n
	}
	for i, number := range p.Order.Numbers {
		if p.Numbers[i].Status != NumberPending {
			continue
		}
		if n, ok := said[number]; ok && stays(n.State) {
			p.Numbers[i].Status, p.Numbers[i].Reason = NumberNotMoved, orOther(n.Reason)
			continue
		}
		p.Numbers[i].Status, p.Numbers[i].Reason = otherwise, ""
	}
}

func orOther(r Reason) Reason {
	if r == "" {
		return OtherReason
	}
	return r
}

// Left counts the numbers that will not move.
func (p *Port) Left() int {
	n := 0
	for _, number := range p.Numbers {
		if number.Status == NumberNotMoved {
			n++
		}
	}
	return n
}

// Resubmit raises the order's version for a mend that people need not decide on again; their decisions go with it. anyDate
// leaves the due date to the carrier.
func (p *Port) Resubmit(anyDate bool) {
	was := p.Order.Version
	p.Order.Version++
	if anyDate {
		p.Order.Wishes.DueDate = ""
	}
	for _, d := range p.Decisions {
		if d.OrderVersion == was {
			d.OrderVersion = p.Order.Version
			p.Decisions = append(p.Decisions, d)
		}
	}
}

// Moved counts the numbers that moved and stayed.
func (p *Port) Moved() int {
	n := 0
	for _, number := range p.Numbers {
		if number.Status == NumberMoved {
			n++
		}
	}
	return n
}

// Status is what the world may see of the port: masked, without order and account.
func (p *Port) Status() Status {
	return Status{
		ID: p.ID, Direction: p.Direction, Stage: p.Stage, Outcome: p.Outcome, Reason: p.Reason,
		Jurisdiction: p.Receipt.Jurisdiction, Pack: p.Receipt.Pack, PackWhy: p.Receipt.PackWhy, Carrier: p.Receipt.Carrier,
		Tenant: p.Order.TenantOrDefault(), Reference: p.Order.Reference, OrderVersion: p.Order.Version,
		WaitingOn: p.WaitingOn, DueAt: orNil(p.DueAt), FOCAt: orNil(p.FOCAt),
		NeedsAttention: p.Attention != "", Attention: p.Attention, Risk: p.Risk,
		Numbers: p.Numbers, Decisions: withoutProofs(p.Decisions), Timeline: p.Timeline, Undone: p.Undone, Scaled: p.Clock.Scaled(), Owner: p.Owner, HeldIn: p.HeldIn, Bulk: p.Bulk,
		Messaging: p.Messaging, Task: p.task(), Leaving: p.Leaving.status(), Signed: p.Receipt.Signed,
	}
}

// task is nothing where the port has ended.
func (p *Port) task() string {
	if p.Closed() {
		return ""
	}
	return p.Task
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
