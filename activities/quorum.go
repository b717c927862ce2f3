package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// quorum counts signed decisions at the gate, as if nobody had before. It believes the ledger, the registry as it is now,
// and the engine's word for which run asks; of what the saga says it takes only what signatures cover.
type quorum struct {
	ledger    *ledger.Ledger
	registry  *approval.Registry
	run       string
	submitter string
	policy    porting.Policy
	want      porting.Statement // what a decision on the present version must bind
	now       time.Time
}

// sagaOf is the run that asks the gate. Nobody but the port's own saga may.
func sagaOf(ctx context.Context, port string) (run string, no *porting.Refusal) {
	info := activity.GetInfo(ctx)
	if info.WorkflowExecution.ID != port || info.WorkflowType == nil || info.WorkflowType.Name != porting.WorkflowPortIn {
		return "", &porting.Refusal{Reason: porting.ApprovalVoid, Note: "another workflow than the port's own saga asks"}
	}
	return info.WorkflowExecution.RunID, nil
}

// check is nil if the decisions satisfy the policy, or why they do not.
func (q quorum) check(ctx context.Context, decisions []porting.Decision) (*porting.Refusal, error) {
	var valid []porting.Decision
	var void string
	for _, d := range decisions {
		counted, err := q.recheck(ctx, d)
		if no, ok := refusal(err, porting.ApprovalVoid); ok {
			void = "; of " + d.By + ": " + no.Note
			continue
		}
		if err != nil {
			return nil, err
		}
		valid = append(valid, counted)
	}
	ruling, missing := q.policy.Decide(porting.Facts{Version: q.want.OrderVersion, Submitter: q.submitter, Run: q.run}, valid)
	switch {
	case ruling == porting.RulingApproved:
		return nil, nil
	case ruling == porting.RulingDeclined:
		return &porting.Refusal{Reason: porting.ApprovalVoid, Note: "an approver rejected the order"}, nil
	default:
		return &porting.Refusal{Reason: porting.ApprovalVoid, Note: missing[0] + void}, nil
	}
}

// recheck verifies one decision from its proof alone.
func (q quorum) recheck(ctx context.Context, d porting.Decision) (porting.Decision, error) {
	if d.Proof == nil {
		return d, void("it is not signed")
	}
	var verdict approval.DecisionVerdict
	if err := q.registry.OpenVerdict(d.Proof.Verdict, &verdict, q.now); err != nil {
		return d, err
	}
	if verdict.Port != q.want.Port || verdict.Run != q.run || verdict.StatementDigest != approval.Digest(d.Proof.Statement) {
		return d, void("it was verified for another port or run")
	}
	signed, err := q.registry.Recheck(d.Proof.Statement, d.Proof.Signature, verdict.At, q.now)
	if err != nil {
		return d, err
	}
	want, err := q.wanted(ctx, signed.Statement)
	if err != nil {
		return d, err
	}
	if err := signed.Statement.Binds(want); err != nil {
		return d, err
	}
	return porting.Decision{
		Decision: signed.Statement.Decision, By: signed.Person, Team: signed.Team, Hardware: signed.Hardware,
		OrderVersion: q.want.OrderVersion, Run: signed.Statement.Run,
	}, nil
}

// wanted is what a statement must bind. A decision on an earlier version still holds where the saga changed no more than
// the wished date since; what was shown then is in the ledger.
func (q quorum) wanted(ctx context.Context, signed porting.Statement) (porting.Statement, error) {
	want := q.want
	if signed.Stage == porting.Confirmed {
		want.Stage = porting.Confirmed // approved again, after a reset
	}
	if signed.OrderVersion == want.OrderVersion {
		return want, nil
	}
	earlier, err := q.ledger.Submission(ctx, want.Port, signed.OrderVersion)
	if porting.KindOf(err) == porting.NotFound || (err == nil && earlier.OrderDigest != want.OrderDigest) {
		return want, void("it is for another version of the order")
	}
	want.OrderVersion, want.ShownDigest, want.Policy, want.Nonce = earlier.Version, earlier.ShownDigest, earlier.Policy, earlier.Nonce
	return want, err
}

func void(why string) error {
	return &porting.Error{Kind: porting.Refused, Code: "decision-void", Op: "verify decision", Detail: why}
}

