package porting

import (
	"fmt"
	"slices"
	"time"
)

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

const (
	maxText = 1000 // a field's length, in bytes
	maxName = 200  // a name's length, in bytes
)

// Check is the validator of every message: nil, or why the port cannot take it now.
func (p *Port) Check(msg any) error {
	if p.Closed() {
		return p.refuse("port-closed", "the port has ended: "+string(p.Outcome), "start a new order")
	}
	if d, ok := msg.(Decide); ok && (len(d.Statement) > MaxStatement || len(d.Signature) > MaxSignature) {
		return p.invalid("field-length", fmt.Sprintf("a statement has at most %d bytes, a signature %d", MaxStatement, MaxSignature))
	}
	for _, text := range texts(msg) {
		if len(text) > maxText {
			return p.invalid("field-length", fmt.Sprintf("a field has at most %d bytes", maxText))
		}
	}
	if id := messageID(msg); id != "" && slices.Contains(p.Seen, id) {
		return nil // received before, and answered so again
	}
	switch m := msg.(type) {
	case Decide:
		return p.checkDecide(m)
	case Judged:
		return p.checkJudged(m)
	case Revoke:
		if p.Leaving != nil {
			return p.checkRevokeOut(m)
		}
		return p.checkBy(m.By)
	case CustomerReply:
		return p.checkReply(m)
	case Dispute:
		return p.checkDispute(m)
	case Amend:
		if p.Where() != Exception {
			return p.refuse("port-not-in-exception", "amendments are taken in exception, the port is in "+string(p.Where()), "revoke it and start anew, or wait")
		}
		return p.checkBy(m.By)
	case Hold:
		return p.checkHold(m)
	case Resume:
		if p.Stage != OnHold {
			return p.refuse("port-not-on-hold", "the port is not on hold", "")
		}
		return p.checkBy(m.By)
	case Extend:
		return p.checkExtend(m)
	case Reassign:
		if m.To == "" || len(m.To) > maxName {
			return p.invalid("owner-missing", fmt.Sprintf("say who the owner is in \"to\", in 1 to %d bytes", maxName))
		}
		return p.checkBy(m.By)
	case Note:
		if m.Text == "" || len(m.Text) > maxText {
			return p.invalid("note-length", fmt.Sprintf("a note has 1 to %d bytes", maxText))
		}
		return p.checkBy(m.By)
	case CarrierEvent:
		return p.checkNews(m)
	default:
		return p.invalid("message-unknown", fmt.Sprintf("no message of type %T", msg))
	}
}

// texts are the fields of a message that only their length bounds.
func texts(msg any) []string {
	id := messageID(msg)
	switch m := msg.(type) {
	case Decide:
		return []string{id, string(m.Stage), string(m.Reason)}
	case Revoke:
		return []string{id, string(m.Reason)}
	case CustomerReply:
		return []string{id, m.Channel}
	case Dispute:
		return []string{id, string(m.Reason)}
	case Amend:
		all := []string{id, m.AccountNumber, string(m.BTN), m.Name, m.CodeRef, m.DueDate}
		if a := m.Address; a != nil {
			all = append(all, a.Street, a.City, a.Region, a.PostalCode, a.Country)
		}
		return all
	}
	return []string{id}
}

func (p *Port) checkHold(m Hold) error {
	if len(m.Why) > maxText {
		return p.invalid("field-length", fmt.Sprintf("a reason has at most %d bytes", maxText))
	}
	if p.Stage == OnHold {
		return p.refuse("port-on-hold", "the port is on hold already", "")
	}
	if !Holdable(p.Stage) {
		return p.refuse("port-not-holdable", "a port in "+string(p.Stage)+" cannot be stopped", "revoke it if it must not go on")
	}
	return p.checkBy(m.By)
}

// maxExtension is a month, in hours.
const maxExtension = 720

func (p *Port) checkExtend(m Extend) error {
	if m.Hours < 1 || m.Hours > maxExtension {
		return p.invalid("hours-range", fmt.Sprintf("hours is 1 to %d", maxExtension))
	}
	if where := p.Where(); where != Verifying && where != Exception {
		return p.refuse("clock-not-ours", "only people's clocks can be extended, the port is in "+string(where), "call whoever it waits for")
	}
	return p.checkBy(m.By)
}

func (p *Port) checkBy(by string) error {
	if by == "" || len(by) > maxName {
		return p.invalid("by-missing", fmt.Sprintf("say who you are in \"by\", in 1 to %d bytes", maxName))
	}
	return nil
}

