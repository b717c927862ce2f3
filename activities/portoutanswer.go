package activities

import (
	"context"
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// AnswerPortOut answers a counterparty, once: it asks first what the counterparty has. A refusal needs a lawful ground of the
// pack. An approval needs the numbers in the ledger, decisions that hold, and the fence: whoever revoked was promised that
// nothing leaves.
func (a *Activities) AnswerPortOut(ctx context.Context, in porting.AnswerInput) (porting.AnswerGiven, error) {
	given, err := a.answerPortOut(ctx, in)
	if err == nil && given.Withheld == nil {
		err = a.Ledger.AwaitNothing(ctx, in.Leaving.Port)
	}
	return given, err
}

func (a *Activities) answerPortOut(ctx context.Context, in porting.AnswerInput) (porting.AnswerGiven, error) {
	asks, err := a.portOuts(in.Leaving)
	if err != nil {
		return porting.AnswerGiven{}, err
	}
	if in.Leaving.Clock.Scaled() && !a.AllowScaledClock {
		return porting.AnswerGiven{}, never(&porting.Error{Kind: porting.Refused, Code: "clock-scaled", Op: "answer port-out", Object: in.Leaving.Port, Detail: "this gate lives in real time"})
	}
	now, err := asks.PortOutStatus(ctx, in.Leaving.Request.ID)
	if err != nil {
		return porting.AnswerGiven{}, lastingUnknown(err)
	}
	if done(in.Answer.Kind, now) {
		return a.givenBefore(ctx, in, now)
	}
	answer, withheld, err := a.answerOf(ctx, in, now)
	if err != nil || withheld != nil {
		return orNothing(withheld, in, now), err
	}
	status, err := asks.AnswerPortOut(ctx, in.Leaving.Request.ID, answer)
	if code := porting.CodeOf(err); code == "port-out-answered" || code == "carrier-refused" {
		return a.answeredOtherwise(ctx, asks, in, code)
	}
	return given(in, status), err
}

// lastingUnknown makes a request that the counterparty does not know an error that no retry mends.
func lastingUnknown(err error) error {
	if porting.CodeOf(err) == "port-out-unknown" {
		return never(err)
	}
	return err
}

// done reports whether nothing is left to answer. Only a cancel follows an approval.
func done(kind porting.AnswerKind, s carrier.PortOutStatus) bool {
	switch s.State {
	case porting.CarrierPending, porting.CarrierUnknown:
		return false
	case porting.CarrierConfirmed:
		return kind != porting.AnswerCancel
	default:
		return true
	}
}

func given(in porting.AnswerInput, s carrier.PortOutStatus) porting.AnswerGiven {
	g := porting.AnswerGiven{Status: standing(in.Leaving, s)}
	if s.BySilence {
		g.Silence = s.AnsweredAt
	}
	return g
}

// givenBefore is an answer that the counterparty has already. The saga may have been reset since, to before the subscriber
// revoked: the ledger tells it so.
func (a *Activities) givenBefore(ctx context.Context, in porting.AnswerInput, now carrier.PortOutStatus) (porting.AnswerGiven, error) {
	g := given(in, now)
	if now.State != porting.CarrierConfirmed {
		return g, nil
	}
	pack, err := a.Rules.Pack(in.Leaving.Pack)
	if err != nil {
		return g, lasting(err)
	}
	rule, err := pack.Cancel(time.Time{}, in.Leaving.At, rules.Donor)
	if err != nil || !rule.Allowed {
		return g, lasting(err)
	}
	fence, err := a.Ledger.Fence(ctx, in.Leaving.Port)
	g.Fenced = err == nil && !fence.RevokeRequestedAt.IsZero()
	if porting.KindOf(err) == porting.NotFound {
		return g, nil
	}
	return g, err
}

func orNothing(withheld *porting.AnswerGiven, in porting.AnswerInput, s carrier.PortOutStatus) porting.AnswerGiven {
	if withheld == nil {
		return porting.AnswerGiven{}
	}
	withheld.Status = standing(in.Leaving, s)
	return *withheld
}

// answeredOtherwise reads back what became of a request that did not take our answer.
func (a *Activities) answeredOtherwise(ctx context.Context, asks carrier.PortOuts, in porting.AnswerInput, code string) (porting.AnswerGiven, error) {
	status, err := asks.PortOutStatus(ctx, in.Leaving.Request.ID)
	g := given(in, status)
	if code == "carrier-refused" && in.Answer.Kind == porting.AnswerCancel && err == nil && status.State == porting.CarrierConfirmed {
		g.Status.State = porting.CarrierLocked // its people must take the cancel
	}
	return g, err
}

// answerOf is the answer as it may be sent, or why it is withheld.
func (a *Activities) answerOf(ctx context.Context, in porting.AnswerInput, now carrier.PortOutStatus) (carrier.PortOutAnswer, *porting.AnswerGiven, error) {
	pack, err := a.Rules.Pack(in.Leaving.Pack)
	if err != nil {
		return carrier.PortOutAnswer{}, nil, lasting(err)
	}
	switch in.Answer.Kind {
	case porting.AnswerRefuse:
		ground, err := pack.Ground(in.Answer.Reason, rules.Donor)
		return carrier.Refuse(ground), nil, lasting(err)
	case porting.AnswerCancel:
		return a.takingBack(ctx, pack, in)
	default:
		withheld, err := a.mayLeave(ctx, pack, in, now)
		return carrier.Approve(), withheld, err
	}
}

// takingBack is the donor's cancel: only for a revocation that the ledger knows.
func (a *Activities) takingBack(ctx context.Context, pack *rules.Pack, in porting.AnswerInput) (carrier.PortOutAnswer, *porting.AnswerGiven, error) {
	fence, err := a.Ledger.Fence(ctx, in.Leaving.Port)
	if err != nil {
		return carrier.PortOutAnswer{}, nil, lasting(err)
	}
	rule, err := pack.Cancel(time.Time{}, in.Leaving.At, rules.Donor)
	if err != nil {
		return carrier.PortOutAnswer{}, nil, lasting(err)
	}
	if fence.RevokeRequestedAt.IsZero() || !rule.Allowed {
		return carrier.PortOutAnswer{}, withhold(porting.AuthorizationRevoked, "no revocation that the rules let a donor act on is in the ledger"), nil
	}
	return carrier.TakeBack(rule, in.Answer.Reason), nil, nil
}

func withhold(why porting.Reason, note string) *porting.AnswerGiven {
	return &porting.AnswerGiven{Withheld: &porting.Refusal{Reason: why, Note: note}}
}

// mayLeave looks at everything that must hold before numbers may leave, and wins the fence.
func (a *Activities) mayLeave(ctx context.Context, pack *rules.Pack, in porting.AnswerInput, now carrier.PortOutStatus) (*porting.AnswerGiven, error) {
	if asked := now.Request.Numbers; !slices.Equal(asked, in.Leaving.Request.Numbers) {
		return withhold(porting.OrderInvalid, "the counterparty's own record names other numbers"), nil
	}
	receipt := porting.Receipt{Carrier: a.carrierOf(in.Leaving), Pack: in.Leaving.Pack}
	fence, err := a.claimLeaving(ctx, in.Leaving, &receipt)
	if porting.CodeOf(err) == "port-revoked" {
		return a.revokedLeaving(ctx, pack, in, now)
	}
	if no, ok := refusal(err, claimReason(err)); ok {
		return &porting.AnswerGiven{Withheld: no}, nil
	}
	if err != nil {
		return nil, err
	}
	if withheld, err := a.mayBeApproved(ctx, pack, in, now, fence); withheld != nil || err != nil {
		return withheld, err
	}
	if err := a.lookForRestore(ctx); err != nil {
		return nil, err
	}
	_, err = a.Ledger.BeginActivation(ctx, in.Leaving.Port, fence.Epoch, refOfLeaving(in.Leaving).String(), a.gateTime(in.Leaving))
	if porting.CodeOf(err) == "fence-closed" {
		return fenced(), nil
	}
	return nil, err
}

// revokedLeaving is the answer to a request whose fence a revocation closed. Where the rules let no donor stop a port, the
// closed fence stops none either: silence would approve it unwatched.
func (a *Activities) revokedLeaving(ctx context.Context, pack *rules.Pack, in porting.AnswerInput, now carrier.PortOutStatus) (*porting.AnswerGiven, error) {
	rule, err := pack.Cancel(time.Time{}, in.Leaving.At, rules.Donor)
	if err != nil {
		return nil, lasting(err)
	}
	if rule.Allowed {
		return fenced(), nil
	}
	fence, err := a.Ledger.Fence(ctx, in.Leaving.Port)
	if err != nil {
		return nil, lasting(err)
	}
	return a.mayBeApproved(ctx, pack, in, now, fence)
}

func fenced() *porting.AnswerGiven {
	g := withhold(porting.AuthorizationRevoked, "the subscriber has stopped the port")
	g.Fenced = true
	return g
}

// gateTime is business time on the gate's own clock.
func (a *Activities) gateTime(in porting.LeavingInput) time.Time {
	return in.Clock.Business(time.Now()).UTC().Truncate(time.Microsecond)
}

// mayBeApproved holds an approval against what the ledger knows, and counts the decisions again, where they are signed.
// Policy's own word counts at the last moment alone, by the gate's clock and by what the counterparty says of its time.
func (a *Activities) mayBeApproved(ctx context.Context, pack *rules.Pack, in porting.AnswerInput, now carrier.PortOutStatus, fence ledger.Fence) (*porting.AnswerGiven, error) {
	plan, err := a.gatePlan(ctx, pack, in.Leaving, now, fence)
	if err != nil {
		return nil, err
	}
	if withheld, err := a.forbidden(ctx, plan, in); withheld != nil || err != nil {
		return withheld, err
	}
	if withheld, err := a.gotWorse(ctx, in); withheld != nil || err != nil {
		return withheld, err
	}
	if a.Approvals == nil {
		return nil, nil
	}
	if in.Answer.Last {
		return a.isLastMoment(plan, in.Leaving), nil
	}
	order := in.Leaving.Request.Order()
	q, no, err := a.quorum(ctx, refOfLeaving(in.Leaving), fence, order, in.Leaving.Salt, in.Findings)
	if no != nil || err != nil {
		return withheldBy(no, q.run), err
	}
	var screened approval.ScreeningVerdict
	if err := q.registry.OpenVerdict(in.Findings.Verdict, &screened, q.now); err != nil {
		return nil, lasting(err)
	}
	q.policy = stricter(leavingPolicy(pack, screened.Risk), in.Findings.Policy)
	q.want.Stage, q.want.Policy = porting.Deciding, q.policy.Ref(fence.Pack)
	no, err = q.check(ctx, in.Decisions)
	return withheldBy(no, q.run), err
}

// stricter is a policy with what a saga asked for beyond it.
func stricter(p porting.Policy, asked *porting.Policy) porting.Policy {
	if asked == nil {
		return p
	}
	return porting.Policy{People: max(p.People, asked.People), Teams: max(p.Teams, asked.Teams), Hardware: max(p.Hardware, asked.Hardware)}
}

func withheldBy(no *porting.Refusal, run string) *porting.AnswerGiven {
	if no == nil {
		return nil
	}
	return &porting.AnswerGiven{Withheld: no, Run: run}
}

// gatePlan is the plan of an answer as the counterparty's own record, the ledger and this gate's rules have it. Nothing in it
// is the saga's word.
func (a *Activities) gatePlan(ctx context.Context, pack *rules.Pack, in porting.LeavingInput, now carrier.PortOutStatus, fence ledger.Fence) (porting.AnswerPlan, error) {
	policy, err := a.pinAnswers(ctx, in, fence)
	if err != nil {
		return porting.AnswerPlan{}, err
	}
	read := in.Request
	read.ReceivedAt, read.SilenceAt = now.ReceivedAt, now.SilenceAt
	return planUnder(pack, porting.AnswerPlanInput{Request: read, At: now.ReceivedAt}, policy)
}

// forbidden withholds an approval that the ledger speaks against: it has the subscriber's reply, and the risk that was found.
// Where decisions are trusted as they come, so is a subscriber's yes.
func (a *Activities) forbidden(ctx context.Context, plan porting.AnswerPlan, in porting.AnswerInput) (*porting.AnswerGiven, error) {
	known, err := a.Ledger.KnownOf(ctx, in.Leaving.Port)
	if err != nil {
		return nil, err
	}
	plan.Confirm = plan.Confirm && a.Approvals != nil
	no := plan.Forbids(in.Answer, known)
	if no == nil {
		return nil, nil
	}
	return &porting.AnswerGiven{Withheld: no, Known: &known}, nil
}

// gotWorse looks once more for signs of fraud, and withholds an approval that was given on less. Policy's own word at the last
// moment cannot wait for that.
func (a *Activities) gotWorse(ctx context.Context, in porting.AnswerInput) (*porting.AnswerGiven, error) {
	if in.Answer.Last {
		return nil, nil
	}
	found, err := a.freshLook(ctx, screenInputOf(in.Leaving), in.Findings)
	if found == nil || err != nil {
		return nil, err
	}
	return &porting.AnswerGiven{Withheld: rose(*found), Found: found}, nil
}

// isLastMoment refuses policy's word before its time.
func (a *Activities) isLastMoment(plan porting.AnswerPlan, in porting.LeavingInput) *porting.AnswerGiven {
	if a.gateTime(in).Add(clockSkew).Before(plan.LastMoment) {
		return withhold(porting.ApprovalVoid, "policy answers at "+plan.LastMoment.Format(time.RFC3339)+", and not before")
	}
	return nil
}

// ReleaseNumbers switches numbers off here, if the counterparty shows that they work elsewhere: never a number without
// service.
func (a *Activities) ReleaseNumbers(ctx context.Context, in porting.ReleaseInput) (porting.Released, error) {
	asks, err := a.portOuts(in.Leaving)
	if err != nil {
		return porting.Released{}, err
	}
	seen, err := asks.PortOutStatus(ctx, in.Leaving.Request.ID)
	if err != nil {
		return porting.Released{}, err
	}
	answer := porting.Released{Status: standing(in.Leaving, seen)}
	if seen.State != porting.CarrierActive {
		answer.Withheld = &porting.Refusal{Reason: porting.NetworkNotReady, Note: "the numbers are not seen with the recipient"}
		return answer, nil
	}
	if a.Leaving == nil {
		return porting.Released{}, never(&porting.Error{Kind: porting.Refused, Code: "switch-not-configured", Op: "release numbers", Object: in.Leaving.Port, Detail: "this worker does not reach our own network"})
	}
	return answer, a.release(ctx, in.Leaving, movedNumbers(in.Leaving.Request.Numbers, seen.Numbers))
}

// movedNumbers leaves out those that the counterparty says did not move.
func movedNumbers(asked []porting.Number, told []carrier.NumberState) []porting.Number {
	stays := map[porting.Number]bool{}
	for _, n := range told {
		stays[n.Number] = n.State != porting.CarrierActive
	}
	var moved []porting.Number
	for _, n := range asked {
		if !stays[n] {
			moved = append(moved, n)
		}
	}
	return moved
}

// ClosePortOut ends a port-out in the ledger: its numbers are free and its secrets gone. While the numbers may still leave it
// says so first to the fence, by what the counterparty has.
func (a *Activities) ClosePortOut(ctx context.Context, in porting.CloseLeavingInput) (bool, error) {
	fence, err := a.Ledger.Fence(ctx, in.Leaving.Port)
	if err != nil && porting.KindOf(err) != porting.NotFound {
		return false, err
	}
	at := a.gateTime(in.Leaving)
	if fence.State == ledger.FenceActivating {
		status, err := a.ReadPortOut(ctx, in.Leaving)
		if err != nil {
			return false, err
		}
		if err := a.Ledger.EndActivation(ctx, in.Leaving.Port, fence.ActivationKey, status.State == porting.CarrierActive, at); err != nil {
			return false, lasting(err)
		}
	}
	if err := a.Ledger.DestroySecrets(ctx, in.Leaving.Port); err != nil {
		return false, err
	}
	if err := a.forgetTold(ctx, in.Leaving.Port); err != nil {
		return false, err
	}
	if err := a.recordTimeline(ctx, in.Leaving.Port, in.Timeline); err != nil {
		return false, err
	}
	return true, a.Ledger.Release(ctx, in.Leaving.Port, in.Outcome, at)
}
