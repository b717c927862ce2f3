package redteam

import (
	"fmt"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/porting"
)

// starts are ports that are begun, flooded or begun again as the attacker likes.
var starts = []attack{
	{
		name: "a port started by hand whose input says that decisions need no signature", reaches: "the saga, which has no such field", stock: atSaga,
		token: authorizer.Submitter | authorizer.Approver, guarded: atSaga, run: startUnsigned,
	},
	{
		name: "a port started by hand with a faster clock, where ports live in real time", reaches: "the gate takes no such order", stock: atGate,
		token: authorizer.Submitter, guarded: atGate, setting: setting{realTime: true}, run: startFaster,
	},
	{
		name: "a signal that starts a port without an order", reaches: "the gate takes no such order", stock: atGate,
		token: authorizer.Submitter | authorizer.Approver, guarded: atFrontend, run: signalWithStart,
	},
	{
		name: "a flood of signals: bare decisions, decisions with nonsense for a signature, notes", reaches: "a bounded timeline; the port ends as it should", stock: harmless,
		token: authorizer.Approver, guarded: harmless, run: flood,
	},
	{
		name: "Reset of a completed port to its start", reaches: "a run whose order is not taken again", stock: atLedger,
		token: authorizer.BreakGlass, guarded: atLedger, run: resetCompleted,
	},
	{
		name: "Reset of a completed port to before its activation, and a cancellation", reaches: "a rollback that asks the gate to order the numbers back", stock: atGate,
		token: authorizer.BreakGlass, guarded: atGate, run: resetToRollBack,
	},
}

func startUnsigned(v *victim, m *mallory) (place, error) {
	in := map[string]any{
		"id": v.id, "order": v.order, "clock": v.clock, "signed": false, "approvals": 0, "pack": "none",
		"receipt": porting.Receipt{Approvals: 0}, "Receipt": map[string]any{"Signed": false},
	}
	if err := m.start(v.id, porting.WorkflowPortIn, in); err != nil {
		return "", err
	}
	v.challenge(v.id)
	_, err := m.decide(porting.Decide{Decision: porting.Approve, By: "ben@desk"})
	if isDenied(err) {
		return "", err
	}
	require.Equal(v, "decision-unsigned", porting.CodeOf(err))
	return atSaga, v.stillWaits()
}

func startFaster(v *victim, m *mallory) (place, error) {
	v.clock.Scale *= 100
	if err := m.start(v.id, porting.WorkflowPortIn, porting.PortInput{ID: v.id, Order: v.order, Clock: v.clock}); err != nil {
		return "", err
	}
	status := v.ends(porting.OutcomeRejected)
	require.Equal(v, porting.ScaledClockRefused, status.Reason)
	return atGate, nil
}

func signalWithStart(v *victim, m *mallory) (place, error) {
	_, err := m.sdk.SignalWithStartWorkflow(v.Context(), v.id, porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ben@desk"},
		client.StartWorkflowOptions{TaskQueue: v.queue, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE}, porting.WorkflowPortIn, porting.PortInput{ID: v.id})
	if err != nil {
		return "", err
	}
	v.ends(porting.OutcomeRejected)
	return atGate, nil
}

// flooded is how many signals of each kind are sent, and mostEvents what they may leave.
const (
	flooded    = 60
	mostEvents = 100 + flooded*20
)

func flood(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	for i := range flooded {
		for name, body := range map[string]any{
			porting.MsgDecide: porting.Decide{Decision: porting.Approve, By: fmt.Sprintf("nobody-%d", i)},
			porting.MsgNote:   porting.Note{By: "mallory", Text: fmt.Sprintf("note %d", i)},
		} {
			if err := m.signal(name, body); err != nil {
				return "", err
			}
		}
		if err := m.scribble(); err != nil {
			return "", err
		}
	}
	v.approve("ben", c)
	status := v.ends(porting.OutcomeCompleted)
	require.LessOrEqual(v, len(notes(status, porting.EventIgnored)), 50)
	events := len(v.history())
	v.Logf("%d signals left %d events", 3*flooded, events)
	require.LessOrEqual(v, events, mostEvents)
	return harmless, nil
}

func (v *victim) completed() {
	v.Helper()
	v.approve("ben", v.waiting())
	v.ends(porting.OutcomeCompleted)
	require.True(v, v.did(simulator.Activated))
}

func resetCompleted(v *victim, m *mallory) (place, error) {
	v.completed()
	if err := m.reset(asks(porting.StepReceive), withoutMessages...); err != nil {
		if !isDenied(err) {
			return "", err
		}
		if err := m.reset(asks(porting.StepReceive)); err != nil {
			return "", err
		}
	}
	v.ends(porting.OutcomeRejected)
	return atLedger, nil
}

func resetToRollBack(v *victim, m *mallory) (place, error) {
	v.completed()
	if err := m.reset(asks(porting.StepActivate)); err != nil {
		return "", err
	}
	v.see(v.id, "is a run of before", func(s porting.Status) bool { return s.Stage == porting.Confirmed || s.Stage == porting.Activating })
	if err := m.sdk.CancelWorkflow(v.Context(), v.id, ""); err != nil {
		return "", err
	}
	v.see(v.id, "cannot take the numbers back", func(s porting.Status) bool { return len(notes(s, porting.EventUndoStuck)) > 0 })
	return atGate, nil
}
