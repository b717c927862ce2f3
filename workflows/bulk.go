package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

const (
	// bulkWindow bounds the ports of an order that are between their start and the decision of people.
	bulkWindow = 20
	// bulkRoom bounds the orders that wait to be started; a batch is answered when there is room again.
	bulkRoom = 40
	// bulkTells bounds the messages for all that are on their way to ports at once.
	bulkTells = 20
	// bulkHistory is the number of events after which the order goes on in a new run.
	bulkHistory = 2500
	// bulkRest is how long an order may stay incomplete before a person is called, in real time: that of its client.
	bulkRest = 24 * time.Hour
)

// Bulk is the saga of a parent order. It starts a port for every order that is added, a window of them at a time, hears
// from each what matters, and passes on a decision or a revocation that is meant for all. The ports live on their own: if
// the parent ended, nothing would happen to them.
func Bulk(ctx workflow.Context, in porting.Bulk) (porting.BulkStatus, error) {
	b := &bulk{Bulk: in}
	b.openChannels(ctx)
	workflow.GoNamed(ctx, "rest of the order", b.awaitRest)
	for {
		b.show(ctx)
		if err := workflow.Await(ctx, func() bool { return b.stale || b.Ended() || b.isLong(ctx) || b.canStart() || b.Untold() }); err != nil {
			return b.Status(), err
		}
		switch {
		case b.Ended():
			b.drain(ctx)
			return b.Status(), nil
		case b.isLong(ctx):
			return b.Status(), b.goOn(ctx)
		case b.Untold():
			b.passOn(ctx)
		case b.canStart():
			b.startPorts(ctx)
		}
	}
}

// bulk is the order on its way. All that must last is in porting.Bulk.
type bulk struct {
	porting.Bulk
	stale bool   // something happened that the page does not show
	shown string // the state that operators can search by
}

func (b *bulk) canStart() bool { return len(b.Waiting) > 0 && b.Starting() < bulkWindow }

func (b *bulk) isLong(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.GetCurrentHistoryLength() > bulkHistory || info.GetContinueAsNewSuggested()
}

// startPorts starts the ports that the window has room for, and waits until they run.
func (b *bulk) startPorts(ctx workflow.Context) {
	started := map[string]workflow.ChildWorkflowFuture{}
	first := len(b.Ports)
	for b.canStart() {
		order := b.Start()
		started[b.PortID(order)] = b.startPort(ctx, order)
	}
	for _, p := range b.Ports[first:] {
		if err := started[p.ID].GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			b.hearNotStarted(ctx, p.ID, err)
			continue
		}
		workflow.GoNamed(ctx, "end of "+p.ID, func(ctx workflow.Context) {
			if err := started[p.ID].Get(ctx, nil); err != nil {
				b.hearFailed(p.ID)
			}
		})
	}
}

// startPort starts one port, out of reach of a cancellation of the order.
func (b *bulk) startPort(ctx workflow.Context, order porting.Order) workflow.ChildWorkflowFuture {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	id := b.PortID(order)
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		TypedSearchAttributes: temporal.NewSearchAttributes(keyDirection.ValueSet(string(porting.PortIn)), keyStage.ValueSet(string(porting.Received)),
			keyTenant.ValueSet(order.TenantOrDefault()), keyOrder.ValueSet(b.ID)),
		StaticSummary: fmt.Sprintf("Port-in of %d numbers, order %s of %s", len(order.Numbers), order.Reference, b.Reference),
	})
	return workflow.ExecuteChildWorkflow(ctx, porting.WorkflowPortIn, porting.PortInput{ID: id, Order: order, Clock: b.Clock, Bulk: b.ID})
}

// hearNotStarted takes a start that failed. A port that exists already is left alone: one that an earlier run of this order
// started tells of itself, and any other is for a person to look at.
func (b *bulk) hearNotStarted(ctx workflow.Context, port string, err error) {
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		b.CallPerson(port)
		b.note(ctx, porting.EventEscalated, port+" was started before; see whether it belongs to this order")
		return
	}
	b.Refuse(port)
	b.note(ctx, porting.EventRefused, port+" could not be started")
}

// hearFailed takes the end of a port that told nothing of it: it failed or was terminated, and a person must look.
func (b *bulk) hearFailed(port string) {
	b.CallPerson(port)
	b.stale = true
}

// passOn tells some ports what is meant for all, and waits until they have it. A port that has just ended needs no message.
func (b *bulk) passOn(ctx workflow.Context) {
	var sent []workflow.Future
	for _, m := range b.PassOn(bulkTells) {
		sent = append(sent, workflow.SignalExternalWorkflow(ctx, m.Port, "", m.Name, m.Body))
	}
	for _, s := range sent {
		_ = s.Get(ctx, nil)
	}
}

// goOn continues the order in a new run, with everything that arrived until now.
func (b *bulk) goOn(ctx workflow.Context) error {
	b.drain(ctx)
	return workflow.NewContinueAsNewError(ctx, porting.WorkflowBulk, b.Bulk)
}

// drain hears what arrived in the last moment and lets every answer go out.
func (b *bulk) drain(ctx workflow.Context) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	drained := false
	// The newest coroutine runs last: by then every loop of signals has emptied its channel.
	workflow.GoNamed(ctx, "drain", func(workflow.Context) { drained = true })
	// The context cannot be cancelled, so the await cannot fail.
	_ = workflow.Await(ctx, func() bool { return drained && workflow.AllHandlersFinished(ctx) })
	b.show(ctx)
}

// awaitRest calls a person when the rest of the order does not come.
func (b *bulk) awaitRest(ctx workflow.Context) {
	if b.Complete || b.RestLate {
		return
	}
	if b.RestDue.IsZero() {
		b.RestDue = workflow.Now(ctx).Add(bulkRest)
	}
	timed, stopTimer := workflow.WithCancel(ctx)
	complete, err := workflow.AwaitWithOptions(timed, workflow.AwaitOptions{
		Timeout:      b.RestDue.Sub(workflow.Now(ctx)),
		TimerOptions: workflow.TimerOptions{Summary: "Rest of the order"},
	}, func() bool { return b.Complete })
	stopTimer()
	if complete || err != nil {
		return
	}
	b.RestLate = true
	b.note(ctx, porting.EventEscalated, "the rest of the order never came; run `bulk start` again with the same files, or revoke it")
}
