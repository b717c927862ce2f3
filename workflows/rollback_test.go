package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

var (
	broken   = reply{err: temporal.NewNonRetryableApplicationError("no such table", "defect", nil)}
	timedOut = reply{err: temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil)}
)

// A Reset can lose the revocation; the fence does not. Whoever asks the gate then is told, and everything is undone.
func TestFencedWithoutARevocation(t *testing.T) {
	t.Parallel()
	revokedElsewhere := func(w *world) { w.fence = "closed" }
	w := run(t, scenario{script: approved(at(10*h, revokedElsewhere))})
	w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
	require.Equal(t, []string{
		"ReceiveOrder", "ScreenOrder", "SubmitPort", "ReadCarrier", "ActivatePort", "ReadCarrier", "CancelPort",
		"ClosePort:revoked",
	}, w.steps)
	require.Equal(t, "activation-started revoked undone undone undone rolled-back", w.events(10*h))
	require.Equal(t, []string{portBack, cancel, release}, w.undone())
	require.NotContains(t, w.stages, string(porting.Active))
}

// A run that was reset to before it sent the order knows of nothing to cancel. The ledger knows, and the order is cancelled before
// the numbers are free.
func TestAnOrderOfAnotherRunIsCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state   porting.CarrierState
		outcome porting.Outcome
		steps   []string
	}{
		"it is open":             {porting.CarrierConfirmed, porting.OutcomeRevoked, []string{"ClosePort:revoked", "CancelPort", "ClosePort:revoked"}},
		"it is cancelled":        {porting.CarrierCancelled, porting.OutcomeRevoked, []string{"ClosePort:revoked", "CancelPort", "ClosePort:revoked"}},
		"the numbers have moved": {porting.CarrierActive, porting.OutcomeReversed, []string{"ClosePort:revoked", "CancelPort", "ReadCarrier", "ReversePort", "ReadCarrier", "ClosePort:reversed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there := func(w *world) { w.carrier.State = c.state }
			w := run(t, scenario{resent: true, script: []beat{at(h, there), at(2*h, revoke)}})
			w.requireEnd(c.outcome, porting.AuthorizationRevoked)
			require.Equal(t, c.steps, without(w.steps, porting.StepCloseFence)[2:])
			require.Equal(t, []string{release}, w.undone())
		})
	}
}

// An undo that fails is tried again for as long as it takes, and a person is called.
func TestStuckUndoIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		replies map[string][]reply
		events  string
		takes   time.Duration
	}{
		"the cancel fails for good":     {map[string][]reply{porting.StepCancel: times(3, broken)}, "revoked" + undoStuckThrice + " undone undone rolled-back", 3 * h},
		"the cancel finds no answer":    {map[string][]reply{porting.StepCancel: times(2, timedOut)}, "revoked undo-stuck escalated undo-stuck escalated undone undone rolled-back", 2 * h},
		"the ledger finds no answer":    {map[string][]reply{porting.StepClose: times(2, timedOut)}, "revoked undone escalated escalated undone rolled-back", 0},
		"the fence finds no answer":     {map[string][]reply{porting.StepCloseFence: times(1, timedOut)}, "escalated revoked undone undone rolled-back", 0},
		"the fence fails for good":      {map[string][]reply{porting.StepCloseFence: times(1, broken)}, "escalated revoked undone undone rolled-back", 0},
		"the ledger is down for a time": {map[string][]reply{porting.StepClose: times(3, reply{err: temporal.NewApplicationError("away", "unavailable")})}, "revoked undone undone rolled-back", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{replies: c.replies, script: approved(at(10*h, revoke))})
			w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
			require.Equal(t, c.events, w.events(10*h))
			require.Equal(t, []string{cancel, release}, w.undone())
			timeline := w.status().Timeline
			require.WithinDuration(t, start.Add(10*h+c.takes), timeline[len(timeline)-1].At, time.Minute, "the pack's pause between tries")
		})
	}
}

const undoStuckThrice = " undo-stuck escalated undo-stuck escalated undo-stuck escalated"

// A hint wakes a stuck undo before its pause is over.
func TestStuckUndoListensToTheCarrier(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{replies: map[string][]reply{porting.StepCancel: {broken}}, script: approved(at(10*h, revoke), at(10*h+10*time.Minute, pokeAgain))})
	w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
	timeline := w.status().Timeline
	require.Equal(t, start.Add(10*h+10*time.Minute), timeline[len(timeline)-1].At)
}

// A stuck read-back in the rollback is no licence to leave the numbers where they are.
func TestReverseSurvivesACarrierThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{replies: map[string][]reply{porting.StepRead: {{}, broken, broken}}, script: approved(at(110*h, revoke))})
	w.requireEnd(porting.OutcomeReversed, porting.AuthorizationRevoked)
	require.Equal(t, "revoked undo-stuck escalated undo-stuck escalated undone undone undone rolled-back", w.events(110*h))
}

// The last undo cannot be done and never will: that is a defect, and red in the Web UI.
func TestRollbackThatCannotEndFails(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]act{"revoked": revoke, "cancelled in Temporal": cancelInTemporal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{replies: map[string][]reply{porting.StepClose: {broken}}, script: approved(at(10*h, stop))})
			require.ErrorContains(t, w.env.GetWorkflowError(), "no such table")
			require.False(t, temporal.IsCanceledError(w.env.GetWorkflowError()), "a stuck rollback is red, not merely canceled")
			s := w.status()
			require.Empty(t, s.Outcome)
			require.True(t, s.NeedsAttention)
			require.Equal(t, "an undo cannot be done: "+release, s.Attention)
			require.Equal(t, []string{cancel}, w.undone())
		})
	}
}

