package rules

import (
	"slices"

	"github.com/portsaga/portsaga/porting"
)

// Parties who can refuse a port or be told of a cancel.
const (
	Donor     = "donor"
	Recipient = "recipient"
)

// RefusalRules say on which grounds a party may refuse. Every reason that they do not name falls under Otherwise: it is no
// ground.
type RefusalRules struct {
	Grounds   []Reasons `yaml:"grounds" json:"grounds,omitempty"`
	Forbidden []Reasons `yaml:"forbidden" json:"forbidden,omitempty"` // grounds that the sources rule out in so many words
	Reviews   []Review  `yaml:"reviews" json:"reviews,omitempty"`
	Otherwise Fact      `yaml:"otherwise" json:"otherwise"`
}

// Reasons is a fact about some reasons.
type Reasons struct {
	Reasons []porting.Reason `yaml:"reasons" json:"reasons"`
	Fact    `yaml:",inline"`
}

// Review lets a party hold a port for a person to look at. It is no refusal and ends with a clock.
type Review struct {
	Reasons []porting.Reason `yaml:"reasons" json:"reasons"`
	Within  string           `yaml:"within" json:"within"` // the clock in which the review must end
	Fact    `yaml:",inline"`
}

// Hold is a review that a reason allows: look at the port, and answer before the clock Within runs out.
type Hold struct {
	Within string `json:"within"`
	Cite   string `json:"cite"`
	Why    string `json:"why"`
}

// Refusal says whether a party may refuse a port for a reason.
type Refusal struct {
	Reason     porting.Reason `json:"reason"`
	Party      string         `json:"party"`
	Lawful     bool           `json:"lawful"`
	Cite       string         `json:"cite"`
	Why        string         `json:"why"`
	Confidence Confidence     `json:"confidence"`
	Hold       *Hold          `json:"hold,omitempty"`
}

// Refusal judges a reason. Errors: reason-unknown (Refused), party-unknown (Invalid).
func (p *Pack) Refusal(reason porting.Reason, party string) (Refusal, error) {
	rules, ok := p.Rules.Refusals[party]
	if !ok {
		return Refusal{}, p.no(porting.Invalid, "party-unknown", "judge refusal", "nobody is called "+party, "say donor or recipient")
	}
	if !slices.Contains(porting.Reasons, reason) {
		return Refusal{}, p.no(porting.Refused, "reason-unknown", "judge refusal", "there is no reason "+string(reason), "take one of the canonical reasons, such as PIN_MISMATCH")
	}
	answer := func(lawful bool, f Fact) Refusal {
		return Refusal{Reason: reason, Party: party, Lawful: lawful, Cite: f.Cite, Why: f.Why(), Confidence: f.Confidence}
	}
	for _, review := range rules.Reviews {
		if slices.Contains(review.Reasons, reason) {
			held := answer(false, review.Fact)
			held.Hold = &Hold{Within: review.Within, Cite: review.Cite, Why: review.Why()}
			return held, nil
		}
	}
	for _, forbidden := range rules.Forbidden {
		if slices.Contains(forbidden.Reasons, reason) {
			return answer(false, forbidden.Fact), nil
		}
	}
	for _, ground := range rules.Grounds {
		if slices.Contains(ground.Reasons, reason) {
			return answer(true, ground.Fact), nil
		}
	}
	return answer(false, rules.Otherwise), nil
}

// Ground is a lawful ground to refuse. Only Pack.Ground makes one, so that a function that takes a Ground cannot send an
// unlawful refusal. The zero Ground is none.
type Ground struct {
	pack    string
	refusal Refusal
}

// Ground is the lawful ground that a reason gives a party. Error: refusal-unlawful (Refused), naming the rule that forbids
// it; and those of Refusal.
func (p *Pack) Ground(reason porting.Reason, party string) (Ground, error) {
	refusal, err := p.Refusal(reason, party)
	if err != nil {
		return Ground{}, err
	}
	if !refusal.Lawful {
		next := "let the port go on, or show another ground"
		if refusal.Hold != nil {
			next = "hold it for a review that ends with the clock " + refusal.Hold.Within
		}
		return Ground{}, p.no(porting.Refused, "refusal-unlawful", "refuse port for "+string(reason), refusal.Why, next)
	}
	return Ground{pack: p.Ref(), refusal: refusal}, nil
}

// Pack is the pack that gives the ground, "" for the zero Ground.
func (g Ground) Pack() string { return g.pack }

// Refusal is the judgement that made the ground.
func (g Ground) Refusal() Refusal { return g.refusal }
