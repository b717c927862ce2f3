// Package replay judges a port again: by the policy of then, on the evidence of then, and says whether the same comes out. It
// asks nobody; all that it needs is what the ledger keeps of a judgement.
package replay

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/fraud"
)

// Judged is a judgement with everything that it takes to make it again.
type Judged struct {
	Verdict  fraud.Verdict
	Said     approval.Judgement // what a worker signs of it
	Evidence []byte             // the text whose digest is signed
	Policy   *fraud.Policy
}

// Judge holds evidence against a policy. It fails only for evidence that cannot be written, because its instant is none.
func Judge(p *fraud.Policy, e fraud.Evidence) (Judged, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return Judged{}, fmt.Errorf("write evidence: %w", err)
	}
	v := fraud.Evaluate(p, e)
	return Judged{v, judgementOf(v, text), text, p}, nil
}

// judgementOf is a verdict in the words that are signed.
func judgementOf(v fraud.Verdict, evidence []byte) approval.Judgement {
	fired := []string{}
	for _, r := range v.Reasons {
		fired = append(fired, r.Rule)
	}
	return approval.Judgement{
		Evidence: fraud.Digest(evidence), Policy: v.Policy.ID + "@" + v.Policy.Version, Digest: v.Policy.Digest,
		Outcome: string(v.Verdict), Ground: string(v.Ground), Score: v.Score, Fired: fired,
	}
}

// Result is what comes out when a judgement is made again.
type Result struct {
	Same    bool           `json:"same"`
	Differs []string       `json:"differs"`           // one sentence for each thing that comes out otherwise
	Verdict *fraud.Verdict `json:"verdict,omitempty"` // as it comes out now; none where policy or evidence cannot be read
}

// Again judges evidence again, by the text of the policy, and compares with what was said.
func Again(said approval.Judgement, policy, evidence []byte) Result {
	r := Result{Differs: []string{}}
	r.compare("the evidence's digest", said.Evidence, fraud.Digest(evidence))
	r.compare("the policy's digest", said.Digest, fraud.Digest(policy))
	if v := r.judge(policy, evidence); v != nil {
		now := judgementOf(*v, evidence)
		r.compare("the policy", said.Policy, now.Policy)
		r.compare("the verdict", said.Outcome, now.Outcome)
		r.compare("the ground", said.Ground, now.Ground)
		r.compare("the score", said.Score, now.Score)
		if !slices.Equal(said.Fired, now.Fired) {
			r.differ("the rules that fired are now %v and were %v", now.Fired, said.Fired)
		}
	}
	r.Same = len(r.Differs) == 0
	return r
}

// judge evaluates once more; nil where it cannot.
func (r *Result) judge(policy, evidence []byte) *fraud.Verdict {
	p, err := fraud.Load("the policy of then", policy)
	if err != nil {
		r.differ("this program cannot load the policy: %v", err)
		return nil
	}
	e, err := fraud.ReadEvidence(evidence)
	if err != nil {
		r.differ("this program cannot read the evidence: %v", err)
		return nil
	}
	r.Verdict = new(fraud.Evaluate(p, e))
	return r.Verdict
}

func (r *Result) compare(what string, was, is any) {
	if was != is {
		r.differ("%s is now %v and was %v", what, orNone(is), orNone(was))
	}
}

func orNone(v any) any {
	if v == "" {
		return "none"
	}
	return v
}

func (r *Result) differ(format string, args ...any) {
	r.Differs = append(r.Differs, fmt.Sprintf(format, args...))
}