// A step that fails for good is a defect: everything is undone, the workflow fails, and a person is called.
func TestDefectsAreUndoneAndFail(t *testing.T) {
	t.Parallel()
	for step, undone := range map[string][]string{
		porting.StepReceive:  {release},
		porting.StepScreen:   {release},
		porting.StepSubmit:   {cancel, release},
		porting.StepActivate: {portBack, cancel, release},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{replies: map[string][]reply{step: {broken}}, script: approved()})
			require.ErrorContains(t, w.env.GetWorkflowError(), "no such table")
			s := w.status()
			require.Equal(t, porting.OutcomeCancelled, s.Outcome)
			require.Equal(t, porting.OtherReason, s.Reason)
			require.Equal(t, "a step failed for good; see the failed activity", s.Attention)
			require.Equal(t, undone, w.undone())
		})
	}
}

// A carrier that is down for as long as its step may take is a matter for people, not the end of the port.
func TestCarrierThatIsDownForADay(t *testing.T) {
	t.Parallel()
	for _, step := range []string{porting.StepScreen, porting.StepSubmit, porting.StepRead, porting.StepActivate, porting.StepVerify} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{replies: map[string][]reply{step: times(2, timedOut)}, script: approved()})
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Len(t, w.notes(porting.EventEscalated), 2)
			require.Equal(t, []bool{true, false}, w.attention, "found by operators until the step works")
		})
	}
}

// The clock of the activation runs also while the gate is asked again and again: a person is called when it is over, and it starts
// anew.
func TestTheGateIsAskedOnAClock(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{clocks: map[string]time.Duration{"activation": 2 * h}, script: approved()})
	require.Equal(t, 2*h, w.patience[porting.StepActivate])
	require.Greater(t, w.patience[porting.StepRead], 2*h, "other steps have a day")

	w = run(t, scenario{clocks: map[string]time.Duration{"activation": time.Second}, script: approved()})
	require.Equal(t, time.Minute, w.patience[porting.StepActivate], "a step is tried for as long as one try may take")

	reckoned := 0
	reckon := reply{meanwhile: []act{func(*world) { reckoned++ }}}
	w = run(t, scenario{replies: map[string][]reply{porting.StepActivate: {timedOut}, "activation": times(3, reckon)}, script: approved()})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Len(t, w.notes(porting.EventEscalated), 1)
	require.Equal(t, 2, reckoned, "the clock started anew")
}

// Messages that come in the rollback change nothing about it.
func TestRollbackTakesNoOrders(t *testing.T) {
	t.Parallel()
	pending := map[string][]reply{porting.StepCancel: {{state: porting.CarrierCancelPending, then: []beat{at(90*time.Minute, becomes(porting.CarrierCancelled))}}}}
	for name, c := range map[string]struct {
		send   act
		events string
	}{
		"decide":             {approve, "message-ignored undone undone rolled-back"},
		"amend":              {amend, "message-ignored undone undone rolled-back"},
		"note":               {signal(porting.MsgNote, porting.Note{By: "ana@desk", Text: "called"}), "note undone undone rolled-back"},
		"revoke again":       {revoke, "undone undone rolled-back"},
		"carrier event":      {pokeAgain, "undone undone rolled-back"},
		"cancel in Temporal": {cancelInTemporal, "undone undone rolled-back"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{replies: pending, script: approved(at(10*h, revoke), at(11*h, c.send))})
			w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
			require.Equal(t, c.events, w.events(11*h))
			require.Equal(t, []string{cancel, release}, w.undone())
		})
	}
}

// A port that ends by itself and is cancelled in Temporal on the way out stays what it is.
func TestCancelledWhileItEnds(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{replies: map[string][]reply{porting.StepClose: {{late: 2 * h}}}, script: []beat{at(1*h, reject), at(2*h, cancelInTemporal)}})
	w.requireEnd(porting.OutcomeRejected, porting.Declined)
}

// The cancel's answer says that the numbers moved, and then the carrier mumbles: what moved is found and taken back.
func TestPortedAndThenUnreadable(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{
		replies: map[string][]reply{
			porting.StepCancel: {{state: porting.CarrierActive}},
			porting.StepRead:   {{}, {state: porting.CarrierUnknown, then: []beat{at(2*h, becomes(porting.CarrierActive))}}},
		},
		script: approved(at(10*h, revoke)),
	})
	w.requireEnd(porting.OutcomeReversed, porting.AuthorizationRevoked)
	require.Equal(t, []string{"SubmitPort", "ReadCarrier", "CloseFence", "CancelPort", "ReadCarrier", "ReadCarrier", "ReadCarrier", "ReversePort", "ReadCarrier", "ClosePort:reversed"}, w.steps[2:])
}

// Numbers that the donor has back already, from an active port or from one that the carrier ported on its own, were moved
// and moved back, and need no second reversal.
func TestReversedAlready(t *testing.T) {
	t.Parallel()
	for name, script := range map[string][]beat{
		"after the activation": approved(at(109*h, becomes(porting.CarrierReversed)), at(110*h, revoke)),
		"before its date":      approved(at(10*h, becomes(porting.CarrierReversed)), at(11*h, revoke)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{script: script})
			w.requireEnd(porting.OutcomeReversed, porting.AuthorizationRevoked)
			require.NotContains(t, w.steps, porting.StepReverse)
			for _, n := range w.status().Numbers {
				require.Equal(t, porting.NumberMovedBack, n.Status)
			}
		})
	}
}
