package porting

import "time"

// Standing is the answer that is due as things stand; nil while somebody may still be waited for.
func (p *Port) Standing(run string) *PortOutAnswer {
	l := p.Leaving
	if blocked := p.Found.Blocked; blocked != nil {
		return &PortOutAnswer{Kind: AnswerRefuse, Reason: blocked.Reason, By: "checks", Why: blocked.Note}
	}
	if l.Reply == ReplyNo {
		if ground := l.Plan.firstGround(noGrounds...); ground != "" {
			return &PortOutAnswer{Kind: AnswerRefuse, Reason: ground, By: "subscriber", Why: "the subscriber says no"}
		}
	}
	switch ruling, _ := p.Ruling(run); {
	case ruling == RulingDeclined:
		return &PortOutAnswer{Kind: AnswerRefuse, Reason: p.declineReason(), By: "people", Why: "an approver rejected it"}
	case ruling == RulingWaiting || l.Reply == ReplyNo && p.Policy().People == 0:
		return nil
	case l.Plan.Confirm && l.Reply != ReplyYes:
		return nil
	case p.Policy().People > 0:
		return &PortOutAnswer{Kind: AnswerApprove, By: "people", Why: "approved"}
	default:
		return &PortOutAnswer{Kind: AnswerApprove, By: "checks", Why: "everything is in order, and the rules allow no delay"}
	}
}

// noGrounds are the grounds of a subscriber who does not want the port, best first.
var noGrounds = []Reason{AuthorizationRevoked, WithdrawnByCustomer, UnauthorisedPort, SuspectedFraud}

// fraudGrounds are the grounds of a risk, best first.
var fraudGrounds = []Reason{SuspectedFraud, UnauthorisedPort}

// RiskGround is the ground on which the rules let a donor refuse for a risk alone; empty where they give none.
func (a AnswerPlan) RiskGround() Reason { return a.firstGround(fraudGrounds...) }

// Forbids is why an approval must not be sent, by what the ledger knows; nil where it may. It forbids nothing that LastWord
// would say with the same knowledge, so that an answer is always left.
func (a AnswerPlan) Forbids(approval PortOutAnswer, k Known) *Refusal {
	ofNo, ofRisk := a.firstGround(noGrounds...), a.RiskGround()
	unconfirmed := a.Confirm && k.Reply != ReplyYes
	switch {
	case k.Reply == ReplyNo && ofNo != "":
		return &Refusal{Reason: ofNo, Note: "the subscriber said no"}
	case unconfirmed && !approval.Last, unconfirmed && a.OnNoReply != ExpiryProceed && ofNo != "":
		return &Refusal{Reason: ApprovalVoid, Note: "the subscriber's yes is not in the ledger"}
	case approval.Last && k.Reply != ReplyYes && k.Risk != "" && ofRisk != "" && a.Defaults.At(k.Risk) == AnswerRefuse:
		return &Refusal{Reason: ofRisk, Note: "policy refuses at risk " + string(k.Risk)}
	}
	return nil
}

// Learn takes what the ledger knows, and reports whether anything of it is new: a saga that was reset has forgotten it, and
// one that was lied to never knew.
func (p *Port) Learn(k Known, at time.Time) bool {
	before := Known{Reply: p.Leaving.Reply, Risk: p.Risk}
	p.Leaving.Reply = k.Reply
	if k.Risk == RiskHigh || k.Risk != "" && p.Risk == RiskLow {
		p.Risk = k.Risk
	}
	if before == (Known{Reply: p.Leaving.Reply, Risk: p.Risk}) {
		return false
	}
	p.Record(EventReply, at, "ledger", "the subscriber's last reply: "+orNone(k.Reply))
	return true
}

func orNone(reply string) string {
	if reply == "" {
		return "none"
	}
	return reply
}

// LastWord is the answer at the last moment, when nobody has decided. The second result says why a person must look at it.
func (p *Port) LastWord(run string) (PortOutAnswer, string) {
	if due := p.Standing(run); due != nil {
		return *due, ""
	}
	plan := p.Leaving.Plan
	if plan.Confirm && p.Leaving.Reply != ReplyYes && plan.OnNoReply != ExpiryProceed {
		if ground := plan.firstGround(noGrounds...); ground != "" {
			return lastWord(AnswerRefuse, ground, "the subscriber did not confirm in time"), ""
		}
	}
	if p.Leaving.Reply != ReplyYes && plan.Defaults.At(p.Risk) == AnswerRefuse {
		if ground := plan.RiskGround(); ground != "" {
			return lastWord(AnswerRefuse, ground, "risk "+string(p.Risk)+", and nobody decided in time"), ""
		}
	}
	approve := lastWord(AnswerApprove, "", "no lawful ground to refuse was found in time")
	if p.Risk == RiskLow && p.Leaving.Reply != ReplyNo {
		return approve, ""
	}
	return approve, "approved at the last moment at risk " + string(p.Risk) + ": nobody decided, and the rules give no ground to refuse"
}

func lastWord(kind AnswerKind, why Reason, note string) PortOutAnswer {
	return PortOutAnswer{Kind: kind, Reason: why, By: "policy", Why: note, Last: true}
}

// declineReason is the ground of the reject that counts.
func (p *Port) declineReason() Reason {
	for _, d := range p.Decisions {
		if d.Decision == Reject && d.OrderVersion == p.Order.Version {
			return d.Reason
		}
	}
	return ""
}

// RevocationAnswer is what a subscriber who stops the port has us answer: a refusal where the rules know the ground, else the
// donor's cancel, which the rules allow or the revocation would not have been taken.
func (p *Port) RevocationAnswer() PortOutAnswer {
	why := "stopped by the subscriber, with authority younger than the request"
	if ground := p.Leaving.Plan.firstGround(AuthorizationRevoked, WithdrawnByCustomer); ground != "" {
		return PortOutAnswer{Kind: AnswerRefuse, Reason: ground, By: "subscriber", Why: why}
	}
	return PortOutAnswer{Kind: AnswerCancel, Reason: AuthorizationRevoked, By: "subscriber", Why: why}
}

// DecideByPolicy records that policy had the last word.
func (p *Port) DecideByPolicy(a PortOutAnswer, at time.Time) {
	d := Decision{Decision: Approve, By: a.By, At: at, Stage: p.Where(), OrderVersion: p.Order.Version, Reason: a.Reason}
	if a.Kind != AnswerApprove {
		d.Decision = Reject
	}
	p.Decisions = append(p.Decisions, d)
	p.Record(EventDecision, at, a.By, d.Decision+" (at the last moment): "+a.Why)
}

// RevokeBy takes a revocation that is known from elsewhere than a message.
func (p *Port) RevokeBy(by string, at time.Time) {
	if p.Revocation == nil {
		p.Revocation = &Revoke{By: by, Reason: AuthorizationRevoked, AuthorityAt: at}
	}
}

// PortBack is the order that brings the numbers back that moved.
func (p *Port) PortBack(why Reason) Order {
	o := p.Order
	o.Reference, o.Version, o.Carrier = p.Order.Reference+":back", 1, p.Order.Carrier
	o.Donor, o.Recipient = p.Order.Recipient, p.Order.Donor
	o.Numbers, o.Account, o.Wishes = nil, Account{}, Wishes{AllOrNothing: true}
	o.Authorization = Authorization{Kind: "consent"}
	o.SubmittedBy, o.Returns = "portsaga", &Return{Port: p.ID, Reason: why}
	for i, n := range p.Order.Numbers {
		if p.Numbers[i].Status == NumberMoved {
			o.Numbers = append(o.Numbers, n)
		}
	}
	return o
}