// mayBeSent looks at everything that must hold before an order is sent, and notes in the ledger what was approved. A
// carrier that activates by itself at the FOC needs no further word of ours.
func (a *Activities) mayBeSent(ctx context.Context, in porting.SubmitInput, fence ledger.Fence) (run string, no *porting.Refusal, err error) {
	if a.Approvals == nil {
		return "", nil, nil
	}
	run, no = sagaOf(ctx, in.Ref.Port)
	if no != nil {
		return run, no, nil
	}
	registry, err := a.Approvals.Registry.Current(ctx, time.Now())
	if err != nil {
		return run, nil, err
	}
	now := time.Now().UTC()
	digest := porting.OrderDigest(in.Salt, in.Order)
	var screened approval.ScreeningVerdict
	err = registry.OpenVerdict(in.Findings.Verdict, &screened, now)
	if err == nil && (screened.Port != in.Ref.Port || screened.OrderVersion != in.Ref.Version || screened.OrderDigest != digest) {
		err = void("the screening was of another order")
	}
	if no, ok := refusal(err, porting.ApprovalVoid); ok {
		return run, no, nil
	}
	if err != nil {
		return run, nil, err
	}
	pack, err := a.Rules.Pack(fence.Pack)
	if err != nil {
		return run, nil, lasting(err)
	}
	policy := pack.Policy(screened.Risk)
	shown := porting.Show(in.Order, fence.Carrier, porting.Findings{Risk: screened.Risk, Notes: screened.Notes})
	want := porting.Challenge{
		Audience: registry.Audience(), Port: in.Ref.Port, Run: run, Epoch: fence.Epoch, Stage: porting.Verifying, OrderVersion: in.Ref.Version,
		OrderDigest: digest, Shown: shown, Policy: policy.Ref(fence.Pack), Nonce: screened.Nonce,
	}.Statement("", "", now, 0)
	no, err = quorum{a.Ledger, registry, run, personOf(registry, fence.Submitter), policy, want, now}.check(ctx, in.Decisions)
	if no != nil || err != nil {
		return run, no, err
	}
	_, err = a.Ledger.RecordSubmission(ctx, ledger.Submission{
		PortID: in.Ref.Port, Version: in.Ref.Version, Carrier: in.Carrier, OrderDigest: digest, ShownDigest: want.ShownDigest,
		Nonce: want.Nonce, Policy: want.Policy, At: in.At,
	})
	if no, ok := refusal(err, porting.ApprovalVoid); ok {
		return run, no, nil
	}
	return run, nil, err
}

// mayBeActivated counts the decisions once more, against the registry as it is at the point of no return, and against
// what the ledger says was sent.
func (a *Activities) mayBeActivated(ctx context.Context, in porting.ActivateInput) (run string, no *porting.Refusal, err error) {
	run, no = sagaOf(ctx, in.Ref.Port)
	if no != nil {
		return run, no, nil
	}
	if in.Protocol < porting.GateProtocol {
		return run, &porting.Refusal{Reason: porting.OtherReason, Note: "the saga runs on a build that this gate does not serve"}, nil
	}
	registry, err := a.Approvals.Registry.Current(ctx, time.Now())
	if err != nil {
		return run, nil, err
	}
	fence, err := a.Ledger.Fence(ctx, in.Ref.Port)
	if err != nil {
		return run, nil, lasting(err)
	}
	sent, err := a.Ledger.Submission(ctx, in.Ref.Port, in.Ref.Version)
	if porting.KindOf(err) == porting.NotFound {
		return run, &porting.Refusal{Reason: porting.ApprovalVoid, Note: "the gate never sent this version of the order"}, nil
	}
	if err != nil {
		return run, nil, err
	}
	if in.Policy.Ref(fence.Pack) != sent.Policy {
		return run, &porting.Refusal{Reason: porting.ApprovalVoid, Note: "the order was sent under another approval policy"}, nil
	}
	now := time.Now().UTC()
	want := porting.Statement{
		Type: porting.StatementType, Audience: registry.Audience(), Port: in.Ref.Port, Run: run, Epoch: fence.Epoch, Stage: porting.Verifying,
		OrderVersion: in.Ref.Version, OrderDigest: sent.OrderDigest, ShownDigest: sent.ShownDigest, Policy: sent.Policy, Nonce: sent.Nonce,
	}
	no, err = quorum{a.Ledger, registry, run, personOf(registry, fence.Submitter), in.Policy, want, now}.check(ctx, in.Decisions)
	return run, no, err
}

// personOf is the registry's name for a submitter, or the submitter's own.
func personOf(registry *approval.Registry, name string) string {
	if id, ok := registry.Person(name); ok {
		return id
	}
	return name
}
