package porting

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
		if ground := plan.firstGround(fraudGrounds...); ground != "" {
			return lastWord(AnswerRefuse, ground, "risk "+string(p.Risk)+", and nobody decided in time"), ""
		}
	}
	approve := lastWord(AnswerApprove, "", "no lawful ground to refuse was found in time")
	if p.Risk == RiskLow && p.Found.Nonce != "" && p.Leaving.Reply != ReplyNo {
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
