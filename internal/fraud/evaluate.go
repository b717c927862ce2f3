package fraud

import (
	"errors"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/portsaga/portsaga/porting"
)

// Outcome is what a verdict says of the port.
type Outcome string

// Outcomes.
const (
	Clear  Outcome = "clear"
	Review Outcome = "review" // a person looks, within the port's clock
	Block  Outcome = "block"  // on Verdict.Ground, where the pack finds that lawful
)

// Verdict is what a policy makes of evidence.
type Verdict struct {
	Verdict Outcome        `json:"verdict"`
	Score   int            `json:"score"`
	Reasons []Fired        `json:"reasons"`          // rules that fired, in the policy's order
	Missing []Gap          `json:"missing"`          // rules that could not be answered, in the policy's order
	Ground  porting.Reason `json:"ground,omitempty"` // of a block: on which it may rest
	Policy  PolicyRef      `json:"policy"`
}

// Fired is a rule that fired.
type Fired struct {
	Rule    string `json:"rule"`
	Reason  Reason `json:"reason"`
	Weight  int    `json:"weight"`
	Message string `json:"message"`
}

// Gap is a rule that could not be answered because evidence is missing, and what that did.
type Gap struct {
	Rule   string        `json:"rule"`
	Effect WhenMissing   `json:"effect"`
	Weight int           `json:"weight,omitempty"` // that it added to the score
	Facts  []MissingFact `json:"facts"`
}

// MissingFact is a fact that a rule needed.
type MissingFact struct {
	Fact string `json:"fact"`
	Why  Why    `json:"why"`
}

// Evaluate holds evidence against a policy. It is pure, and the same in every run of every process. Missing evidence may bring a
// port to review and never to a block: that takes rules that fired.
func Evaluate(p *Policy, e Evidence) Verdict {
	v := Verdict{Verdict: Clear, Reasons: []Fired{}, Missing: []Gap{}, Policy: p.Ref()}
	fired, unanswered := 0, false
	ground, facts := groundOf{}, newView(&e)
	for i := range p.Rules {
		r := &p.Rules[i]
		switch yes, why := r.ask(facts); {
		case why != "":
			gap := r.gap(&e, why)
			v.Missing = append(v.Missing, gap)
			v.Score += gap.Weight
			unanswered = unanswered || gap.Effect == MissingReviews
		case yes:
			v.Reasons = append(v.Reasons, Fired{r.ID, r.Reason, r.Weight, r.Message})
			v.Score += r.Weight
			fired += r.Weight
			ground.hear(r)
		}
	}
	switch {
	case p.Thresholds.Block > 0 && fired >= p.Thresholds.Block && ground.reason != "":
		v.Verdict, v.Ground = Block, ground.reason
	case v.Score >= p.Thresholds.Review || unanswered:
		v.Verdict = Review
	}
	return v
}

// groundOf keeps the ground of the heaviest rule that names one, the first among equals.
type groundOf struct {
	reason porting.Reason
	weight int
}

func (g *groundOf) hear(r *Rule) {
	if r.Ground != "" && r.Weight > g.weight {
		g.reason, g.weight = r.Ground, r.Weight
	}
}

// ask says whether the rule fires, or why that cannot be told.
func (r *Rule) ask(facts *view) (fires bool, why Why) {
	answer, _, err := r.program.Eval(facts)
	if err == nil {
		return answer == types.True, ""
	}
	if errors.Is(err, errUnknown) {
		return false, TooCoarse
	}
	return false, RuleBroken // an overflow or a division by zero; it must not pass for clean
}

// gap is what the missing evidence does. A rule that broke is always looked at.
func (r *Rule) gap(e *Evidence, why Why) Gap {
	g := Gap{Rule: r.ID, Effect: r.WhenMissing, Weight: r.MissingWeight, Facts: r.missingFacts(e, why)}
	if why == RuleBroken {
		g.Effect, g.Weight = MissingReviews, 0
	}
	return g
}

// missingFacts are the facts for which the rule could not be answered. Where all of them are there, they were not exact enough.
func (r *Rule) missingFacts(e *Evidence, why Why) []MissingFact {
	facts := make([]MissingFact, 0, len(r.facts))
	for _, f := range r.facts {
		if gone := f.missing(e); gone != "" {
			facts = append(facts, MissingFact{f.Name, gone})
		}
	}
	if len(facts) > 0 {
		return facts
	}
	for _, f := range r.facts {
		facts = append(facts, MissingFact{f.Name, why})
	}
	return facts
}

// view shows evidence to CEL, by the names of facts. It reads a fact once, however many rules ask about it.
type view struct {
	e      *Evidence
	values []ref.Val // by the facts' places in the catalog
}

func newView(e *Evidence) *view { return &view{e, make([]ref.Val, len(catalog))} }

// ResolveName is the value of a fact.
func (v *view) ResolveName(name string) (any, bool) {
	f, ok := factByName[name]
	if !ok {
		return nil, false
	}
	if v.values[f.place] == nil {
		v.values[f.place] = f.value(v.e)
	}
	return v.values[f.place], true
}

// Parent is none: evidence is all that a rule sees.
func (*view) Parent() cel.Activation { return nil }
