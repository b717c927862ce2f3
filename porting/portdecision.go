package porting

import (
	"fmt"
	"slices"
)

// maxDecisions bounds what a port keeps of one version's decisions: no sensible policy needs more.
const maxDecisions = 16

func (p *Port) checkDecide(m Decide) error {
	if !p.Deciding() {
		return p.refuse("port-not-deciding", "decisions are taken in verifying, the port is in "+string(p.Stage), "look at it again with `port show`")
	}
	if p.decisionsOf(p.Order.Version) >= maxDecisions {
		return p.refuse("decisions-full", fmt.Sprintf("this version has %d decisions already", maxDecisions), "look at it again with `port show`")
	}
	if p.Receipt.Signed {
		if len(m.Statement) == 0 || m.Signature == "" {
			return p.refuse("decision-unsigned", "this port takes signed decisions only", "sign it with `portsaga decide`, which shows you what you sign")
		}
		return nil // the trust worker reads the statement, and checkJudged what it found
	}
	if m.Signed() {
		return p.refuse("decision-signed", "this port was started where decisions are trusted as they come", "send it without statement and signature")
	}
	return p.checkBareDecide(m)
}

// Deciding reports whether the port takes decisions now: where it waits for people, and again when the gate found that the
// ones it has are void.
func (p *Port) Deciding() bool {
	return p.Stage == Verifying || p.Stage == Deciding || p.Stage == Confirmed && p.Reapproval
}

func (p *Port) decisionsOf(version int) int {
	n := 0
	for _, d := range p.Decisions {
		if d.OrderVersion == version {
			n++
		}
	}
	return n
}

// checkJudged looks again at a decision that was verified meanwhile: the port may have moved on.
func (p *Port) checkJudged(m Judged) error {
	switch {
	case !p.Deciding():
		return p.refuse("port-not-deciding", "decisions are taken in verifying, the port is in "+string(p.Stage), "look at it again with `port show`")
	case m.Decision.OrderVersion != p.Order.Version:
		return p.refuse("order-moved-on", fmt.Sprintf("the decision is for order version %d, the order is at %d", m.Decision.OrderVersion, p.Order.Version), "look at it again and decide anew")
	}
	return p.checkReject(m.Decision.Decision, m.Decision.Reason)
}

func (p *Port) checkBareDecide(m Decide) error {
	if m.Decision != Approve && m.Decision != Reject {
		return p.invalid("decision-unknown", `decision is "approve" or "reject"`)
	}
	if err := p.checkBy(m.By); err != nil {
		return err
	}
	if m.Stage != "" && m.Stage != p.Stage {
		return p.refuse("stage-moved-on", "the decision is for "+string(m.Stage)+", the port is in "+string(p.Stage), "look at it again and decide anew")
	}
	if m.OrderVersion != 0 && m.OrderVersion != p.Order.Version {
		return p.refuse("order-moved-on", fmt.Sprintf("the decision is for order version %d, the order is at %d", m.OrderVersion, p.Order.Version), "look at it again and decide anew")
	}
	if m.By == p.Order.SubmittedBy {
		return p.refuse("submitter-may-not-decide", "who submits an order does not decide on it", "ask another person")
	}
	return p.checkReject(m.Decision, m.Reason)
}

// Policy is who must approve the order as it stands.
func (p *Port) Policy() Policy {
	if p.Found.Policy != nil {
		return *p.Found.Policy
	}
	return MinimalPolicy(p.Receipt.Approvals)
}

// Ruling weighs the decisions on the present version of the order. run is empty where any run's decisions count.
func (p *Port) Ruling(run string) (Ruling, []string) {
	return p.Policy().Decide(Facts{Version: p.Order.Version, Submitter: p.Order.SubmittedBy, Run: run}, p.Decisions)
}

// Challenge is what a signed decision on the port must bind in this run of its saga.
func (p *Port) Challenge(run string) Challenge {
	return Challenge{
		Audience: p.Receipt.Audience, Port: p.ID, Run: run, Epoch: p.Receipt.Epoch, Stage: p.Stage, OrderVersion: p.Order.Version,
		OrderDigest: OrderDigest(p.Receipt.Salt, p.Order), Shown: Show(p.Order, p.Receipt.Carrier, p.Found),
		Policy: p.Policy().Ref(p.Receipt.Pack), Nonce: p.Found.Nonce,
	}
}

// StatusFor is Status with the digests of the documents, and with the challenge where a signed decision is waited for.
func (p *Port) StatusFor(run string) Status {
	s := p.Status()
	s.Documents = p.Order.Papers()
	if p.Receipt.Signed && p.Deciding() {
		c := p.Challenge(run)
		s.Challenge = &c
		_, s.Missing = p.Ruling("")
	}
	return s
}

// withoutProofs leaves out what only the gate and auditors need.
func withoutProofs(all []Decision) []Decision {
	shown := slices.Clone(all)
	for i := range shown {
		shown[i].Proof = nil
	}
	return shown
}

// repeats reports whether the same person has said the same of the same version before.
func (d Decision) repeats(before Decision) bool {
	return d.By == before.By && d.Decision == before.Decision && d.OrderVersion == before.OrderVersion && d.Run == before.Run && d.Credential == before.Credential
}
