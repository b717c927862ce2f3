package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// SubmitPort sends the LSR, or supplements it when the order was amended, if the decisions hold. It asks first: an order that arrived before
// its answer was lost is not sent again.
func (a *Activities) SubmitPort(ctx context.Context, in porting.SubmitInput) (porting.SubmitAnswer, error) {
	gateway, err := a.gateway(in.Carrier)
	if err != nil {
		return porting.SubmitAnswer{}, err
	}
	known, err := gateway.Status(ctx, in.Ref)
	if err == nil && known.Ref.Version >= in.Ref.Version {
		return porting.SubmitAnswer{CarrierStatus: known}, a.awaitCarrier(ctx, known, in.At, placeOfOrder(in.Order))
	}
	if err != nil && porting.CodeOf(err) != "carrier-order-unknown" {
		return porting.SubmitAnswer{}, err
	}
	fence, err := a.Ledger.Fence(ctx, in.Ref.Port)
	switch {
	case err != nil:
		return porting.SubmitAnswer{}, lasting(err)
	case !fence.RevokedAt.IsZero():
		return porting.SubmitAnswer{CarrierStatus: porting.CarrierStatus{Ref: in.Ref, State: porting.CarrierNotAsked}}, nil
	case fence.State == ledger.FenceClosed:
		return porting.SubmitAnswer{}, never(&porting.Error{
			Kind: porting.Refused, Code: "port-closed", Op: "submit order", Object: in.Ref.Port,
			Detail: "the port has ended, and others may hold its numbers", Next: "start a new port",
		})
	}
	withheld, err := a.mayStillBeSent(ctx, in, fence)
	if err != nil || withheld.Withheld != nil {
		return withheld, err
	}
	lsr, err := a.lsr(ctx, in)
	if err == nil {
		err = a.recordTrusted(ctx, in)
	}
	if err != nil {
		return porting.SubmitAnswer{}, err
	}
	status, err := gateway.Submit(ctx, lsr)
	status, err = refusedAsState(in.Ref, status, err, porting.CarrierRefused)
	if err == nil {
		err = a.tellDate(ctx, status, in.At)
	}
	if err == nil {
		err = a.awaitCarrier(ctx, status, in.At, placeOfOrder(in.Order))
	}
	return porting.SubmitAnswer{CarrierStatus: status}, err
}

// mayStillBeSent asks whether the decisions hold, and whether what people decided on is still what is known.
func (a *Activities) mayStillBeSent(ctx context.Context, in porting.SubmitInput, fence ledger.Fence) (porting.SubmitAnswer, error) {
	var answer porting.SubmitAnswer
	if a.Approvals != nil {
		run, no, err := a.mayBeSent(ctx, in, fence)
		if no != nil || err != nil {
			return porting.SubmitAnswer{Withheld: no, Run: run}, err
		}
		answer.Run = run
	}
	found, err := a.freshLook(ctx, porting.ScreenInput{Port: in.Ref.Port, Order: in.Order, Pack: in.Pack, Carrier: in.Carrier, Salt: in.Salt, At: in.At}, in.Findings)
	if found != nil {
		answer.Withheld, answer.Found = rose(*found), found
	}
	return answer, err
}

// lsr is the order as the carrier needs it: with its authorization code, without what is only ours.
func (a *Activities) lsr(ctx context.Context, in porting.SubmitInput) (carrier.LSR, error) {
	code, err := a.secret(ctx, in.Ref.Port, in.Order.Authorization.CodeRef, in.At)
	if err != nil {
		return carrier.LSR{}, lasting(err)
	}
	wish, err := a.desiredDueDate(in)
	order := in.Order
	order.CSR = nil
	return carrier.LSR{Ref: in.Ref, Order: order, Code: code, DDD: wish}, err
}

// desiredDueDate is the start of the wished day in the pack's zone; zero without a wish.
func (a *Activities) desiredDueDate(in porting.SubmitInput) (time.Time, error) {
	if in.Order.Wishes.DueDate == "" {
		return time.Time{}, nil
	}
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return time.Time{}, lasting(err)
	}
	zone, err := pack.ZoneAt(placeOf(porting.Place{Number: in.Order.Numbers[0], Region: in.Order.Subscriber.Address.Region}))
	if err != nil {
		return time.Time{}, lasting(err)
	}
	wish, err := time.ParseInLocation(time.DateOnly, in.Order.Wishes.DueDate, zone)
	if err != nil {
		return time.Time{}, never(&porting.Error{
			Kind: porting.Invalid, Code: "due-date-malformed", Op: "submit order", Object: in.Ref.Port,
			Detail: "the due date is not a date", Next: "write it like 2026-12-07",
		})
	}
	return wish, nil
}

