package activities

import (
	"context"
	"strconv"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// The steps keep in the ledger what a port waits for from then on, and until when. The saga's own clocks say it better, and see
// holds and extensions, too; but when Temporal is dead the ledger is what a watchdog can still read. Where the rules give no date,
// the one before stays.

// The clocks on which a port-in waits for somebody.
const (
	awaitDecision   = "decision"
	awaitFOC        = "foc"
	awaitCorrection = "correction"
	awaitDate       = "date" // not a clock of a pack: the confirmed date
	awaitGuard      = "guard"
	awaitAnswer     = "answer" // ours to a counterparty
)

// awaitApproval notes until when people decide on an order that was screened.
func (a *Activities) awaitApproval(ctx context.Context, in porting.ScreenInput, found porting.Findings) error {
	if found.Blocked != nil {
		return nil
	}
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return lasting(err)
	}
	return a.await(ctx, pack, placeOfOrder(in.Order), in.At,
		ledger.Awaited{PortID: in.Port, Clock: awaitDecision, Ref: strconv.Itoa(in.Order.Version), OwedBy: porting.WaitingApprover})
}

// awaitCarrier notes what follows from where an order stands at its carrier.
func (a *Activities) awaitCarrier(ctx context.Context, status porting.CarrierStatus, at time.Time, place rules.Place) error {
	waiting := ledger.Awaited{PortID: status.Ref.Port, Ref: strconv.Itoa(status.Ref.Version)}
	switch status.State {
	case porting.CarrierPending:
		waiting.Clock, waiting.OwedBy = awaitFOC, porting.WaitingCarrier
	case porting.CarrierRejected:
		waiting.Clock, waiting.OwedBy = awaitCorrection, porting.WaitingOperator
	case porting.CarrierConfirmed:
		waiting.Clock, waiting.OwedBy, waiting.Ref = awaitDate, porting.WaitingDate, status.FOC.UTC().Format(time.RFC3339)
		waiting.DueAt = status.FOC
	case porting.CarrierActive:
		waiting.Clock, waiting.OwedBy = awaitGuard, porting.WaitingDate
	default:
		return nil
	}
	fence, err := a.Ledger.Fence(ctx, waiting.PortID)
	if porting.KindOf(err) == porting.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	pack, err := a.Rules.Pack(fence.Pack)
	if err != nil {
		return nil //nolint:nilerr // without its rules there is no date, and the step was done
	}
	return a.await(ctx, pack, place, at, waiting)
}

// awaitOurAnswer notes until when a counterparty must have our answer.
func (a *Activities) awaitOurAnswer(ctx context.Context, in porting.LeavingInput, pinned porting.AnswerPolicy) error {
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return lasting(err)
	}
	asked := in.Request.ReceivedAt
	if asked.IsZero() {
		asked = in.At
	}
	plan, err := planUnder(pack, porting.AnswerPlanInput{Request: in.Request, At: asked}, pinned)
	if err != nil {
		return err
	}
	return a.Ledger.Await(ctx, ledger.Awaited{
		PortID: in.Port, Clock: awaitAnswer, OwedBy: porting.WaitingApprover, NotedAt: asked, DueAt: plan.AnswerBy,
	})
}

// await notes a date: that of the pack's clock, or a confirmed one as soon as the pack lets numbers change hands after it.
func (a *Activities) await(ctx context.Context, pack *rules.Pack, place rules.Place, at time.Time, waiting ledger.Awaited) error {
	waiting.NotedAt = at
	if waiting.Clock == awaitDate {
		if opens, err := pack.NextActivation(waiting.DueAt, place); err == nil {
			waiting.DueAt = opens
		}
		return a.Ledger.Await(ctx, waiting)
	}
	due, err := pack.Due(waiting.Clock, at, place)
	if err != nil {
		return nil //nolint:nilerr // the pack needs to know more to give a date, and the step was done
	}
	waiting.DueAt = due.At
	return a.Ledger.Await(ctx, waiting)
}

func placeOfOrder(o porting.Order) rules.Place {
	place := porting.Place{Region: o.Subscriber.Address.Region}
	if len(o.Numbers) > 0 {
		place.Number = o.Numbers[0]
	}
	return placeOf(place)
}
