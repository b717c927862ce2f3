package activities

import (
	"context"
	"strconv"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// What the steps write into the audit log, beside what the ledger writes of its own changes. A step that is tried again
// writes nothing twice: each leaf has a Ref.

// recordScreening writes down what the checks found.
func (a *Activities) recordScreening(ctx context.Context, in porting.ScreenInput, found porting.Findings) error {
	fact := audit.ScreenFact{
		Version: in.Order.Version, Order: porting.OrderDigest(in.Salt, in.Order), Risk: found.Risk, Score: found.Score, Fraud: found.Fraud,
		Nonce: found.Nonce, Policy: found.Policy,
	}
	leaf := audit.Leaf{At: in.At, Kind: audit.Screened, Port: in.Port, Ref: found.Nonce}
	if found.Blocked != nil {
		fact.Blocked = found.Blocked.Reason
	}
	if found.Verdict != "" {
		leaf.Evidence = [][]byte{[]byte(found.Verdict)}
	}
	leaf.Data = fact
	return a.Ledger.Append(ctx, append(policyLeaves(in, found), leaf)...)
}

// policyLeaves tell that policies are in use, each once.
func policyLeaves(in porting.ScreenInput, found porting.Findings) (leaves []audit.Leaf) {
	use := func(of, policy string) {
		leaves = append(leaves, audit.Leaf{At: time.Now(), Kind: audit.Policy, Ref: of + "/" + policy, Data: audit.PolicyFact{Of: of, Policy: policy}})
	}
	if found.Policy != nil {
		use("approvals", found.Policy.Ref(in.Pack))
	}
	if found.Fraud != "" {
		use("fraud", found.Fraud)
	}
	return leaves
}

// recordDecision writes down a signed decision with its proof, and the registry by which it was verified.
func (a *Activities) recordDecision(ctx context.Context, port string, registry *approval.Registry, d porting.Decision) error {
	fact := decisionFact(d)
	leaf := audit.Leaf{At: d.At, Kind: audit.Decided, Port: port, Ref: d.ID}
	if proof := d.Proof; proof != nil {
		leaf.Evidence = [][]byte{proof.Statement, []byte(proof.Signature), []byte(proof.Verdict)}
		fact.Registry = registry.Digest()
		fact.Statement, fact.Signature, fact.Verdict = audit.Digest(leaf.Evidence[0]), audit.Digest(leaf.Evidence[1]), audit.Digest(leaf.Evidence[2])
	}
	leaf.Data = fact
	return a.Ledger.Append(ctx, registryLeaf(registry), leaf)
}

func decisionFact(d porting.Decision) audit.DecisionFact {
	return audit.DecisionFact{
		Decision: d.Decision, By: d.By, Team: d.Team, Credential: d.Credential, Hardware: d.Hardware, Version: d.OrderVersion,
		Reason: d.Reason, Run: d.Run, Signed: d.Signed,
	}
}

// registryLeaf tells that a registry is in use, once.
func registryLeaf(r *approval.Registry) audit.Leaf {
	return audit.Leaf{
		At: time.Now(), Kind: audit.Registry, Ref: r.Digest(), Data: audit.RegistryFact{Version: r.Version(), Document: r.Digest()},
		Evidence: [][]byte{r.File()},
	}
}

// recordTrusted writes down the decisions that nobody signed, where those are believed.
func (a *Activities) recordTrusted(ctx context.Context, in porting.SubmitInput) error {
	var leaves []audit.Leaf
	for i, d := range in.Decisions {
		if !d.Signed {
			ref := "unsigned/" + strconv.Itoa(i)
			leaves = append(leaves, audit.Leaf{At: d.At, Kind: audit.Decided, Port: in.Ref.Port, Ref: ref, Data: decisionFact(d)})
		}
	}
	return a.Ledger.Append(ctx, leaves...)
}

// recordCount writes down what the gate weighed when it found the decisions sufficient, so that anybody can weigh it again.
func (q quorum) recordCount(ctx context.Context, signatures []string) error {
	fact := audit.CountFact{
		Run: q.run, Submitter: q.submitter, Policy: q.policy, PolicyRef: q.want.Policy, Version: q.want.OrderVersion,
		Order: q.want.OrderDigest, Shown: q.want.ShownDigest, Nonce: q.want.Nonce, Registry: q.registry.Digest(), Decisions: signatures,
	}
	leaf := audit.Leaf{At: q.now, Kind: audit.Counted, Port: q.want.Port, Ref: q.run + "/" + activity.GetInfo(ctx).ActivityID, Data: fact}
	return q.ledger.Append(ctx, registryLeaf(q.registry), leaf)
}

// recordTimeline writes down how a port moved from stage to stage, as its saga tells it at its end.
func (a *Activities) recordTimeline(ctx context.Context, port string, timeline []porting.Entry) error {
	return a.Ledger.Append(ctx, timelineLeaves(port, timeline)...)
}

func timelineLeaves(port string, timeline []porting.Entry) []audit.Leaf {
	leaves := make([]audit.Leaf, len(timeline))
	for i, e := range timeline {
		leaves[i] = audit.Leaf{
			At: e.At, Kind: audit.Transition, Port: port, Ref: strconv.Itoa(i),
			Data: audit.TransitionFact{Stage: e.Stage, Event: e.Event, Actor: e.Actor},
		}
	}
	return leaves
}
