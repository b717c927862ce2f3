package redteam

import (
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// puppet is a saga of Mallory's own. From outside it looks like the real one: it takes the order, has it screened, shows the
// challenge and takes signed decisions. What it then tells the gate is hers to choose. Without lies it moves numbers.
type puppet struct {
	receive  func(*porting.ReceiveInput)
	screen   func(*porting.ScreenInput)
	submit   func(*porting.SubmitInput)
	activate func(*porting.ActivateInput)
	decided  int // decisions that it waits for
}

// heard is what the puppet heard from the gate.
type heard struct {
	Submitted porting.SubmitAnswer
	Activated porting.Activation
	Failed    string
}

func (p puppet) saga(ctx workflow.Context, in porting.PortInput) (h heard, err error) {
	port := porting.NewPort(in)
	run := workflow.GetInfo(ctx).WorkflowExecution.RunID
	if err := workflow.SetQueryHandler(ctx, porting.QueryStatus, func() (porting.Status, error) { return port.StatusFor(run), nil }); err != nil {
		return h, err
	}
	if err := workflow.SetUpdateHandler(ctx, porting.MsgDecide, func(ctx workflow.Context, d porting.Decide) (porting.Answer, error) {
		judged, err := ask[porting.Judged](ctx, porting.StepDecision, porting.DecisionInput{Decide: d, Challenge: port.Challenge(""), Submitter: "nobody", At: port.Clock.Business(workflow.Now(ctx))})
		port.Decisions = append(port.Decisions, judged.Decision)
		return porting.Answer{ID: in.ID, Accepted: judged.Refused == nil, Says: "decision recorded"}, err
	}); err != nil {
		return h, err
	}
	if err := p.deceive(ctx, port, &h); err != nil {
		h.Failed = err.Error()
	}
	return h, nil
}

// deceive goes the way of a port, with every lie in its place.
func (p puppet) deceive(ctx workflow.Context, port *porting.Port, h *heard) (err error) {
	now := func() time.Time { return port.Clock.Business(workflow.Now(ctx)).UTC() }
	received := porting.ReceiveInput{Port: port.ID, Order: port.Order, Clock: port.Clock, At: now()}
	if port.Receipt, err = told(ctx, porting.StepReceive, received, p.receive, porting.Receipt{}); err != nil {
		return err
	}
	screened := porting.ScreenInput{Port: port.ID, Order: port.Order, Pack: port.Receipt.Pack, Carrier: port.Receipt.Carrier, Salt: port.Receipt.Salt, At: now()}
	if port.Found, err = told(ctx, porting.StepScreen, screened, p.screen, porting.Findings{}); err != nil {
		return err
	}
	port.Stage = porting.Verifying
	port.Wait(porting.WaitingApprover, time.Time{}, "")
	if err := workflow.Await(ctx, func() bool { return len(port.Decisions) >= p.decided }); err != nil {
		return err
	}
	sent := porting.SubmitInput{
		Ref: port.Ref(), Carrier: port.Receipt.Carrier, Pack: port.Receipt.Pack, Order: port.Order, At: now(), Epoch: port.Receipt.Epoch,
		Audience: port.Receipt.Audience, Salt: port.Receipt.Salt, Findings: port.Found, Decisions: port.Decisions,
	}
	if h.Submitted, err = told(ctx, porting.StepSubmit, sent, p.submit, porting.SubmitAnswer{}); err != nil {
		return err
	}
	foc, err := dateOf(ctx, port, h.Submitted)
	if err != nil {
		return err
	}
	asked := porting.ActivateInput{
		Ref: port.Ref(), Carrier: port.Receipt.Carrier, Epoch: port.Receipt.Epoch, FOC: foc, Policy: port.Policy(), Submitter: port.Order.SubmittedBy,
		Decisions: port.Decisions, Protocol: porting.GateProtocol, Clock: port.Clock, At: now(),
		Order: port.Order, Salt: port.Receipt.Salt, Findings: port.Found,
	}
	h.Activated, err = told(ctx, porting.StepActivate, asked, p.activate, porting.Activation{})
	return err
}

// dateOf waits for the carrier's date and for the date itself. An order that was withheld has none.
func dateOf(ctx workflow.Context, port *porting.Port, sent porting.SubmitAnswer) (time.Time, error) {
	status := sent.CarrierStatus
	for sent.Withheld == nil && status.FOC.IsZero() {
		if err := workflow.Sleep(ctx, 100*time.Millisecond); err != nil {
			return time.Time{}, err
		}
		var err error
		if status, err = ask[porting.CarrierStatus](ctx, porting.StepRead, porting.CarrierInput{Ref: port.Ref(), Carrier: port.Receipt.Carrier}); err != nil {
			return time.Time{}, err
		}
	}
	return status.FOC, workflow.Sleep(ctx, port.Clock.Real(status.FOC).Sub(workflow.Now(ctx)))
}

// told asks for a step with a lie in its question.
func told[In, Out any](ctx workflow.Context, step string, in In, lie func(*In), _ Out) (Out, error) {
	if lie != nil {
		lie(&in)
	}
	return ask[Out](ctx, step, in)
}

func ask[Out any](ctx workflow.Context, step string, in any) (out Out, err error) {
	queue := porting.GateQueue(workflow.GetInfo(ctx).TaskQueueName)
	if step == porting.StepDecision || step == porting.StepCloseFence {
		queue = porting.TrustQueue(workflow.GetInfo(ctx).TaskQueueName)
	}
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: queue, StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 2},
	}), step, in).Get(ctx, &out)
	return out, err
}

// play has the port run by a puppet from its start, and lets people decide on what it shows them.
func (m *mallory) play(p puppet, people ...string) (heard, error) {
	m.v.Helper()
	m.v.off(everyone[0])
	if err := m.workOff(porting.WorkflowPortIn, p.saga); err != nil {
		return heard{}, err
	}
	if err := m.start(m.v.id, porting.WorkflowPortIn, porting.PortInput{ID: m.v.id, Order: m.v.order, Clock: m.v.clock}); err != nil {
		return heard{}, err
	}
	for _, person := range people {
		m.v.approve(person, m.v.challenge(m.v.id))
	}
	return m.v.heard(m.v.id), nil
}

// heard waits for a puppet's end.
func (v *victim) heard(id string) (h heard) {
	v.Helper()
	require.NoError(v, v.client.GetWorkflow(v.Context(), id, "").Get(v.Context(), &h))
	return h
}
