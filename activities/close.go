package activities

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// CloseFence closes a port's fence by a revocation or a cancellation. When it returns, either no activation starts any
// more, or it says that one was faster.
func (a *Activities) CloseFence(ctx context.Context, in porting.FenceInput) (porting.FenceClosed, error) {
	fence, err := a.Ledger.CloseFence(ctx, in.Port, in.By, in.Reason, in.At)
	if err != nil {
		return porting.FenceClosed{}, err
	}
	return porting.FenceClosed{TooLate: fence.State != ledger.FenceClosed}, nil
}

// ClosePort ends a port in the ledger: its numbers are free again and its secrets are gone. While an activation may still
// move the numbers it fails, and is tried again. Where the ledger knows of an order that the asking run has not sent, because
// it was reset, it does nothing and answers false: that order must be cancelled first.
func (a *Activities) ClosePort(ctx context.Context, in porting.CloseInput) (bool, error) {
	if sent, err := a.sentByAnotherRun(ctx, in); sent || err != nil {
		return false, err
	}
	if err := a.endAbandoned(ctx, in.Port, in.At); err != nil {
		return false, err
	}
	if err := a.tellEnd(ctx, in); err != nil {
		return false, err
	}
	return true, a.Ledger.End(ctx, ledger.End{PortID: in.Port, Outcome: in.Outcome, At: in.At, Timeline: timelineLeaves(in.Port, in.Timeline)})
}

// sentByAnotherRun reports whether there is an order to cancel. A port that has ended needs no end: its numbers stay where they are.
func (a *Activities) sentByAnotherRun(ctx context.Context, in porting.CloseInput) (bool, error) {
	if !in.Unsent {
		return false, nil
	}
	fence, err := a.Ledger.Fence(ctx, in.Port)
	if err == nil && !fence.ReleasedAt.IsZero() {
		return false, nil
	}
	_, err = a.Ledger.LastSubmission(ctx, in.Port)
	if porting.KindOf(err) == porting.NotFound {
		return false, nil
	}
	return err == nil, err
}

// Arrivals is told of numbers that have come to us, so that their people can be told when somebody wants them away.
type Arrivals interface {
	Arrived(ctx context.Context, order porting.Order, numbers []porting.Number) error
}

// VerifyPort reads back that the numbers are where they should be, looks once more for signs of fraud, and then closes the
// port. A revocation that the ledger knows of goes before: who revoked was promised the way back.
func (a *Activities) VerifyPort(ctx context.Context, in porting.VerifyInput) (porting.Verification, error) {
	status, err := a.ReadCarrier(ctx, porting.CarrierInput{Ref: in.Ref, Carrier: in.Carrier})
	if err != nil || status.State != porting.CarrierActive {
		return porting.Verification{Status: status}, err
	}
	fence, err := a.Ledger.Fence(ctx, in.Ref.Port)
	if err != nil {
		return porting.Verification{}, lasting(err)
	}
	if !fence.RevokeRequestedAt.IsZero() {
		return porting.Verification{Status: status, Revoked: true}, nil
	}
	gateway, err := a.gateway(in.Carrier)
	if err != nil {
		return porting.Verification{}, err
	}
	if err := a.servedHere(ctx, in.Ref.Port, gateway, status, in.Order.Numbers); err != nil {
		return porting.Verification{}, err
	}
	found, err := a.freshLook(ctx, porting.ScreenInput{
		Port: in.Ref.Port, Order: in.Order, Pack: in.Pack, Carrier: in.Carrier, Salt: in.Salt, At: in.At,
	}, in.Findings)
	if found != nil || err != nil {
		return porting.Verification{Status: status, Found: found}, err
	}
	if a.Arrivals != nil {
		if err := a.Arrivals.Arrived(ctx, in.Order, moved(status, in.Order.Numbers)); err != nil {
			return porting.Verification{}, err
		}
	}
	_, err = a.ClosePort(ctx, porting.CloseInput{Port: in.Ref.Port, Outcome: in.Outcome, At: in.At, Timeline: in.Timeline})
	return porting.Verification{Status: status, Closed: true}, err
}

// endAbandoned ends an activation that no gate comes back to, because its saga was reset or its step was completed by hand.
// The carrier alone says how; as long as it does not, the activation stays in flight.
func (a *Activities) endAbandoned(ctx context.Context, port string, at time.Time) error {
	fence, err := a.Ledger.Fence(ctx, port)
	if porting.KindOf(err) == porting.NotFound {
		return nil // it never claimed anything
	}
	if err != nil || fence.State != ledger.FenceActivating {
		return err
	}
	state, err := a.anyCarrierState(ctx, refOf(fence))
	if err != nil {
		return err
	}
	switch state {
	case porting.CarrierActive, porting.CarrierReversing, porting.CarrierReversed:
		return a.Ledger.EndActivation(ctx, port, fence.ActivationKey, true, at)
	case porting.CarrierCancelled, porting.CarrierRefused, porting.CarrierNothing:
		return a.Ledger.EndActivation(ctx, port, fence.ActivationKey, false, at)
	}
	return nil
}

// refOf is the order whose activation holds a fence.
func refOf(f ledger.Fence) porting.Ref {
	version, _ := strconv.Atoi(strings.TrimPrefix(f.ActivationKey, f.PortID+"/")) // the gate writes a Ref's own form
	return porting.Ref{Port: f.PortID, Version: version}
}

// anyCarrierState is where an order stands at the carrier that knows it. The ledger does not say which one that is.
func (a *Activities) anyCarrierState(ctx context.Context, ref porting.Ref) (porting.CarrierState, error) {
	for _, gateway := range a.Carriers {
		status, err := readBack(ctx, gateway, ref)
		if err != nil || status.State != porting.CarrierNothing {
			return status.State, err
		}
	}
	return porting.CarrierNothing, nil
}
