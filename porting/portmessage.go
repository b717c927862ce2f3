package porting

import (
	"fmt"
	"slices"
	"time"
)

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
