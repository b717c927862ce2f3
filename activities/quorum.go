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
	if info.WorkflowExecution.ID != port || info.WorkflowType == nil || info.WorkflowType.Name != porting.WorkflowOf(port) {
		return "", &porting.Refusal{Reason: porting.ApprovalVoid, Note: "another workflow than the port's own saga asks"}
	}
	return info.WorkflowExecution.RunID, nil
}

// check is nil if the decisions satisfy the policy, or why they do not. A reject counts from the ledger, whatever the saga
// leaves out.
func (q quorum) check(ctx context.Context, decisions []porting.Decision) (*porting.Refusal, error) {
	if rejected, err := q.rejected(ctx); rejected || err != nil {
		return &porting.Refusal{Reason: porting.ApprovalVoid, Note: "an approver rejected the order"}, err
	}
	var valid []porting.Decision
	var signatures []string
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
		valid, signatures = append(valid, counted), append(signatures, approval.Digest([]byte(d.Proof.Signature)))
	}
	ruling, missing := q.policy.Decide(porting.Facts{Version: q.want.OrderVersion, Submitter: q.submitter, Run: q.run}, valid)
	switch ruling {
	case porting.RulingApproved:
		return nil, q.recordCount(ctx, signatures)
	case porting.RulingDeclined:
		return &porting.Refusal{Reason: porting.ApprovalVoid, Note: "an approver rejected the order"}, nil
	default:
		return &porting.Refusal{Reason: porting.ApprovalVoid, Note: missing[0] + void}, nil
	}
}

// rejected reports whether somebody who may decide has rejected this very order, in whatever run of its saga.
func (q quorum) rejected(ctx context.Context) (bool, error) {
	all, err := q.ledger.Rejects(ctx, q.want.Port)
	if err != nil {
		return false, err
	}
	for _, r := range all {
		signed, err := q.registry.Recheck(r.Statement, r.Signature, r.At, q.now)
		if _, void := refusal(err, porting.ApprovalVoid); void {
			continue
		}
		if err != nil {
			return false, err
		}
		s := signed.Statement
		if s.Decision == porting.Reject && s.Port == q.want.Port && s.OrderDigest == q.want.OrderDigest && signed.Person != q.submitter {
			return true, nil
		}
	}
	return false, nil
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
	q, no, err := a.quorum(ctx, in.Ref, fence, in.Order, in.Salt, in.Findings)
	if no == nil && err == nil {
		no, err = a.asClaimed(ctx, in, fence)
	}
	if no == nil && err == nil {
		no, err = q.check(ctx, in.Decisions)
	}
	if no != nil || err != nil {
		return q.run, no, err
	}
	_, err = a.Ledger.RecordSubmission(ctx, ledger.Submission{
		PortID: in.Ref.Port, Version: in.Ref.Version, Carrier: in.Carrier, OrderDigest: q.want.OrderDigest, ShownDigest: q.want.ShownDigest,
		Nonce: q.want.Nonce, Policy: q.want.Policy, At: in.At,
	})
	if no, ok := refusal(err, porting.ApprovalVoid); ok {
		return q.run, no, nil
	}
	return q.run, nil, err
}

// asClaimed refuses an order that is not the one for which the port claimed its numbers: another submitter could decide on
// it, another carrier would get it, and other numbers may be held by another port.
func (a *Activities) asClaimed(ctx context.Context, in porting.SubmitInput, fence ledger.Fence) (*porting.Refusal, error) {
	if in.Order.SubmittedBy != fence.Submitter || in.Carrier != fence.Carrier {
		return &porting.Refusal{Reason: porting.ApprovalVoid, Note: "the order has another submitter or carrier than the one that was taken"}, nil
	}
	order := porting.ReceiveInput{Port: in.Ref.Port, Order: in.Order, At: in.At}
	_, err := a.Ledger.Claim(ctx, a.claim(ctx, order, &porting.Receipt{Carrier: in.Carrier}))
	if no, ok := refusal(err, porting.ApprovalVoid); ok {
		return no, nil
	}
	return nil, err
}

