package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/fraud/replay"
	"github.com/portsaga/portsaga/porting"
)

// signedDecision is a decision that was verified again.
type signedDecision struct {
	approval.Approved
	statement []byte
	signature string
	at        int64     // its leaf
	seen      time.Time // when a worker verified it
}

// decisions verifies every signature again, by the registry of then, and makes every count of the gate again.
func (v *verifier) decisions() {
	var wrong []string
	unsigned := 0
	signed := map[string]signedDecision{}
	for _, e := range v.entries {
		var fact audit.DecisionFact
		if e.Kind != audit.Decided {
			continue
		}
		if err := e.Into(&fact); err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		if !fact.Signed {
			unsigned++
			continue
		}
		d, err := v.recheck(e, fact)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("the decision of leaf %d does not hold: %v", e.Index, err))
			continue
		}
		signed[fact.Signature] = d
	}
	v.each("signatures", wrong, fmt.Sprintf("%d decisions are signed by persons whom the registry of then knows", len(signed)))
	if unsigned > 0 {
		v.say(Remark, "signatures", "%d decisions are not signed: this deployment believed them as they came", unsigned)
	}
	if len(signed) > 0 && v.pins.Roots == nil {
		v.say(Remark, "signatures", "the registry's roots are those that it names itself: pin a copy of your own")
	}
	v.counts(signed)
}

// recheck verifies one decision from its documents.
func (v *verifier) recheck(e entry, fact audit.DecisionFact) (signedDecision, error) {
	statement, signature, verdict := v.Documents[fact.Statement], v.Documents[fact.Signature], v.Documents[fact.Verdict]
	if statement == nil || signature == nil || verdict == nil {
		return signedDecision{}, errors.New("its documents are not in the file")
	}
	registry, err := v.registry(fact.Registry, e.Index)
	if err != nil {
		return signedDecision{}, err
	}
	claimed, err := verdictTime(string(verdict))
	if err != nil {
		return signedDecision{}, err
	}
	var told approval.DecisionVerdict
	if err := registry.OpenVerdict(string(verdict), &told, claimed); err != nil {
		return signedDecision{}, err
	}
	if told.StatementDigest != fact.Statement || told.Port != v.Manifest.Port {
		return signedDecision{}, errors.New("it was verified for another statement or port")
	}
	d := signedDecision{statement: statement, signature: string(signature), at: e.Index, seen: told.At}
	if d.Approved, err = registry.Verify(statement, d.signature, told.At); err != nil {
		return d, err
	}
	said := porting.Decision{Decision: fact.Decision, By: fact.By, Team: fact.Team, Hardware: fact.Hardware, OrderVersion: fact.Version}
	is := porting.Decision{Decision: d.Statement.Decision, By: d.Person, Team: d.Team, Hardware: d.Hardware, OrderVersion: d.Statement.OrderVersion}
	if fmt.Sprint(said) != fmt.Sprint(is) {
		return d, errors.New("the leaf says something else than was signed")
	}
	return d, nil
}

// verdictTime is when a verdict says that it was given. Whether the verdict is one is for the registry to say, at that time.
func verdictTime(jws string) (time.Time, error) {
	var v struct {
		At time.Time `json:"at"`
	}
	payload, err := approval.UnverifiedPayload(jws)
	if err == nil {
		err = json.Unmarshal(payload, &v)
	}
	return v.At, err
}

// registry opens the registry that a leaf names. It must be in the log before the leaf.
func (v *verifier) registry(document string, before int64) (*approval.Registry, error) {
	for _, e := range v.entries {
		if e.Kind != audit.Registry || e.Ref != document || e.Index > before || len(e.Evidence) != 1 {
			continue
		}
		file := v.Documents[e.Evidence[0]]
		roots := v.pins.Roots
		if roots == nil {
			roots = ownRoots(file)
		}
		registry, err := approval.OpenRegistry(file, roots, e.At)
		if err != nil {
			return nil, err
		}
		if registry.Digest() != document {
			return nil, fmt.Errorf("leaf %d names another registry than it keeps", e.Index)
		}
		return registry, nil
	}
	return nil, fmt.Errorf("the registry %s is not in the file", document)
}

// ownRoots are the roots that a registry names itself.
func ownRoots(file []byte) []byte {
	signed, err := approval.ParseSignedFile(file)
	if err != nil {
		return nil
	}
	d, err := approval.ParseDocument(signed.Document)
	if err != nil {
		return nil
	}
	return approval.Roots{Threshold: d.Threshold, Roots: d.Roots}.Encode()
}

// counts weighs again what the gate weighed, by the one rule.
func (v *verifier) counts(signed map[string]signedDecision) {
	var wrong []string
	counted := 0
	for _, e := range v.entries {
		var fact audit.CountFact
		if e.Kind != audit.Counted {
			continue
		}
		if err := e.Into(&fact); err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		counted++
		wrong = append(wrong, v.countAgain(e, fact, signed)...)
	}
	if counted == 0 {
		v.say(Remark, "decision", "the gate counted no signed decisions")
		return
	}
	v.each("decision", wrong, fmt.Sprintf("%d counts of the gate come to the same again", counted))
}

