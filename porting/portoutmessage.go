package porting

import "time"

// MsgDispute reports a port-out that the subscriber did not ask for, after the numbers moved.
const MsgDispute = "dispute"

// PortOutDocs lists the messages that a port-out takes, as MessageDocs does for a port-in.
var PortOutDocs = []MessageDoc{
	DocOf(MsgDecide),
	{MsgCustomerReply, "The subscriber's yes or no to a notice", `{"by": "subscriber", "reply": "no", "channel": "link"}`},
	{MsgRevoke, "The subscriber stops the port-out through us, where the rules let them", `{"by": "ben@care", "authority_at": "2026-12-01T09:00:00Z"}`},
	{MsgDispute, "The subscriber did not ask for a port-out that has happened: bring the numbers back", `{"by": "ben@care", "reason": "UNAUTHORISED_PORT"}`},
	{MsgHold, "Keep the checks from answering by themselves; the last moment to answer stays", `{"by": "ana@desk", "why": "subscriber is asked"}`},
	DocOf(MsgResume), DocOf(MsgReassign), DocOf(MsgNote), DocOf(MsgCarrierEvent),
}

// DocsOf lists the messages that a port of that direction takes.
func DocsOf(d Direction) []MessageDoc {
	if d == PortOut {
		return PortOutDocs
	}
	return MessageDocs
}

// DocIn is the description of a message as a port of that direction takes it.
func DocIn(d Direction, name string) MessageDoc {
	for _, doc := range DocsOf(d) {
		if doc.Name == name {
			return doc
		}
	}
	return DocOf(name)
}

// Dispute is the report of an unauthorised port-out.
type Dispute struct {
	ID     string `json:"id,omitempty"`
	By     string `json:"by"`
	Reason Reason `json:"reason,omitempty"` // UNAUTHORISED_PORT when empty
}

// checkReply takes the subscriber's answer as long as it can still matter.
func (p *Port) checkReply(m CustomerReply) error {
	if m.Reply != ReplyYes && m.Reply != ReplyNo {
		return p.invalid("reply-unknown", `reply is "yes" or "no"`)
	}
	if p.Leaving == nil {
		return p.checkBy(m.By)
	}
	switch where := p.Where(); {
	case where == Screening || where == Notifying || where == Deciding:
		return p.checkBy(m.By)
	case where == Answered && m.Reply == ReplyNo:
		// A no to our notice is authority by itself, and younger than the request.
		return p.checkRevocable(m.By)
	default:
		return p.refuse("reply-too-late", "the port is in "+string(where), "report the port with dispute if nobody asked for it")
	}
}

// checkRevokeOut refuses what the subscriber cannot ask of us, the donor.
func (p *Port) checkRevokeOut(m Revoke) error {
	if err := p.checkRevocable(m.By); err != nil {
		return err
	}
	if p.Leaving.Plan.Revocation.Evidence == "" || m.AuthorityAt.After(p.Leaving.Request.ReceivedAt) {
		return nil
	}
	return p.refuse("authority-missing", "a donor needs authority of the subscriber that is younger than the request: "+p.Leaving.Plan.Revocation.Why,
		"say in authority_at when the subscriber gave it, after "+p.Leaving.Request.ReceivedAt.Format(time.RFC3339))
}

func (p *Port) checkRevocable(by string) error {
	rule := p.Leaving.Plan.Revocation
	switch p.Where() {
	case Received, Screening, Notifying, Deciding, Answered:
	default:
		return p.refuse("port-moved", "the numbers have left, or the port is ending", "report the port with dispute if nobody asked for it")
	}
	switch {
	case p.Leaving.Plan.Pack == "":
		return p.refuse("rules-not-chosen", "the rules are not chosen yet", "send it again in a moment")
	case !rule.Allowed:
		return p.refuse("revocation-elsewhere", rule.Why, "send the subscriber to "+p.Order.Recipient.Name)
	}
	return p.checkBy(by)
}

func (p *Port) checkDispute(m Dispute) error {
	if p.Leaving == nil || p.Where() != Releasing {
		return p.refuse("dispute-not-open", "a port-out is disputed after the numbers moved and before it completes, the port is in "+string(p.Where()),
			"revoke it before; start a port-in with the reason "+string(UnauthorisedPort)+" after")
	}
	return p.checkBy(m.By)
}

// checkReject refuses a person's "no" to a port-out that the law does not give us.
func (p *Port) checkReject(decision string, why Reason) error {
	if p.Leaving == nil || decision != Reject || p.Leaving.Plan.Lawful(why) {
		return nil
	}
	return p.refuse("refusal-unlawful", "the rules give a donor no such ground: "+string(why), "reject with one of the lawful grounds, or approve")
}

func (p *Port) receiveReply(m CustomerReply, at time.Time) Answer {
	if p.Leaving == nil {
		return p.receiveReplyIn(m, at)
	}
	late := p.Where() == Answered
	p.Leaving.Reply = m.Reply
	p.Record(EventReply, at, m.By, m.Reply)
	if late && p.Revocation == nil {
		p.Revocation = &Revoke{ID: m.ID, By: m.By, Reason: AuthorizationRevoked, AuthorityAt: at}
		return p.answer("no: the approval is taken back")
	}
	return p.answer("the subscriber says " + m.Reply)
}

func (p *Port) receiveDispute(m Dispute) Answer {
	if p.Leaving.Dispute != nil {
		return p.answer("disputed before; the numbers are on their way back")
	}
	if m.Reason == "" {
		m.Reason = UnauthorisedPort
	}
	p.Leaving.Dispute = &m
	return p.answer("disputed: the numbers are ported back")
}
