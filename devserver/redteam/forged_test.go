package redteam

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// forgedResults answer a step that a worker should have done. On a stock server anybody may, by the activity's ID.
var forgedResults = []attack{
	{
		name: "forged ReceiveOrder, before a worker takes it: rules that ask nobody, unsigned decisions", reaches: "the saga asks the gate to screen the order",
		stock: atLedger, token: authorizer.GateWorker, guarded: atFrontend, run: forgeReceipt,
	},
	{
		name: "forged ReceiveOrder for numbers that a worker has claimed: unsigned decisions", reaches: "the saga takes an unsigned decision, and asks the gate to send the order",
		stock: atGate, token: authorizer.GateWorker | authorizer.BreakGlass, guarded: atFrontend, run: forgeReceiptOfClaimed,
	},
	{
		name: "forged ScreenOrder, before a worker takes it: no risk, nobody to ask", reaches: "the saga asks nobody, and asks the gate to send the order",
		stock: atGate, token: authorizer.GateWorker, guarded: atFrontend, setting: setting{low: porting.Policy{People: 2, Teams: 2}}, run: forgeScreening,
	},
	{
		name: "forged ScreenOrder, while a worker is at it", reaches: "the saga asks nobody, and asks the gate to send the order",
		stock: atGate, token: authorizer.GateWorker, guarded: atFrontend, setting: setting{low: porting.Policy{People: 2, Teams: 2}}, run: forgeScreeningInRace,
	},
	{
		name: "forged VerifyDecision, before a worker takes it: an approval that nobody gave", reaches: "the saga counts it, and asks the gate to send the order",
		stock: atGate, token: authorizer.TrustWorker | authorizer.Approver, guarded: atFrontend, run: forgeDecision,
	},
	{
		name: "forged VerifyDecision, in a race with the worker", reaches: "whoever is first answers; the saga counts it at most",
		stock: atGate, token: authorizer.TrustWorker | authorizer.Approver, guarded: atFrontend, run: forgeDecisionInRace,
	},
	{
		name: "forged SubmitPort: a date from a carrier that was never asked", reaches: "the saga asks the gate to activate",
		stock: atGate, token: authorizer.GateWorker, guarded: atFrontend, run: forgeSubmission,
	},
	{
		name: "forged ActivatePort, before a worker takes it: \"the numbers are active\"", reaches: "the saga believes it until the numbers are looked at",
		stock: atGate, token: authorizer.GateWorker, guarded: atFrontend, setting: setting{scenario: leisurely}, run: forgeActivation,
	},
	{
		name: "forged ActivatePort, while the gate speaks to the carrier: \"refused\"", reaches: "the saga believes it until the carrier tells that it moved the numbers, as was approved",
		stock: harmless, token: authorizer.GateWorker, guarded: atFrontend, setting: setting{scenario: leisurely}, run: forgeRefusalInRace,
	},
	{
		name: "forged CloseFence after a revocation: \"too late\"", reaches: "the saga goes on to wait for the activation",
		stock: atFence, token: authorizer.TrustWorker, guarded: atFrontend, setting: setting{scenario: leisurely}, run: forgeTooLate,
	},
}

func forgeReceipt(v *victim, m *mallory) (place, error) {
	v.off(worker.RoleGate)
	v.start()
	if err := m.forge(porting.StepReceive, porting.Receipt{Pack: "us-wireless@2026-11", Jurisdiction: "us-wireless", Carrier: "simulator", Epoch: 1}); err != nil {
		return "", err
	}
	v.on(worker.RoleGate)
	v.ends(porting.OutcomeCancelled) // the gate screens no port that the ledger does not know
	require.False(v, v.did(simulator.Submitted))
	return atLedger, nil
}

func forgeReceiptOfClaimed(v *victim, m *mallory) (place, error) {
	v.waiting()
	v.off(worker.RoleGate)
	if err := m.reset(asks(porting.StepReceive)); err != nil {
		return "", err
	}
	if err := m.forge(porting.StepReceive, porting.Receipt{Pack: "us-wireless@2026-11", Jurisdiction: "us-wireless", Carrier: "simulator", Epoch: 1}); err != nil {
		return "", err
	}
	v.on(worker.RoleGate)
	v.stage(porting.Verifying)
	if _, err := m.decide(porting.Decide{Decision: porting.Approve, By: "ben@desk"}); err != nil {
		return "", err
	}
	v.withheld()
	return atGate, nil
}

// withheld waits until the gate has said that the decisions do not hold.
func (v *victim) withheld() porting.Status {
	v.Helper()
	status := v.see(v.id, "is told that its decisions are void", func(s porting.Status) bool {
		return len(notes(s, porting.EventApprovalVoid))+len(notes(s, porting.EventActivationFailed)) > 0
	})
	for _, void := range slices.Concat(notes(status, porting.EventApprovalVoid), notes(status, porting.EventActivationFailed)) {
		v.Log("the gate:", void)
		break
	}
	return status
}

// green is a screening that nobody did.
var green = porting.Findings{Risk: porting.RiskLow, Policy: &porting.Policy{}, Notes: []string{"all is well"}, Nonce: "n"}

func forgeScreening(v *victim, m *mallory) (place, error) {
	v.off(worker.RoleGate)
	v.start()
	v.pending(porting.StepReceive)
	v.off(worker.RoleWorkflow)
	v.on(worker.RoleGate)
	v.await("the order is taken", func() bool { return len(v.steps()) == 0 }, nothing)
	v.off(worker.RoleGate)
	v.on(worker.RoleWorkflow)
	if err := m.forge(porting.StepScreen, green); err != nil {
		return "", err
	}
	v.on(worker.RoleGate)
	v.withheld()
	v.giveUp()
	return atGate, nil
}

