package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/replay"
	"github.com/portsaga/portsaga/internal/fraud/sources"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Fraud is the fraud desk: its policy, and the neighbours that it asks beside our own memory.
type Fraud struct {
	Policy    *fraud.Holder
	Sources   []sources.Source
	HighValue fraud.Marked // numbers that are worth an attack
}

// maxReasons is how many findings of the policy people are shown.
const maxReasons = 8

// judgeFraud gathers the evidence of the moment and holds it against the policy. What is missing is told, and never read as
// clean. A block needs a ground that the pack finds lawful; without one, people decide. Without a fraud desk nobody judges.
func (a *Activities) judgeFraud(ctx context.Context, in porting.ScreenInput, found *porting.Findings) (*replay.Judged, error) {
	if a.Fraud == nil {
		return nil, nil
	}
	evidence, err := a.evidence(ctx, in)
	if err != nil {
		return nil, err
	}
	policy, _ := a.Fraud.Policy.Policy() // the last good one; a file that is broken is told by `portsaga fraud lint`
	judged, err := replay.Judge(policy, evidence)
	if err != nil {
		return nil, err
	}
	verdict := judged.Verdict
	found.Score, found.Fraud = verdict.Score, policyRef(verdict.Policy)
	found.Notes = append(found.Notes, reasonsOf(verdict)...)
	if verdict.Verdict == fraud.Block {
		pack, err := a.Rules.Pack(in.Pack)
		if err != nil {
			return nil, lasting(err)
		}
		if ground, err := pack.Refusal(verdict.Ground, "recipient"); err == nil && ground.Lawful {
			found.Blocked = &porting.Refusal{Reason: verdict.Ground, Note: "the fraud policy blocks the port; " + ground.Cite}
		}
	}
	found.Risk = worse(found.Risk, riskOf(verdict, policy))
	return &judged, nil
}

// evidence gathers what can be known of a port now, and remembers the request for those that come after it.
func (a *Activities) evidence(ctx context.Context, in porting.ScreenInput) (fraud.Evidence, error) {
	asked, err := a.askedAt(ctx, in)
	if err != nil {
		return fraud.Evidence{}, err
	}
	earlier, err := a.earlierPorts(ctx, in)
	if err != nil {
		return fraud.Evidence{}, err
	}
	subject, came := a.subject(in, asked), a.doorOf(in, asked)
	subject.OurPortAt = lastMoved(earlier)
	if err := a.remember(ctx, in, subject, came.odd); err != nil {
		return fraud.Evidence{}, err
	}
	evidence, _ := sources.Gather(ctx, slices.Concat(a.Fraud.Sources, a.ownSources(in, asked)), subject)
	a.knowOrder(&evidence, in, came)
	if len(in.Order.Numbers) > 0 {
		evidence.Know(historyOf(earlier, in.At))
	}
	evidence.MissRest(fraud.NotConfigured)
	return evidence, nil
}

func policyRef(p fraud.PolicyRef) string { return p.ID + "@" + p.Version + " " + p.Digest }

// riskOf is the risk that a verdict means: high where what was found asks for a review, medium where only too little is known.
func riskOf(v fraud.Verdict, p *fraud.Policy) porting.Risk {
	found := 0 // without what missing evidence weighs
	for _, fired := range v.Reasons {
		found += fired.Weight
	}
	switch {
	case v.Verdict == fraud.Clear:
		return porting.RiskLow
	case found >= p.Thresholds.Review:
		return porting.RiskHigh
	default:
		return porting.RiskMedium
	}
}

var risks = []porting.Risk{porting.RiskLow, porting.RiskMedium, porting.RiskHigh}

func worse(a, b porting.Risk) porting.Risk {
	return risks[max(slices.Index(risks, a), slices.Index(risks, b), 0)]
}

// reasonsOf are a verdict's findings as people read them.
func reasonsOf(v fraud.Verdict) []string {
	var notes []string
	for _, r := range v.Reasons {
		notes = append(notes, "fraud policy: "+strings.TrimSuffix(r.Message, "."))
	}
	if len(notes) > maxReasons {
		notes = append(notes[:maxReasons], fmt.Sprintf("fraud policy: and %d more", len(v.Reasons)-maxReasons))
	}
	if v.Verdict != fraud.Clear && len(v.Missing) > 0 {
		notes = append(notes, fmt.Sprintf("%d questions of the fraud policy found no answer", len(v.Missing)))
	}
	return notes
}

// askedAt is when the port was asked for, however late it is looked at.
func (a *Activities) askedAt(ctx context.Context, in porting.ScreenInput) (time.Time, error) {
	fence, err := a.Ledger.Fence(ctx, in.Port)
	if porting.KindOf(err) == porting.NotFound || (err == nil && fence.ClaimedAt.IsZero()) {
		return in.At, nil
	}
	return fence.ClaimedAt, err
}

