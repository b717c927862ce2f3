package redteam

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// rogues are workers of the attacker's own, on each of the three queues.
var rogues = []attack{
	{
		name: "rogue worker on the gate's queue: \"the numbers are active\"", reaches: "the saga believes it until the numbers are looked at", stock: atGate,
		token: authorizer.WorkflowWorker | authorizer.TrustWorker, guarded: atFrontend, setting: setting{scenario: leisurely}, run: stealActivation,
	},
	{
		name: "rogue worker on the trust queue: a verdict that another key signed", reaches: "the saga counts it, and asks the gate to send the order", stock: atGate,
		token: authorizer.WorkflowWorker | authorizer.GateWorker | authorizer.Approver, guarded: atFrontend, run: stealDecision,
	},
	{
		name: "rogue worker on the trust queue: a reject that is taken and not counted", reaches: "the saga does not hear of the reject, and asks the gate to send the order", stock: atGate,
		token: authorizer.WorkflowWorker | authorizer.GateWorker, guarded: atFrontend, run: stealReject,
	},
	rogueSaga("nobody decided", atGate, puppet{}, noApprovals),
	rogueSaga("decisions that she signed", atGate, puppet{}, imitations),
	rogueSaga("the approval is of another order", atGate, puppet{decided: 1}, otherNumbers, "ben"),
	rogueSaga("the approval is of an order with another donor", atGate, puppet{decided: 1}, otherDonor, "ben"),
	rogueSaga("the screening is left out, as a build of before signed decisions did", atGate, puppet{decided: 1}, noScreening, "ben"),
	rogueSaga("the gate is asked as a build of before did", atGate, puppet{decided: 1, activate: func(in *porting.ActivateInput) { in.Protocol = 0 }}, nil, "ben"),
	rogueSaga("another order is activated than was sent", atGate, puppet{decided: 1, activate: func(in *porting.ActivateInput) { in.Order.Donor.Name = "Elsewhere Mobile" }}, nil, "ben"),
	rogueSaga("the epoch is another", atGate, puppet{decided: 1, activate: func(in *porting.ActivateInput) { in.Epoch = 7 }}, nil, "ben"),
	rogueSaga("the submitter's name is kept from the ledger", atGate, puppet{decided: 1, receive: func(in *porting.ReceiveInput) { in.Order.SubmittedBy = "nobody" }}, nil, "ana"),
	rogueSaga("the numbers that are sent are not those that were claimed", atGate, puppet{decided: 1, receive: func(in *porting.ReceiveInput) { in.Order.Numbers = []porting.Number{"+14155550177"} }}, nil, "ben"),
	{
		name: "rogue saga: two keys of one person, counted as two", reaches: "the gate", stock: atGate,
		token: insider, guarded: atGate, setting: setting{low: porting.Policy{People: 2}}, run: countKeys,
	},
	{
		name: "rogue saga: a reject is left out", reaches: "the gate", stock: atGate,
		token: insider, guarded: atGate, run: leaveOutReject,
	},
	{
		name: "rogue saga under another ID asks for the activation", reaches: "the gate", stock: atGate,
		token: insider, guarded: atFrontend, setting: setting{scenario: leisurely},
		run: askFromElsewhere("pi-elsewhere", porting.WorkflowPortIn, porting.StepActivate),
	},
	{
		name: "workflow of another type asks for the activation", reaches: "the gate", stock: atGate,
		token: insider, guarded: atFrontend, setting: setting{scenario: leisurely},
		run: askFromElsewhere("elsewhere", "Elsewhere", porting.StepActivate),
	},
	{
		name: "rogue saga under another ID orders the numbers back", reaches: "the gate", stock: atGate,
		token: insider, guarded: atFrontend, run: orderBack,
	},
}

func stealActivation(v *victim, m *mallory) (place, error) {
	v.confirmed()
	v.off(worker.RoleGate)
	token, err := m.steal(porting.GateQueue(v.queue), porting.StepActivate)
	if err != nil {
		return "", err
	}
	if err := m.answer(token, porting.Activation{Status: porting.CarrierStatus{State: porting.CarrierActive}}); err != nil {
		return "", err
	}
	v.on(worker.RoleGate)
	v.see(v.id, "asks for a person", func(s porting.Status) bool { return s.Stage == porting.Active && s.NeedsAttention })
	require.False(v, v.did(simulator.ActivationAsked))
	return atGate, nil
}

