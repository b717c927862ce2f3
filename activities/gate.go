package activities

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// ActivatePort is the gate: the only step that moves numbers. It trusts nothing that the workflow says: it verifies and
// counts the decisions again, looks at the date on its own clock, and goes on only by winning the fence. A call whose answer was
// lost is looked up before it is sent again, so calling it any number of times activates once.
func (a *Activities) ActivatePort(ctx context.Context, in porting.ActivateInput) (porting.Activation, error) {
	gateway, err := a.gateway(in.Carrier)
	if err != nil {
		return porting.Activation{}, err
	}
	if refused, err := a.recheck(ctx, in); refused != nil || err != nil {
		return orEmpty(refused), err
	}
	at := in.Clock.Business(time.Now()).UTC().Truncate(time.Microsecond)
	if err := a.lookForRestore(ctx); err != nil {
		return porting.Activation{}, err
	}
	if err := a.tell(ctx, in.Ref.Port, notify.Event{Kind: notify.BeforeEffectuation, Key: in.FOC.UTC().Format(time.RFC3339)}, in.At); err != nil {
		return porting.Activation{}, err // nothing moves before it is on record that its people are told
	}
	if no, err := a.untold(ctx, in.Ref.Port); no != nil || err != nil {
		return porting.Activation{Refused: no}, err
	}
	fence, err := a.Ledger.BeginActivation(ctx, in.Ref.Port, in.Epoch, in.Ref.String(), at)
	if porting.CodeOf(err) == "fence-closed" {
		no, _ := refusal(err, porting.AuthorizationRevoked)
		return porting.Activation{Refused: no, Fenced: true}, nil
	}
	if porting.CodeOf(err) == "ledger-quarantined" {
		return porting.Activation{}, err // not a "no": an earlier try may have reached the carrier
	}
	if no, ok := refusal(err, porting.OtherReason); ok {
		return porting.Activation{Refused: no}, nil
	}
	if err != nil {
		return porting.Activation{}, err
	}
	held := activation{a.Ledger, gateway, in, at, fence.ActivatingAt.Equal(at), !fence.RevokeRequestedAt.IsZero()}
	answer, err := held.run(ctx)
	if err == nil && answer.Status.State == porting.CarrierActive {
		err = a.tell(ctx, in.Ref.Port, notify.Event{Kind: notify.Completed}, in.At)
		if err == nil {
			err = a.awaitCarrier(ctx, answer.Status, in.At, placeOfOrder(in.Order))
		}
	}
	return answer, err
}

// recheck refuses what no worker may activate, whatever brought it here.
func (a *Activities) recheck(ctx context.Context, in porting.ActivateInput) (*porting.Activation, error) {
	if in.Clock.Scaled() && !a.AllowScaledClock {
		return &porting.Activation{Refused: &porting.Refusal{Reason: porting.ScaledClockRefused, Note: "this gate lives in real time"}}, nil
	}
	if a.Approvals == nil {
		if no := trusting(in); no != nil {
			return no, nil
		}
		return a.lookAgain(ctx, in, "")
	}
	run, no, err := a.mayBeActivated(ctx, in)
	if err != nil {
		return nil, err
	}
	if no != nil {
		return &porting.Activation{Refused: no, Run: run, Fenced: no.Reason == porting.AuthorizationRevoked}, nil
	}
	return a.lookAgain(ctx, in, run)
}

// lookAgain refuses what got worse since people decided. An activation that was sent already is only looked up.
func (a *Activities) lookAgain(ctx context.Context, in porting.ActivateInput, run string) (*porting.Activation, error) {
	if a.Fraud == nil {
		return nil, nil
	}
	fence, err := a.Ledger.Fence(ctx, in.Ref.Port)
	if err != nil || fence.State != ledger.FenceOpen {
		return nil, lasting(err)
	}
	found, err := a.freshLook(ctx, porting.ScreenInput{
		Port: in.Ref.Port, Order: in.Order, Pack: fence.Pack, Carrier: in.Carrier, Salt: in.Salt, At: in.At,
	}, in.Findings)
	if found == nil || err != nil {
		return nil, err
	}
	return &porting.Activation{Refused: rose(*found), Run: run, Found: found}, nil
}

// trusting counts decisions as they come, in demo and dev.
func trusting(in porting.ActivateInput) *porting.Activation {
	policy := porting.MinimalPolicy(max(in.Policy.People, in.Needed))
	ruling, _ := policy.Decide(porting.Facts{Version: in.Ref.Version, Submitter: in.Submitter}, in.Decisions)
	if ruling == porting.RulingApproved {
		return nil
	}
	return &porting.Activation{Refused: &porting.Refusal{Reason: porting.Declined, Note: "the decisions do not approve this order version"}}
}

func orEmpty(a *porting.Activation) porting.Activation {
	if a == nil {
		return porting.Activation{}
	}
	return *a
}