// subject is the port as the sources know it.
func (a *Activities) subject(in porting.ScreenInput, asked time.Time) sources.Subject {
	o := in.Order
	s := sources.Subject{
		At: in.At, Correlator: in.Port, Mobile: o.Kind == porting.KindWireless,
		Person: sources.Person{
			Name: o.Subscriber.Name, Street: o.Subscriber.Address.Street, PostalCode: o.Subscriber.Address.PostalCode,
			City: o.Subscriber.Address.City, Region: o.Subscriber.Address.Region, Country: o.Subscriber.Address.Country, Email: o.Subscriber.Contact.Email,
		},
		Letter: sources.Letter{SHA256: o.Authorization.DocumentSHA256, SignedAt: o.Authorization.SignedAt, RequestedAt: asked},
		Tokens: a.tokens(o),
	}
	if len(o.Numbers) > 0 {
		s.Number = o.Numbers[0]
	}
	if n, err := porting.ParseNumber(o.Subscriber.Contact.Phone); err == nil {
		s.Contact = n
	}
	s.Letter.Account = a.Vault.Token("account", o.Account.Number)
	if in.Outgoing {
		for _, n := range o.Numbers {
			s.Ours = append(s.Ours, a.Vault.LockToken(n))
		}
	} else {
		s.HeldSince = o.Authorization.SignedAt // whoever signs for a number says to hold it that day
	}
	return s
}

// tokens are keyed digests of what a request may have in common with others.
func (a *Activities) tokens(o porting.Order) map[sources.Dimension]string {
	address := o.Subscriber.Address
	values := map[sources.Dimension]string{
		sources.ByAccount: o.Account.Number, sources.BySigner: o.Authorization.SignedBy, sources.ByEmail: o.Subscriber.Contact.Email,
		sources.ByAddress: strings.Join([]string{address.Street, address.PostalCode}, "|"), sources.ByRecipient: o.Recipient.Name,
	}
	if address.Street == "" {
		values[sources.ByAddress] = ""
	}
	if len(o.Numbers) > 0 {
		values[sources.ByNumber] = o.Numbers[0].E164()
	}
	tokens := map[sources.Dimension]string{}
	for by, value := range values {
		if value = strings.ToLower(strings.TrimSpace(value)); value != "" {
			tokens[by] = a.Vault.Token(string(by), value)
		}
	}
	return tokens
}

// earlierPorts are the other ports that the ledger remembers of the number, the newest first.
func (a *Activities) earlierPorts(ctx context.Context, in porting.ScreenInput) ([]ledger.PortOfNumber, error) {
	if len(in.Order.Numbers) == 0 {
		return nil, nil
	}
	ports, err := a.Ledger.PortsOfNumber(ctx, a.Vault.LockToken(in.Order.Numbers[0]), in.At.Add(-long))
	return slices.DeleteFunc(ports, func(p ledger.PortOfNumber) bool { return p.PortID == in.Port }), err
}

// lastMoved is when we last moved the number ourselves: networks report that as a change of SIM and handset. Zero where we never did.
func lastMoved(earlier []ledger.PortOfNumber) (at time.Time) {
	for _, p := range earlier {
		if p.ActivatedAt.After(at) {
			at = p.ActivatedAt
		}
	}
	return at
}

// historyOf is what earlier ports say of the number.
func historyOf(earlier []ledger.PortOfNumber, now time.Time) fraud.History {
	history := fraud.History{LastPort: new(fraud.None()), Disputes: new(0), Frauds: new(0)}
	for _, p := range earlier {
		switch p.Outcome {
		case porting.OutcomeDisputed:
			*history.Disputes++
		case porting.OutcomeReversed: // moved, and taken back because it should not have
			*history.Frauds++
		}
		if p.Outcome == porting.OutcomeCompleted && *history.LastPort == fraud.None() {
			history.LastPort = new(fraud.AgeOf(p.ReleasedAt, now))
		}
	}
	return history
}

// long is how far back disputes over a number count.
const long = 5 * 365 * 24 * time.Hour

// freshLook judges again at the moment of an act, and returns what it found only if that is worse than what people know.
func (a *Activities) freshLook(ctx context.Context, in porting.ScreenInput, known porting.Findings) (*porting.Findings, error) {
	if a.Fraud == nil || known.Fraud == "" {
		return nil, nil
	}
	found := porting.Findings{Risk: known.Risk, Notes: notesOfOthers(known.Notes)}
	judged, err := a.judgeFraud(ctx, in, &found)
	if err != nil {
		return nil, err
	}
	if found.Blocked == nil && found.Risk == known.Risk && found.Score <= known.Score {
		return nil, a.keepLook(ctx, in, found, judged)
	}
	found.Blocked = nil // an order that people approved is not refused behind their back: they look again
	found.Risk = worse(found.Risk, porting.RiskHigh)
	return &found, a.sign(ctx, in, &found, judged)
}

// notesOfOthers are findings that are not the fraud policy's.
func notesOfOthers(notes []string) []string {
	return slices.DeleteFunc(slices.Clone(notes), func(note string) bool { return strings.Contains(note, "fraud policy") })
}

// rose says why an act waits for people.
func rose(found porting.Findings) *porting.Refusal {
	return &porting.Refusal{Reason: porting.RiskRose, Note: fmt.Sprintf("what is known of the port got worse since people decided: risk %s, score %d", found.Risk, found.Score)}
}