// mayBeActivated counts the decisions once more, against the registry as it is at the point of no return, for the order that
// the ledger says was sent.
func (a *Activities) mayBeActivated(ctx context.Context, in porting.ActivateInput) (run string, no *porting.Refusal, err error) {
	if in.Protocol < porting.GateProtocol {
		return "", &porting.Refusal{Reason: porting.OtherReason, Note: "the saga runs on a build that this gate does not serve"}, nil
	}
	fence, err := a.Ledger.Fence(ctx, in.Ref.Port)
	if err != nil {
		return "", nil, lasting(err)
	}
	if !fence.RevokedAt.IsZero() {
		return "", &porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "the authorization was revoked"}, nil // nobody need approve it again
	}
	q, no, err := a.quorum(ctx, in.Ref, fence, in.Order, in.Salt, in.Findings)
	if no != nil || err != nil {
		return q.run, no, err
	}
	sent, err := a.Ledger.Submission(ctx, in.Ref.Port, in.Ref.Version)
	if porting.KindOf(err) == porting.NotFound || (err == nil && sent.OrderDigest != q.want.OrderDigest) {
		return q.run, &porting.Refusal{Reason: porting.ApprovalVoid, Note: "the gate never sent this order"}, nil
	}
	if err != nil {
		return q.run, nil, err
	}
	no, err = q.check(ctx, in.Decisions)
	return q.run, no, err
}

// quorum prepares the count: what a decision must bind follows from the order itself and from the last screening, whose
// verdict a worker signed.
func (a *Activities) quorum(ctx context.Context, ref porting.Ref, fence ledger.Fence, o porting.Order, salt string, found porting.Findings) (quorum, *porting.Refusal, error) {
	run, no := sagaOf(ctx, ref.Port)
	q := quorum{ledger: a.Ledger, run: run, now: time.Now().UTC()}
	if no != nil {
		return q, no, nil
	}
	registry, err := a.Approvals.Registry.Current(ctx, q.now)
	if err != nil {
		return q, nil, err
	}
	digest := porting.OrderDigest(salt, o)
	screened, err := a.screened(ctx, registry, ref, digest, found, q.now)
	if no, ok := refusal(err, porting.ApprovalVoid); ok {
		return q, no, nil
	}
	if err != nil {
		return q, nil, err
	}
	pack, err := a.Rules.Pack(fence.Pack)
	if err != nil {
		return q, nil, lasting(err)
	}
	q.registry, q.submitter, q.policy = registry, personOf(registry, fence.Submitter), pack.Policy(screened.Risk)
	q.want = porting.Challenge{
		Audience: registry.Audience(), Port: ref.Port, Run: run, Epoch: fence.Epoch, Stage: porting.Verifying, OrderVersion: ref.Version, OrderDigest: digest,
		Shown:  porting.Show(o, fence.Carrier, porting.Findings{Risk: screened.Risk, Notes: screened.Notes}),
		Policy: q.policy.Ref(fence.Pack), Nonce: screened.Nonce,
	}.Statement("", "", q.now, 0)
	return q, nil, nil
}

// screened is the port's last screening: an earlier one, which may have found less, does not count.
func (a *Activities) screened(ctx context.Context, registry *approval.Registry, ref porting.Ref, digest string, found porting.Findings, now time.Time) (approval.ScreeningVerdict, error) {
	var screened approval.ScreeningVerdict
	if err := registry.OpenVerdict(found.Verdict, &screened, now); err != nil {
		return screened, err
	}
	if screened.Port != ref.Port || screened.OrderVersion != ref.Version || screened.OrderDigest != digest {
		return screened, void("the screening was of another order")
	}
	last, err := a.Ledger.LastScreening(ctx, ref.Port)
	if err == nil && last != screened.Nonce {
		err = void("the order was screened again since")
	}
	return screened, err
}

// personOf is the registry's name for a submitter, or the submitter's own.
func personOf(registry *approval.Registry, name string) string {
	if id, ok := registry.Person(name); ok {
		return id
	}
	return name
}
