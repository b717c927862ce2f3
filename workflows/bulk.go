package workflows

import (
	"fmt"
	"strings"

	"github.com/portsaga/portsaga/porting"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

const (
	// bulkWindow bounds the ports of an order that are between their start and the decision of people.
	bulkWindow = 20
	// bulkRoom bounds the orders that wait to be started; a batch is answered when there is room again.
	bulkRoom = 40
	// bulkHistory is the number of events after which the order goes on in a new run.
	bulkHistory = 2500
)

// Bulk is the saga of a parent order. It starts a port for every order that is added, a window of them at a time, hears
// from each what matters, and passes on a decision or a revocation that is meant for all. The ports live on their own: if
// the parent ended, nothing would happen to them.
func Bulk(ctx workflow.Context, in porting.Bulk) (porting.BulkStatus, error) {
	b := &bulk{Bulk: in}
	b.openChannels(ctx)
	for {
		b.show(ctx)
		err := workflow.Await(ctx, func() bool { return b.canStart() || b.Ended() || b.isLong(ctx) })
		switch {
		case err != nil:
			return b.Status(), err
		case b.canStart() && !b.isLong(ctx):
			b.startNext(ctx)
		case b.Ended():
			return b.Status(), b.drain(ctx)
		default:
			if err := b.drain(ctx); err != nil {
				return b.Status(), err
			}
			return b.Status(), workflow.NewContinueAsNewError(ctx, porting.WorkflowBulk, b.Bulk)
		}
	}
}

type bulk struct {
	porting.Bulk
	progress workflow.ReceiveChannel
}

func (b *bulk) canStart() bool {
	return len(b.Waiting) > 0 && b.Starting() < bulkWindow && b.Revoked == nil
}

func (b *bulk) isLong(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetCurrentHistoryLength() > bulkHistory
}

// startNext starts the port of the next order. A port that exists already was started by an earlier try of the same
// order and is left alone.
func (b *bulk) startNext(ctx workflow.Context) {
	order := b.Start()
	id := b.PortID(order)
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:         fmt.Sprintf("Port-in of %d numbers, order %s of %s", len(order.Numbers), order.Reference, b.Reference),
	})
	child := workflow.ExecuteChildWorkflow(ctx, porting.WorkflowPortIn, porting.PortInput{ID: id, Order: order, Clock: b.Clock, Bulk: b.ID})
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		b.Report(porting.Progress{Port: id, Outcome: porting.OutcomeRejected, Attention: true})
		b.note(ctx, porting.EventRefused, "portsaga", id+" could not be started: "+startProblem(err))
	}
}

func startProblem(err error) string {
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return "a port with this reference exists"
	}
	return "see the history"
}

func (b *bulk) openChannels(ctx workflow.Context) {
	b.progress = workflow.GetSignalChannelWithOptions(ctx, porting.MsgProgress, workflow.SignalChannelOptions{Description: "A port of this order tells how far it is"})
	workflow.GoNamed(ctx, "progress of ports", func(ctx workflow.Context) {
		for {
			var p porting.Progress
			b.progress.Receive(ctx, &p)
			b.hearProgress(ctx, p)
		}
	})
	must(workflow.SetUpdateHandlerWithOptions(ctx, porting.UpdateAddPorts, b.addPorts, workflow.UpdateHandlerOptions{
		Description: "Add a batch of orders; the answer comes when there is room for the next",
		Validator:   func(_ workflow.Context, a porting.AddPorts) error { return applicationError(b.CheckBatch(a)) }}))
	must(workflow.SetUpdateHandlerWithOptions(ctx, porting.MsgDecide, b.decide, workflow.UpdateHandlerOptions{
		Description: "Decide on every port of this order that waits for a decision, now and later",
		Validator:   func(_ workflow.Context, m porting.Decide) error { return applicationError(b.checkDecide(m)) }}))
	must(workflow.SetUpdateHandlerWithOptions(ctx, porting.MsgRevoke, b.revoke, workflow.UpdateHandlerOptions{
		Description: "Revoke every open port of this order"}))
	must(workflow.SetQueryHandlerWithOptions(ctx, porting.QueryStatus, func() (porting.BulkStatus, error) { return b.Status(), nil },
		workflow.QueryHandlerOptions{Description: "The roll-up as `bulk show` prints it"}))
}