// giveUp is what people do with a port whose screening was forged: no decision can mend it.
func (v *victim) giveUp() {
	v.Helper()
	v.revoke()
	v.ends(porting.OutcomeRevoked)
}

func forgeScreeningInRace(v *victim, m *mallory) (place, error) {
	came, release := v.line.hold("portability")
	v.start()
	<-came
	if err := m.forge(porting.StepScreen, green); err != nil {
		return "", err
	}
	release()
	v.withheld()
	v.giveUp()
	return atGate, nil
}

// imitation is an approval in ben's name whose statement and verdict Mallory signed with keys of her own.
func (m *mallory) imitation(c porting.Challenge) porting.Judged {
	m.v.Helper()
	signed := approvaltest.Sign(m.v, approvaltest.NewKey(m.v), c.Statement(porting.Approve, "", time.Now(), porting.StatementLife))
	verdict, err := rogueVerdicts(m.v).Sign(approval.DecisionVerdict{
		Port: c.Port, Run: c.Run, StatementDigest: approval.Digest(signed.Statement), Person: "ben", Team: "desk", Hardware: true, Registry: 1, At: time.Now().UTC(),
	})
	require.NoError(m.v, err)
	return porting.Judged{ID: "forged", Decision: porting.Decision{
		ID: "forged", Decision: porting.Approve, By: "ben", Stage: c.Stage, OrderVersion: c.OrderVersion, Signed: true, Team: "desk", Hardware: true, Run: c.Run,
		Registry: 1, Proof: &porting.Proof{Statement: signed.Statement, Signature: signed.Signature, Verdict: verdict},
	}}
}

// scribble is a signed decision that means nothing, by signal: nobody looks at it before a step is asked for.
func (m *mallory) scribble() error {
	return m.signal(porting.MsgDecide, porting.Decide{Statement: []byte("{}"), Signature: "none"})
}

func forgeDecision(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	v.off(worker.RoleTrust)
	if err := m.scribble(); err != nil {
		return "", err
	}
	if err := m.forge(porting.StepDecision, m.imitation(c)); err != nil {
		return "", err
	}
	v.withheld()
	return atGate, nil
}

// forgeDecisionInRace answers steps by their IDs, which can be guessed, until one of hers was first.
func forgeDecisionInRace(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	forged := m.imitation(c)
	for range 100 {
		if err := m.scribble(); err != nil {
			return "", err
		}
		for _, step := range v.steps() {
			err := m.forgeOnce(step.GetActivityId(), forged)
			if isDenied(err) {
				return "", err
			}
			if err == nil {
				v.withheld()
				return atGate, nil
			}
		}
	}
	require.Fail(v, "the worker won every race")
	return "", nil
}

func forgeSubmission(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	v.off(worker.RoleGate)
	v.approve("ben", c)
	promised := porting.CarrierStatus{Ref: porting.Ref{Port: v.id, Version: 1}, State: porting.CarrierConfirmed, FOC: v.clock.Business(time.Now()), Version: 1}
	if err := m.forge(porting.StepSubmit, porting.SubmitAnswer{CarrierStatus: promised}); err != nil {
		return "", err
	}
	v.on(worker.RoleGate)
	v.withheld()
	return atGate, nil
}

func forgeActivation(v *victim, m *mallory) (place, error) {
	v.confirmed()
	v.off(worker.RoleGate)
	if err := m.forge(porting.StepActivate, porting.Activation{Status: porting.CarrierStatus{State: porting.CarrierActive}}); err != nil {
		return "", err
	}
	v.stage(porting.Active)
	v.on(worker.RoleGate)
	v.see(v.id, "asks for a person", func(s porting.Status) bool { return s.NeedsAttention })
	require.False(v, v.did(simulator.ActivationAsked))
	return atGate, nil
}

func forgeRefusalInRace(v *victim, m *mallory) (place, error) {
	came, release := v.line.hold("activate")
	v.confirmed()
	<-came
	no := &porting.Refusal{Reason: porting.DueDateInvalid, Note: "not today"}
	if err := m.forge(porting.StepActivate, porting.Activation{Refused: no}); err != nil {
		return "", err
	}
	v.see(v.id, "believes it", func(s porting.Status) bool { return len(notes(s, porting.EventActivationFailed)) > 0 })
	release()
	v.ends(porting.OutcomeCompleted)
	return harmless, nil
}

func forgeTooLate(v *victim, m *mallory) (place, error) {
	v.confirmed()
	v.off(worker.RoleTrust, worker.RoleGate)
	v.closeFence()
	require.NoError(v, v.ports.Signal(v.Context(), v.id, porting.MsgRevoke, porting.Revoke{By: "carla@care"}))
	if err := m.forge(porting.StepCloseFence, porting.FenceClosed{TooLate: true}); err != nil {
		return "", err
	}
	v.on(worker.RoleTrust, worker.RoleGate)
	v.ends(porting.OutcomeRevoked)
	require.False(v, v.did(simulator.ActivationAsked))
	v.requireFence(ledger.FenceClosed)
	return atFence, nil
}

func (v *victim) requireFence(s ledger.FenceState) {
	v.Helper()
	fence, err := v.ledger.Fence(v.Context(), v.id)
	require.NoError(v, err)
	require.Equal(v, s, fence.State)
}
