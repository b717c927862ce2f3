package activities

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// Clocks of a pack that a donor's answer runs on.
const (
	clockAnswer = "foc" // in which the donor answers
	clockLead   = "answer-lead"
)

// Leaving is what a worker of the gate needs for port-outs. A worker without it answers none.
type Leaving struct {
	Switch carrier.Switch // our own network and billing
	Guard  NumberGuard    // PINs and locks of our numbers; neither is looked at when nil
}

// NumberGuard protects numbers that are ours.
type NumberGuard interface {
	// CheckPIN says whether a PIN is the number's. The same Ref is the same attempt, however often a step is tried.
	CheckPIN(ctx context.Context, a PINAttempt) (PINVerdict, error)
	// Locked says whether the number or its account must not leave.
	Locked(ctx context.Context, tenant string, number porting.Number, account string) (bool, error)
}

// PINAttempt is a PIN that a counterparty says is a number's.
type PINAttempt struct {
	Tenant string
	Number porting.Number
	PIN    porting.Secret
	Ref    string
	Source string // the counterparty
	Quiet  bool   // a line separation: nobody hears of a failure
}

// PINVerdict is what a PIN turned out to be.
type PINVerdict string

// Verdicts.
const (
	PINRight  PINVerdict = "ok"
	PINWrong  PINVerdict = "wrong"
	PINLocked PINVerdict = "locked" // too many attempts: not looked at
	PINNone   PINVerdict = "none"   // the number has no PIN
)

// PlanAnswer says how a request must be answered, from the rules and the answer policy alone.
func (a *Activities) PlanAnswer(_ context.Context, in porting.AnswerPlanInput) (porting.AnswerPlan, error) {
	pack, why, err := a.packOf(in)
	if no, ok := refusal(err, porting.OrderInvalid); ok {
		return porting.AnswerPlan{Refused: no}, nil
	}
	if err != nil {
		return porting.AnswerPlan{}, err
	}
	policy := a.AnswerPolicies.Of(in.Request.TenantOrDefault(), pack.ID)
	if in.Answers != nil {
		policy = *in.Answers
	}
	plan, err := planUnder(pack, in, policy)
	plan.PackWhy = why
	return plan, err
}

// packOf is the pack that a port is pinned to, or the one that the rules choose.
func (a *Activities) packOf(in porting.AnswerPlanInput) (*rules.Pack, string, error) {
	if in.Pack != "" {
		pack, err := a.Rules.Pack(in.Pack)
		return pack, "pinned when the numbers were claimed", err
	}
	chosen, err := a.Rules.Select(in.Request.Order(), in.At)
	return chosen.Pack, chosen.Why, err
}

// planUnder is the plan of an answer under a pack and an answer policy.
func planUnder(pack *rules.Pack, in porting.AnswerPlanInput, policy porting.AnswerPolicy) (porting.AnswerPlan, error) {
	plan := porting.AnswerPlan{Pack: pack.Ref(), Jurisdiction: pack.ID, Grounds: donorGrounds(pack), Defaults: policy.Defaults, Policy: policy.Ref}
	if err := answerTimes(pack, in, policy.Lead, &plan); err != nil {
		return porting.AnswerPlan{}, lasting(err)
	}
	if ask, asked := pack.Confirmation(); asked && ask.By == rules.Donor {
		plan.Confirm, plan.OnNoReply = true, ask.OnTimeout
	}
	cancel, err := pack.Cancel(time.Time{}, in.At, rules.Donor)
	if err != nil {
		return porting.AnswerPlan{}, lasting(err)
	}
	plan.Revocation = porting.RevocationRule{Allowed: cancel.Allowed, Evidence: cancel.Evidence, Why: cancel.Why}
	return plan, nil
}

// answerTimes sets until when the answer must be there, and when policy gives it: the pack's lead before, in short times a
// tenth of them, or a longer lead of our own, up to half of the time.
func answerTimes(pack *rules.Pack, in porting.AnswerPlanInput, own time.Duration, plan *porting.AnswerPlan) error {
	order := in.Request.Order()
	place := placeOf(porting.Place{Number: order.Numbers[0], Region: order.Subscriber.Address.Region})
	answer, err := pack.Due(clockAnswer, in.At, place)
	if err != nil {
		return err
	}
	lead, err := pack.Due(clockLead, in.At, place)
	if err != nil {
		return err
	}
	plan.AnswerBy, plan.Why = answer.At, strings.TrimSpace(answer.Why)
	if silence := in.Request.SilenceAt; !silence.IsZero() && silence.Before(plan.AnswerBy) {
		plan.AnswerBy, plan.Why = silence, "the recipient goes on by itself at "+silence.Format(time.RFC3339)+", before the rules' own time is over"
	}
	whole := plan.AnswerBy.Sub(in.At)
	ahead := max(min(lead.At.Sub(in.At), whole/10), min(own, whole/2), 0)
	plan.LastMoment = plan.AnswerBy.Add(-ahead)
	return nil
}