// lookForRestore puts the ledger into quarantine if it is older than this gate has seen it: it was restored from a backup,
// and revocations may be missing from it.
func (a *Activities) lookForRestore(ctx context.Context) error {
	if a.Watermark == nil {
		return nil
	}
	_, err := a.Watermark.Check(ctx, a.Ledger, time.Now())
	return err
}

// clockSkew is how far the gate's clock may be behind the server's, which started the activation on its date.
const clockSkew = 2 * time.Second

// activation is one try at an activation that holds the fence.
type activation struct {
	ledger  *ledger.Ledger
	gateway carrier.Gateway
	in      porting.ActivateInput
	at      time.Time // business time, on the gate's own clock
	fresh   bool      // this try won the fence, so no other one can be on its way to the carrier
	revoked bool      // a revocation was asked meanwhile
}

// run asks what the carrier has, and sends the activation only if it was not sent before. The fence is given back only
// when surely nothing moved.
func (t activation) run(ctx context.Context) (porting.Activation, error) {
	status, err := readBack(ctx, t.gateway, t.in.Ref)
	if err != nil {
		return porting.Activation{}, err
	}
	if t.revoked && !settled(status.State) {
		return t.stop(ctx, status)
	}
	if status.State != porting.CarrierConfirmed {
		return t.settle(ctx, status)
	}
	if t.tooEarly(t.in.FOC) || t.tooEarly(status.FOC) {
		return t.refuse(ctx, status, &porting.Refusal{Reason: porting.DueDateInvalid, Note: "the FOC date is not reached"})
	}
	if !t.gateway.Capabilities().OnDemand {
		return porting.Activation{Status: status}, nil // the carrier activates by itself at the FOC; its news tell
	}
	activated, err := t.gateway.Activate(ctx, t.in.Ref)
	if no, ok := refusal(err, porting.DueDateUnmeetable); ok {
		return t.refuse(ctx, status, no)
	}
	if err != nil {
		return porting.Activation{}, err // the outcome is unknown: the fence stays ours, and the next try asks first
	}
	return t.settle(ctx, activated)
}

// tooEarly reports whether a date is not reached, or not known.
func (t activation) tooEarly(foc time.Time) bool {
	return foc.IsZero() || t.in.Clock.Business(time.Now().Add(clockSkew)).Before(foc)
}

// stop ends an activation whose authorization was revoked while it was in flight. An earlier try may still be on its way
// to the carrier; only a cancel that the carrier confirms makes sure that it moves nothing.
func (t activation) stop(ctx context.Context, status porting.CarrierStatus) (porting.Activation, error) {
	if t.fresh {
		return t.giveBack(ctx, t.fenced(status))
	}
	status, err := t.gateway.Cancel(ctx, t.in.Ref, porting.AuthorizationRevoked)
	if _, locked := refusal(err, porting.AuthorizationRevoked); locked {
		return porting.Activation{Status: porting.CarrierStatus{Ref: t.in.Ref, State: porting.CarrierPending}}, nil
	}
	if err != nil {
		return porting.Activation{}, err
	}
	return t.settle(ctx, status)
}

// settle tells the ledger what became of the activation, once that is known.
func (t activation) settle(ctx context.Context, status porting.CarrierStatus) (porting.Activation, error) {
	switch status.State {
	case porting.CarrierActive:
		return porting.Activation{Status: status}, t.ledger.EndActivation(ctx, t.in.Ref.Port, t.in.Ref.String(), true, t.at)
	case porting.CarrierReversed:
		no := &porting.Refusal{Reason: porting.OtherReason, Note: "the carrier has moved the numbers back"}
		return porting.Activation{Status: status, Refused: no}, t.ledger.EndActivation(ctx, t.in.Ref.Port, t.in.Ref.String(), true, t.at)
	case porting.CarrierCancelled, porting.CarrierRejected, porting.CarrierRefused, porting.CarrierNothing:
		if t.revoked {
			return t.giveBack(ctx, t.fenced(status))
		}
		no := &porting.Refusal{Reason: porting.DueDateInvalid, Note: "the carrier has the order as " + string(status.State)}
		return t.giveBack(ctx, porting.Activation{Status: status, Refused: no})
	}
	return porting.Activation{Status: status}, nil
}

// refuse gives the fence back if this try won it. Otherwise an earlier try may still be on its way to the carrier, and
// nobody can be sure that nothing moves: the fence stays ours until the carrier says what became of it.
func (t activation) refuse(ctx context.Context, status porting.CarrierStatus, no *porting.Refusal) (porting.Activation, error) {
	if !t.fresh {
		return porting.Activation{Status: status}, nil
	}
	return t.giveBack(ctx, porting.Activation{Status: status, Refused: no})
}

func (t activation) giveBack(ctx context.Context, answer porting.Activation) (porting.Activation, error) {
	return answer, t.ledger.EndActivation(ctx, t.in.Ref.Port, t.in.Ref.String(), false, t.at)
}

func (t activation) fenced(status porting.CarrierStatus) porting.Activation {
	return porting.Activation{
		Status: status, Fenced: true,
		Refused: &porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "the authorization was revoked while the activation was in flight"},
	}
}