func (b *bulk) addPorts(ctx workflow.Context, a porting.AddPorts) (porting.BulkStatus, error) {
	b.Add(a)
	err := workflow.Await(ctx, func() bool { return len(b.Waiting) < bulkRoom || b.Revoked != nil || b.isLong(ctx) })
	return b.Status(), err
}

func (b *bulk) hearProgress(ctx workflow.Context, p porting.Progress) {
	b.Report(p)
	if b.Approval != nil && p.Stage == porting.Verifying && p.Outcome == "" {
		b.tell(ctx, p.Port, porting.MsgDecide, *b.Approval)
	}
	b.show(ctx)
}

func (b *bulk) checkDecide(m porting.Decide) error {
	if (m.Decision == porting.Approve || m.Decision == porting.Reject) && m.By != "" {
		return nil
	}
	return &porting.Error{Kind: porting.Invalid, Code: "decision-unknown", Op: "decide on order", Object: b.ID, Detail: `decision is "approve" or "reject", and "by" says who you are`}
}

// decide passes a decision to every port that waits for one. An approval also holds for the ports that come to it later.
func (b *bulk) decide(ctx workflow.Context, m porting.Decide) (porting.Answer, error) {
	m.ID, m.Stage, m.OrderVersion = "", porting.Verifying, 1
	b.note(ctx, porting.EventDecision, m.By, m.Decision+" (unsigned), for all ports")
	b.Approval = &m
	for _, p := range b.Ports {
		if p.Outcome == "" && p.Stage == porting.Verifying {
			b.tell(ctx, p.ID, porting.MsgDecide, m)
		}
	}
	return porting.Answer{ID: b.ID, Accepted: true, Says: "passed on to every port that waits for a decision"}, nil
}

// revoke passes the revocation to every open port; nothing that waits is started any more.
func (b *bulk) revoke(ctx workflow.Context, m porting.Revoke) (porting.Answer, error) {
	b.note(ctx, porting.EventRevoked, m.By, string(m.Reason))
	b.Revoked, b.Waiting, b.Complete = &m, nil, true
	for _, p := range b.Ports {
		if p.Outcome == "" {
			b.tell(ctx, p.ID, porting.MsgRevoke, m)
		}
	}
	return porting.Answer{ID: b.ID, Accepted: true, Says: "passed on to every open port; nothing else is started"}, nil
}

// tell sends a message to a port. A port that has just ended needs none.
func (b *bulk) tell(ctx workflow.Context, port, message string, body any) {
	workflow.SignalExternalWorkflow(ctx, port, "", message, body)
}

func (b *bulk) note(ctx workflow.Context, on porting.Event, actor, note string) {
	b.Note(b.Clock.Business(workflow.Now(ctx)).UTC(), on, actor, note)
}

// show renders the one page that rolls up the order.
func (b *bulk) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, bulkDetails(b.Status(), b.Notes))
}

// drain hears what arrived in the last moment and lets every answer go out.
func (b *bulk) drain(ctx workflow.Context) error {
	for {
		var p porting.Progress
		if !b.progress.ReceiveAsync(&p) {
			break
		}
		b.hearProgress(ctx, p)
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// bulkDetails is the operator's page of a bulk order.
func bulkDetails(s porting.BulkStatus, notes []porting.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "> **%s**: %d of %d numbers moved\n\n", s.State, s.Moved, s.Numbers)
	fmt.Fprintf(&b, "Order `%s`, %d ports, %d not started yet\n\n", s.Reference, s.Ports, s.Waiting)
	b.WriteString("| Stage or outcome | Ports |\n|---|---|\n")
	for _, stage := range porting.Stages {
		if n := s.Stages[stage]; n > 0 {
			fmt.Fprintf(&b, "| in %s | %d |\n", stage, n)
		}
	}
	for _, outcome := range porting.Outcomes {
		if n := s.Outcomes[outcome]; n > 0 {
			fmt.Fprintf(&b, "| **%s** | %d |\n", outcome, n)
		}
	}
	if len(s.NeedsAttention) > 0 {
		b.WriteString("\n**A person must look at**\n\n")
		for _, id := range s.NeedsAttention {
			fmt.Fprintf(&b, "- [%s](/namespaces/{namespace}/workflows/%s)\n", id, id)
		}
	}
	if len(notes) > 0 {
		b.WriteString("\n" + timeline(notes, maxDetails-b.Len()))
	}
	return b.String()
}