func stealDecision(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	v.off(worker.RoleTrust)
	if err := m.scribble(); err != nil {
		return "", err
	}
	token, err := m.steal(porting.TrustQueue(v.queue), porting.StepDecision)
	if err != nil {
		return "", err
	}
	if err := m.answer(token, m.imitation(c)); err != nil {
		return "", err
	}
	v.on(worker.RoleTrust)
	v.withheld()
	return atGate, nil
}

// stealReject takes fay's reject before the trust worker sees it, and answers with one that does not count: the submitter's.
func stealReject(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	v.off(worker.RoleTrust)
	reject := v.people.decide("fay", porting.Reject, c)
	// As `portsaga decide` does it: the ledger first, then the message.
	require.NoError(v, v.ledger.RecordReject(v.Context(), v.id, ledger.Reject{Statement: reject.Statement, Signature: reject.Signature, At: time.Now()}))
	require.NoError(v, v.ports.Signal(v.Context(), v.id, porting.MsgDecide, reject))
	token, err := m.steal(porting.TrustQueue(v.queue), porting.StepDecision)
	if err != nil {
		return "", err
	}
	nothing := porting.Decision{Decision: porting.Reject, By: submitter, OrderVersion: 1, Signed: true}
	if err := m.answer(token, porting.Judged{ID: "reject", Decision: nothing}); err != nil {
		return "", err
	}
	v.see(v.id, "has taken the reject", func(s porting.Status) bool { return len(s.Decisions) == 1 })
	v.on(worker.RoleTrust)
	v.approve("ben", c)
	v.withheld()
	return atGate, nil
}

// rogueSaga is a saga that tells the gate what is not so, after people have approved what it showed them.
func rogueSaga(name string, stops place, p puppet, lie func(*mallory, *porting.SubmitInput), people ...string) attack {
	return attack{
		name: "rogue saga: " + name, reaches: "the gate", stock: stops, token: insider, guarded: stops,
		run: func(v *victim, m *mallory) (place, error) {
			if lie != nil {
				p.submit = func(in *porting.SubmitInput) { lie(m, in) }
			}
			h, err := m.play(p, people...)
			if err != nil {
				return "", err
			}
			require.False(v, v.did(simulator.ActivationAsked))
			require.True(v, h.Activated.Refused != nil || h.Failed != "", "%+v", h)
			for _, no := range []*porting.Refusal{h.Submitted.Withheld, h.Activated.Refused} {
				if no != nil {
					v.Log("the gate:", no.Note)
				}
			}
			return stops, nil
		},
	}
}

func noApprovals(_ *mallory, in *porting.SubmitInput) { in.Decisions = nil }

func imitations(m *mallory, in *porting.SubmitInput) {
	in.Decisions = []porting.Decision{m.imitation(porting.Challenge{Port: in.Ref.Port, OrderVersion: 1}).Decision}
}

func otherNumbers(_ *mallory, in *porting.SubmitInput) {
	in.Order.Numbers = []porting.Number{"+14155550135"}
}

func otherDonor(_ *mallory, in *porting.SubmitInput) { in.Order.Donor.Name = "Elsewhere Mobile" }

func noScreening(_ *mallory, in *porting.SubmitInput) {
	in.Findings, in.Salt, in.Audience = porting.Findings{Risk: porting.RiskLow}, "", ""
}

func countKeys(v *victim, m *mallory) (place, error) {
	v.off(worker.RoleWorkflow)
	if err := m.workOff(porting.WorkflowPortIn, puppet{decided: 2}.saga); err != nil {
		return "", err
	}
	if err := m.start(v.id, porting.WorkflowPortIn, porting.PortInput{ID: v.id, Order: v.order, Clock: v.clock}); err != nil {
		return "", err
	}
	c := v.challenge(v.id)
	for _, key := range []string{"cleo", "cleo/2"} {
		_, err := v.ports.Decide(v.Context(), v.id, approvaltest.Sign(v, v.people.keys[key], approves(c)))
		require.NoError(v, err)
	}
	h := v.heard(v.id)
	require.NotNil(v, h.Submitted.Withheld)
	v.Log("the gate:", h.Submitted.Withheld.Note)
	return atGate, nil
}

