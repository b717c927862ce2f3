package activities

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// ActivatePort is the gate: the only step that moves numbers. It trusts nothing that the workflow says: it counts the
// decisions again, looks at the date on its own clock, and goes on only by winning the fence. A call whose answer was
// lost is looked up before it is sent again, so calling it any number of times activates once.
func (a *Activities) ActivatePort(ctx context.Context, in porting.ActivateInput) (porting.Activation, error) {
	gateway, err := a.gateway(in.Carrier)
	if err != nil {
		return porting.Activation{}, err
	}
	if no := a.recheck(in); no != nil {
		return porting.Activation{Refused: no}, nil
	}
	fence, err := a.Ledger.BeginActivation(ctx, in.Ref.Port, in.Epoch, in.Ref.String(), in.At)
	if no, ok := refusal(err, porting.AuthorizationRevoked); ok {
		return porting.Activation{Refused: no, Fenced: true}, nil
	}
	if err != nil {
		return porting.Activation{}, err
	}
	return a.activateHeld(ctx, gateway, in, fence)
}

// recheck refuses what no worker may activate, whatever brought it here.
func (a *Activities) recheck(in porting.ActivateInput) *porting.Refusal {
	approved, _ := porting.Verdict(max(in.Needed, 1), in.Ref.Version, in.Submitter, in.Decisions)
	switch {
	case in.Clock.Scaled() && !a.AllowScaledClock:
		return &porting.Refusal{Reason: porting.ScaledClockRefused, Note: "this gate lives in real time"}
	case !approved:
		return &porting.Refusal{Reason: porting.Declined, Note: "the decisions do not approve this order version"}
	}
	return nil
}

// activateHeld activates while the fence is ours. The fence is given back only when surely nothing moved.
func (a *Activities) activateHeld(ctx context.Context, g carrier.Gateway, in porting.ActivateInput, fence ledger.Fence) (porting.Activation, error) {
	status, err := g.Status(ctx, in.Ref)
	if err != nil {
		return porting.Activation{}, err
	}
	if status.State == porting.CarrierConfirmed {
		if no := mayNotSend(in, fence); no != nil {
			return a.giveBack(ctx, in, porting.Activation{Status: status, Refused: no, Fenced: no.Reason == porting.AuthorizationRevoked})
		}
		status, err = g.Activate(ctx, in.Ref)
		if no, ok := refusal(err, porting.DueDateUnmeetable); ok {
			return a.giveBack(ctx, in, porting.Activation{Refused: no})
		}
		if err != nil {
			return porting.Activation{}, err // the outcome is unknown: the fence stays ours, and the next try asks first
		}
	}
	switch status.State {
	case porting.CarrierActive:
		return porting.Activation{Status: status}, a.Ledger.EndActivation(ctx, in.Ref.Port, in.Ref.String(), true, in.At)
	case porting.CarrierCancelled, porting.CarrierRejected:
		no := &porting.Refusal{Reason: porting.DueDateInvalid, Note: "the carrier has the order as " + string(status.State)}
		return a.giveBack(ctx, in, porting.Activation{Status: status, Refused: no})
	}
	return porting.Activation{Status: status}, nil
}

// mayNotSend is why an activation that holds the fence is not sent after all.
func mayNotSend(in porting.ActivateInput, fence ledger.Fence) *porting.Refusal {
	if !fence.RevokeRequestedAt.IsZero() {
		return &porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "the authorization was revoked while the activation was in flight"}
	}
	if in.FOC.IsZero() || in.Clock.Business(time.Now()).Before(in.FOC) {
		return &porting.Refusal{Reason: porting.DueDateInvalid, Note: "the FOC date is not reached"}
	}
	return nil
}

// giveBack frees the fence: surely nothing moved.
func (a *Activities) giveBack(ctx context.Context, in porting.ActivateInput, answer porting.Activation) (porting.Activation, error) {
	return answer, a.Ledger.EndActivation(ctx, in.Ref.Port, in.Ref.String(), false, in.At)
}