func (v *verifier) countAgain(e entry, fact audit.CountFact, signed map[string]signedDecision) (wrong []string) {
	submitter := fact.Submitter
	registry, err := v.registry(fact.Registry, e.Index)
	if err != nil {
		return []string{fmt.Sprintf("the count of leaf %d: %v", e.Index, err)}
	}
	if id, known := registry.Person(v.submitter()); known && id != submitter {
		wrong = append(wrong, fmt.Sprintf("the count of leaf %d has another submitter than the port", e.Index))
	}
	var decisions []porting.Decision
	for _, digest := range fact.Decisions {
		d, there := signed[digest]
		if !there || d.at > e.Index {
			wrong = append(wrong, fmt.Sprintf("the count of leaf %d has a decision that nobody signed before it: %s", e.Index, digest))
			continue
		}
		now, err := registry.Recheck(d.statement, d.signature, d.seen, e.At)
		if err == nil {
			err = v.binds(now.Statement, fact)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("the count of leaf %d has a decision that did not hold then: %v", e.Index, err))
			continue
		}
		decisions = append(decisions, porting.Decision{
			Decision: now.Statement.Decision, By: now.Person, Team: now.Team, Hardware: now.Hardware, OrderVersion: fact.Version, Run: now.Statement.Run,
		})
	}
	for _, d := range signed {
		if d.Statement.Decision == porting.Reject && d.at < e.Index && d.Statement.OrderDigest == fact.Order {
			wrong = append(wrong, fmt.Sprintf("the count of leaf %d leaves out the reject of leaf %d", e.Index, d.at))
		}
	}
	facts := porting.Facts{Version: fact.Version, Submitter: submitter, Run: fact.Run}
	if ruling, missing := fact.Policy.Decide(facts, decisions); ruling != porting.RulingApproved {
		wrong = append(wrong, fmt.Sprintf("the count of leaf %d comes to %q now: %v", e.Index, ruling, missing))
	}
	return wrong
}

// submitter is who the port's claim says ordered it.
func (v *verifier) submitter() string {
	for _, e := range v.entries {
		var claim audit.ClaimFact
		if e.Kind == audit.Claimed && e.Into(&claim) == nil {
			return claim.Submitter
		}
	}
	return ""
}

// binds holds a statement against what the gate wanted. A decision on an earlier version still counts where that version was
// sent as the same order.
func (v *verifier) binds(s porting.Statement, fact audit.CountFact) error {
	want := s
	want.Port, want.Run, want.OrderVersion, want.OrderDigest = v.Manifest.Port, fact.Run, fact.Version, fact.Order
	want.ShownDigest, want.Nonce, want.Policy = fact.Shown, fact.Nonce, fact.PolicyRef
	if s.OrderVersion != fact.Version {
		sent, found := v.sentAs(s.OrderVersion)
		if !found || sent.Order != fact.Order {
			return fmt.Errorf("it is for version %d of the order", s.OrderVersion)
		}
		want.OrderVersion, want.ShownDigest, want.Nonce, want.Policy = s.OrderVersion, sent.Shown, sent.Nonce, sent.Policy
	}
	return s.Binds(want)
}

func (v *verifier) sentAs(version int) (audit.SubmissionFact, bool) {
	for _, e := range v.entries {
		var fact audit.SubmissionFact
		if e.Kind == audit.Submission && e.Into(&fact) == nil && fact.Version == version {
			return fact, true
		}
	}
	return audit.SubmissionFact{}, false
}

// fraud judges again what the fraud desk judged, where its evidence is in the file, and holds it against what was signed.
func (v *verifier) fraud() {
	if len(v.Judgements) == 0 {
		return
	}
	var wrong []string
	again, sealed := 0, 0
	for _, j := range v.Judgements {
		if !v.saidSo(j) {
			wrong = append(wrong, "the judgement "+j.Nonce+" is not the one that a screening signed")
		}
		if j.Evidence == "" {
			sealed++
			continue
		}
		result := replay.Again(j.Said, []byte(j.Policy), []byte(j.Evidence))
		wrong = append(wrong, result.Differs...)
		again++
	}
	v.each("fraud desk", wrong, fmt.Sprintf("%d judgements come to the same again", again))
	if sealed > 0 {
		v.say(Remark, "fraud desk", "the evidence of %d judgements is not in the file: their digests alone are proved", sealed)
	}
}

// saidSo reports whether a logged verdict says what a judgement says; where nothing was signed there is none to ask.
func (v *verifier) saidSo(j Judgement) bool {
	for _, e := range v.entries {
		if e.Kind != audit.Screened || len(e.Evidence) == 0 || v.Documents[e.Evidence[0]] == nil {
			continue
		}
		var verdict approval.ScreeningVerdict
		payload, err := approval.UnverifiedPayload(string(v.Documents[e.Evidence[0]]))
		if err != nil || json.Unmarshal(payload, &verdict) != nil || verdict.Nonce != j.Nonce || verdict.Fraud == nil {
			continue
		}
		said := *verdict.Fraud
		return said.Evidence == j.Said.Evidence && said.Digest == j.Said.Digest && said.Outcome == j.Said.Outcome && slices.Equal(said.Fired, j.Said.Fired)
	}
	return true
}