func leaveOutReject(v *victim, m *mallory) (place, error) {
	only := func(all []porting.Decision) []porting.Decision {
		return slices.DeleteFunc(slices.Clone(all), func(d porting.Decision) bool { return d.Decision == porting.Reject })
	}
	p := puppet{
		decided:  2,
		submit:   func(in *porting.SubmitInput) { in.Decisions = only(in.Decisions) },
		activate: func(in *porting.ActivateInput) { in.Decisions = only(in.Decisions) },
	}
	v.off(worker.RoleWorkflow)
	if err := m.workOff(porting.WorkflowPortIn, p.saga); err != nil {
		return "", err
	}
	if err := m.start(v.id, porting.WorkflowPortIn, porting.PortInput{ID: v.id, Order: v.order, Clock: v.clock}); err != nil {
		return "", err
	}
	c := v.challenge(v.id)
	v.approve("ben", c)
	_, err := v.ports.Decide(v.Context(), v.id, v.people.decide("fay", porting.Reject, c))
	require.NoError(v, err)
	h := v.heard(v.id)
	require.NotNil(v, h.Submitted.Withheld)
	v.Log("the gate:", h.Submitted.Withheld.Note)
	return atGate, nil
}

// asker is a workflow of hers that asks the gate of a port for one step.
func asker(queue, step string, in any) func(workflow.Context) (porting.Activation, error) {
	return func(ctx workflow.Context) (out porting.Activation, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: queue, StartToCloseTimeout: time.Minute})
		err = workflow.ExecuteActivity(ctx, step, in).Get(ctx, &out)
		return out, err
	}
}

// askFrom runs such a workflow on a queue of her own.
func (m *mallory) askFrom(id, of, step string, in any) (answer porting.Activation, err error) {
	m.v.Helper()
	id, own := id+"-"+m.v.queue, "hers-"+m.v.queue
	w := sdkworker.New(m.sdk, own, sdkworker.Options{})
	w.RegisterWorkflowWithOptions(asker(porting.GateQueue(m.v.queue), step, in), workflow.RegisterOptions{Name: of})
	if err := w.Start(); err != nil {
		return answer, err
	}
	m.v.Cleanup(w.Stop)
	run, err := m.sdk.ExecuteWorkflow(m.v.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: own}, of)
	if err != nil {
		return answer, err
	}
	return answer, run.Get(m.v.Context(), &answer)
}

func askFromElsewhere(id, of, step string) func(*victim, *mallory) (place, error) {
	return func(v *victim, m *mallory) (place, error) {
		v.confirmed()
		answer, err := m.askFrom(id, of, step, porting.ActivateInput{
			Ref: porting.Ref{Port: v.id, Version: 1}, Carrier: "simulator", Epoch: 1, FOC: v.clock.Business(time.Now()), Policy: porting.Policy{People: 1},
			Protocol: porting.GateProtocol, Clock: v.clock,
		})
		if err != nil {
			return "", err
		}
		require.NotNil(v, answer.Refused)
		v.Log("the gate:", answer.Refused.Note)
		return atGate, nil
	}
}

func orderBack(v *victim, m *mallory) (place, error) {
	v.approve("ben", v.waiting())
	v.ends(porting.OutcomeCompleted)
	back := porting.CarrierInput{Ref: porting.Ref{Port: v.id, Version: 1}, Carrier: "simulator", Reason: porting.OtherReason}
	_, err := m.askFrom("pi-elsewhere", porting.WorkflowPortIn, porting.StepReverse, back)
	if isDenied(err) {
		return "", err
	}
	require.ErrorContains(v, err, "another workflow than the port's own saga")
	return atGate, nil
}