// ReadCarrier reads the truth back, and tells people of a date that they do not know yet.
func (a *Activities) ReadCarrier(ctx context.Context, in porting.CarrierInput) (porting.CarrierStatus, error) {
	gateway, err := a.gateway(in.Carrier)
	if err != nil {
		return porting.CarrierStatus{}, err
	}
	status, err := readBack(ctx, gateway, in.Ref)
	if err == nil {
		err = a.tellDate(ctx, status, in.At)
	}
	if err == nil && !in.At.IsZero() {
		err = a.awaitCarrier(ctx, status, in.At, rules.Place{})
	}
	return status, err
}

// CancelPort asks the carrier to cancel. An order that never arrived, or is cancelled already, is left as it is.
func (a *Activities) CancelPort(ctx context.Context, in porting.CarrierInput) (porting.CarrierStatus, error) {
	if err := a.mayUndo(ctx, in.Ref.Port); err != nil {
		return porting.CarrierStatus{}, err
	}
	gateway, err := a.gateway(in.Carrier)
	if err != nil {
		return porting.CarrierStatus{}, err
	}
	now, err := readBack(ctx, gateway, in.Ref)
	if err != nil || settled(now.State) {
		return now, err
	}
	status, err := gateway.Cancel(ctx, in.Ref, in.Reason)
	return refusedAsState(in.Ref, status, err, porting.CarrierLocked)
}

// ReversePort orders the numbers back to the donor, once.
func (a *Activities) ReversePort(ctx context.Context, in porting.CarrierInput) (porting.CarrierStatus, error) {
	if err := a.mayUndo(ctx, in.Ref.Port); err != nil {
		return porting.CarrierStatus{}, err
	}
	if err := a.mayReverse(ctx, in.Ref.Port); err != nil {
		return porting.CarrierStatus{}, err
	}
	gateway, err := a.gateway(in.Carrier)
	if err != nil {
		return porting.CarrierStatus{}, err
	}
	now, err := gateway.Status(ctx, in.Ref)
	if err != nil || now.State == porting.CarrierReversing || now.State == porting.CarrierReversed {
		return now, err
	}
	status, err := gateway.Reverse(ctx, in.Ref, in.Reason)
	return refusedAsState(in.Ref, status, err, porting.CarrierRefused)
}

// mayUndo refuses whoever is neither the port's own saga nor its rescue, where decisions are signed.
func (a *Activities) mayUndo(ctx context.Context, port string) error {
	if a.Approvals == nil {
		return nil
	}
	info := activity.GetInfo(ctx)
	asks := info.WorkflowExecution.ID
	if asks == port || asks == porting.RescueID(port) {
		return nil
	}
	return never(&porting.Error{
		Kind: porting.Refused, Code: "not-the-ports-saga", Op: "undo port", Object: port, Detail: "another workflow than the port's own saga or its rescue asks",
	})
}

// mayReverse refuses to take back numbers of a port that has ended, unless its authorization was revoked before it did: a saga
// that was reset to before its end must not undo what people live with.
func (a *Activities) mayReverse(ctx context.Context, port string) error {
	fence, err := a.Ledger.Fence(ctx, port)
	if porting.KindOf(err) == porting.NotFound {
		return nil
	}
	revokedBefore := !fence.RevokeRequestedAt.IsZero() && !fence.RevokeRequestedAt.After(fence.ReleasedAt)
	if err != nil || fence.ReleasedAt.IsZero() || revokedBefore {
		return err
	}
	return never(&porting.Error{
		Kind: porting.Refused, Code: "port-closed", Op: "port numbers back", Object: port, Detail: "the port has ended, and nobody had revoked it",
		Next: "start a port-in for the donor, with the reason " + string(porting.UnauthorisedPort),
	})
}

// settled reports whether a cancel has nothing left to do, or comes too late.
func settled(s porting.CarrierState) bool {
	switch s {
	case porting.CarrierNothing, porting.CarrierCancelled, porting.CarrierCancelPending, porting.CarrierActive, porting.CarrierReversing, porting.CarrierReversed:
		return true
	}
	return false
}

// readBack is the carrier's truth; an order that it does not know is a state, not an error.
func readBack(ctx context.Context, g carrier.Gateway, ref porting.Ref) (porting.CarrierStatus, error) {
	status, err := g.Status(ctx, ref)
	if porting.CodeOf(err) == "carrier-order-unknown" {
		return porting.CarrierStatus{Ref: ref, State: porting.CarrierNothing}, nil
	}
	return status, err
}

// refusedAsState makes a carrier's final "no" a state; transport faults stay errors and are tried again.
func refusedAsState(ref porting.Ref, status porting.CarrierStatus, err error, state porting.CarrierState) (porting.CarrierStatus, error) {
	var no *porting.Error
	if !errors.As(err, &no) || no.Kind != porting.Refused {
		return status, err
	}
	return porting.CarrierStatus{
		Ref: ref, State: state, Raw: no.Code,
		Reasons: []porting.Rejection{{Code: no.Code, Text: no.Detail, Reason: porting.OtherReason}},
	}, nil
}