// donorGrounds are the reasons for which the pack lets a donor refuse.
func donorGrounds(pack *rules.Pack) []porting.Reason {
	var grounds []porting.Reason
	for _, reason := range porting.Reasons {
		if _, err := pack.Ground(reason, rules.Donor); err == nil {
			grounds = append(grounds, reason)
		}
	}
	return grounds
}

// ClaimLeaving takes the numbers for a port-out: one that another port holds, because it is still arriving, cannot leave.
func (a *Activities) ClaimLeaving(ctx context.Context, in porting.LeavingInput) (porting.Receipt, error) {
	if in.Clock.Scaled() && !a.AllowScaledClock {
		return porting.Receipt{}, never(&porting.Error{
			Kind: porting.Refused, Code: "clock-scaled", Op: "claim numbers", Object: in.Port,
			Detail: "this worker lives in real time; scaled clocks are for demo and dev",
		})
	}
	receipt := porting.Receipt{Carrier: a.carrierOf(in), Pack: in.Pack}
	if err := a.askForSignatures(ctx, &receipt); err != nil {
		return porting.Receipt{}, err
	}
	fence, err := a.claimLeaving(ctx, in, &receipt)
	if why := claimReason(err); why == porting.NumberInUse {
		return a.stillArriving(in, err)
	}
	if err != nil {
		return porting.Receipt{}, lasting(err)
	}
	pinned, err := a.pinAnswers(ctx, in, fence)
	if err == nil {
		err = a.awaitOurAnswer(ctx, in, pinned)
	}
	receipt.Epoch, receipt.Answers = fence.Epoch, pinned.Ref
	return receipt, err
}

// pinAnswers keeps the answer policy of this gate for the life of the port; the first one that was pinned holds.
func (a *Activities) pinAnswers(ctx context.Context, in porting.LeavingInput, fence ledger.Fence) (porting.AnswerPolicy, error) {
	return a.Ledger.PinAnswers(ctx, in.Port, a.AnswerPolicies.Of(fence.Tenant, jurisdictionOf(fence.Pack)))
}

func (a *Activities) claimLeaving(ctx context.Context, in porting.LeavingInput, receipt *porting.Receipt) (ledger.Fence, error) {
	order := in.Request.Order()
	claim := a.claim(ctx, porting.ReceiveInput{Port: in.Port, Order: order, At: in.At}, receipt)
	claim.Direction = porting.PortOut
	return a.Ledger.Claim(ctx, claim)
}

// arrivingGrounds are the grounds for a number that is not with us yet, best first.
var arrivingGrounds = []porting.Reason{porting.NumberInUse, porting.DuplicateRequest, porting.PendingOrder, porting.WrongLosingCarrier, porting.NumberInactive}

// stillArriving refuses with the first ground that the pack gives. Without one a person must call the recipient.
func (a *Activities) stillArriving(in porting.LeavingInput, cause error) (porting.Receipt, error) {
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return porting.Receipt{}, lasting(err)
	}
	i := slices.IndexFunc(arrivingGrounds, func(r porting.Reason) bool { _, no := pack.Ground(r, rules.Donor); return no == nil })
	if i < 0 {
		return porting.Receipt{}, lasting(cause)
	}
	return porting.Receipt{Carrier: a.carrierOf(in), Refused: &porting.Refusal{Reason: arrivingGrounds[i], Note: "another open port holds a number"}}, nil
}

// carrierOf is the gateway that brought a request.
func (a *Activities) carrierOf(in porting.LeavingInput) string {
	if in.Request.Carrier == "" {
		return a.defaultCarrier()
	}
	return in.Request.Carrier
}

// portOuts is the gateway that brought a request, if it takes answers.
func (a *Activities) portOuts(in porting.LeavingInput) (carrier.PortOuts, error) {
	gateway, err := a.gateway(a.carrierOf(in))
	if err != nil {
		return nil, err
	}
	asks, ok := gateway.(carrier.PortOuts)
	if !ok {
		return nil, never(&porting.Error{
			Kind: porting.Refused, Code: "carrier-takes-no-answer", Op: "answer port-out", Object: a.carrierOf(in),
			Detail: "this carrier asks nobody before numbers leave", Next: "call its people before the time is over",
		})
	}
	return answersFor(in.Port, asks), nil
}

// ReadPortOut reads back what the counterparty has.
func (a *Activities) ReadPortOut(ctx context.Context, in porting.LeavingInput) (porting.CarrierStatus, error) {
	asks, err := a.portOuts(in)
	if err != nil {
		return porting.CarrierStatus{}, err
	}
	status, err := asks.PortOutStatus(ctx, in.Request.ID)
	if porting.CodeOf(err) == "port-out-unknown" {
		return porting.CarrierStatus{Ref: refOfLeaving(in), State: porting.CarrierNothing}, nil
	}
	return standing(in, status), err
}

func refOfLeaving(in porting.LeavingInput) porting.Ref { return porting.Ref{Port: in.Port, Version: 1} }

// standing is a request's status in the words that a saga reads.
func standing(in porting.LeavingInput, s carrier.PortOutStatus) porting.CarrierStatus {
	return porting.CarrierStatus{Ref: refOfLeaving(in), State: s.State, Version: s.Version, Numbers: s.Numbers, Raw: s.Raw}
}