// Receive folds a message that Check has accepted into the state. A message with an ID that was seen before changes nothing.
func (p *Port) Receive(msg any, at time.Time) Answer {
	if id := messageID(msg); id != "" {
		if slices.Contains(p.Seen, id) {
			return p.answer("received before; nothing changes")
		}
		p.Seen = append(p.Seen, id)
	}
	switch m := msg.(type) {
	case Judged:
		if slices.ContainsFunc(p.Decisions, m.Decision.repeats) {
			return p.answer("decided so before; nothing changes")
		}
		p.Decisions = append(p.Decisions, m.Decision)
		p.Record(EventDecision, at, m.Decision.By, m.Decision.Decision+" (signed)")
		return p.answer("decision recorded: " + m.Decision.Decision)
	case Decide:
		p.Decisions = append(p.Decisions, Decision{ID: m.ID, Decision: m.Decision, By: m.By, At: at, Stage: p.Stage, OrderVersion: p.Order.Version, Reason: m.Reason})
		p.Record(EventDecision, at, m.By, m.Decision+" (unsigned)")
		return p.answer("decision recorded: " + m.Decision)
	case Revoke:
		if p.Revocation != nil {
			return p.answer("revoked before; the rollback is under way")
		}
		if m.Reason == "" {
			m.Reason = AuthorizationRevoked
		}
		p.Revocation = &m
		return p.answer("revoked")
	case Amend:
		p.Order = p.Order.amended(m)
		p.Amendments++
		p.AmendedBy = m.By
		return p.answer(fmt.Sprintf("amended: order version %d", p.Order.Version))
	case Hold:
		p.ClockMoves++
		return p.moved(p.Move(EventHeld, at, m.By, m.Why), "on hold in "+string(p.HeldIn))
	case Resume:
		p.ClockMoves++
		return p.moved(p.Move(EventResumed, at, m.By, ""), "goes on")
	case Extend:
		p.ClockMoves++
		p.MoreTime += time.Duration(m.Hours) * time.Hour
		p.Record(EventExtended, at, m.By, fmt.Sprintf("by %d hours", m.Hours))
		return p.answer(fmt.Sprintf("extended by %d hours", m.Hours))
	case Reassign:
		p.Owner = m.To
		p.Record(EventReassigned, at, m.By, "to "+m.To)
		return p.answer("owned by " + m.To)
	case Note:
		p.Record(EventNote, at, m.By, m.Text)
		return p.answer("noted")
	case CustomerReply:
		return p.receiveReply(m, at)
	case Dispute:
		return p.receiveDispute(m)
	case CarrierEvent:
		p.CarrierHints++
		return p.answer("heard; the carrier is read back")
	}
	return p.answer("nothing to do")
}

// amended is the order with the corrections of m and a new version.
func (o Order) amended(m Amend) Order {
	o.Version++
	replace := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	replace(&o.Account.Number, m.AccountNumber)
	replace((*string)(&o.Account.BTN), string(m.BTN))
	replace(&o.Subscriber.Name, m.Name)
	replace(&o.Authorization.CodeRef, m.CodeRef)
	replace(&o.Wishes.DueDate, m.DueDate)
	if m.Address != nil {
		o.Subscriber.Address = *m.Address
	}
	return o
}

func messageID(msg any) string {
	switch m := msg.(type) {
	case Decide:
		return m.ID
	case Judged:
		return m.ID
	case Revoke:
		return m.ID
	case Amend:
		return m.ID
	case Hold:
		return m.ID
	case Resume:
		return m.ID
	case Extend:
		return m.ID
	case Reassign:
		return m.ID
	case Note:
		return m.ID
	case CustomerReply:
		return m.ID
	case Dispute:
		return m.ID
	case CarrierEvent:
		return m.ID
	}
	return ""
}

// moved answers a message that moved the port. Check has made sure that the move is legal.
func (p *Port) moved(err error, says string) Answer {
	a := p.answer(says)
	if err != nil {
		a.Accepted, a.Says = false, err.Error()
	}
	return a
}

func (p *Port) answer(says string) Answer {
	return Answer{ID: p.ID, Accepted: true, Stage: p.Stage, Outcome: p.Outcome, Reason: p.Reason, Says: says}
}

func (p *Port) refuse(code, detail, next string) error {
	return &Error{Kind: Refused, Code: code, Op: "message to port", Object: p.ID, Detail: detail, Next: next}
}

// Void refuses a decision whose proof does not hold.
func (p *Port) Void(why Refusal) error {
	return p.refuse("decision-void", why.Note, "look at the port again with `port show`, and decide anew")
}

func (p *Port) invalid(code, detail string) error {
	return &Error{Kind: Invalid, Code: code, Op: "message to port", Object: p.ID, Detail: detail}
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
