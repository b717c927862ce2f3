package workflows_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

func TestBulkCarriesEveryPortToItsEnd(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 95))
	y.at(90*time.Minute, y.approveAll)
	s := y.run(porting.Bulk{})

	require.Equal(t, porting.BulkCompleted, s.State)
	require.Equal(t, map[porting.Outcome]int{porting.OutcomeCompleted: 95}, s.Outcomes)
	require.Equal(t, 190, s.Moved)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(y.started))), 95, "each port is started once")
	require.Len(t, y.started, 95)
	require.Equal(t, 20, y.most, "the window")
	require.Len(t, y.told, 95)
	for _, messages := range y.told {
		require.Equal(t, []string{porting.Approve}, messages)
	}
	require.NotContains(t, y.versions, 2)
	require.False(t, y.upserts[len(y.upserts)-1])
}

// A batch is answered when there is room again: the client waits, and the parent stays small.
func TestBulkAnswersABatchWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 95))
	y.at(26*time.Hour, y.approveAll)
	y.at(30*time.Minute, func() {
		s := y.status()
		require.Len(t, y.answers, 5, "20 ports are started and 39 wait at most")
		require.Equal(t, porting.BulkInProgress, s.State)
		require.Equal(t, map[porting.Stage]int{porting.Received: 20}, s.Stages)
		require.Equal(t, 40, s.Waiting)
		require.False(t, s.Complete)
	})
	y.run(porting.Bulk{})
	require.Len(t, y.answers, 11)
}

func TestBulkRejectedByAPerson(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 30))
	y.at(30*time.Minute, func() {
		y.update(porting.MsgDecide, porting.Decide{Decision: porting.Reject, By: "ana@desk"}, nil)
	})
	s := y.run(porting.Bulk{})
	require.Equal(t, porting.BulkNothingMoved, s.State)
	require.Equal(t, map[porting.Outcome]int{porting.OutcomeRejected: 20}, s.Outcomes)
	require.Equal(t, 10, s.NotStarted)
	require.Equal(t, 60, s.Numbers)
}

func TestBulkRevoked(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 50))
	y.at(30*time.Minute, y.approveAll)
	y.at(90*time.Minute, func() { // the first 20 are submitted, the next 20 are being screened
		y.env.SignalWorkflow(porting.MsgRevoke, porting.Revoke{By: "ben@care"})
	})
	y.at(90*time.Minute+time.Second, func() {
		y.update(porting.MsgRevoke, porting.Revoke{By: "eve@care"}, nil)
		y.update(porting.UpdateAddPorts, porting.AddPorts{Batch: 5, Orders: bulkOrders(50, 1)}, nil)
	})
	y.at(2*time.Hour, func() { require.Zero(t, y.status().Untold) })
	y.otherwise["ACME-0000"] = func(ctx workflow.Context, y *yard, in porting.PortInput) (porting.Status, error) {
		p := fakePort{y, in} // it takes a day to be reversed
		p.comesToVerifying(ctx, 1)
		p.note(workflow.GetSignalChannel(ctx, porting.MsgRevoke).Receive(ctx, nil), porting.MsgRevoke)
		return porting.Status{}, errors.Join(workflow.Sleep(ctx, 24*time.Hour), second(p.end(ctx, porting.OutcomeReversed, 0)))
	}
	s := y.run(porting.Bulk{})
	require.Equal(t, porting.BulkNothingMoved, s.State)
	require.Equal(t, map[porting.Outcome]int{porting.OutcomeReversed: 21, porting.OutcomeRevoked: 20}, s.Outcomes)
	require.Equal(t, 9, s.NotStarted)
	for port, messages := range y.told {
		require.Equal(t, 1, strings.Count(strings.Join(messages, " "), porting.MsgRevoke), port)
	}
	last := y.answers[len(y.answers)-1]
	var refusal *temporal.ApplicationError
	require.ErrorAs(t, last.err, &refusal)
	require.Equal(t, "order-stopped", refusal.Type())
}

func second[A, B any](_ A, b B) B { return b }

// An amended order needs a decision of its own: the one for all does not hold for it, and a person is called.
func TestBulkDecisionIsForTheFirstVersionOnly(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 2))
	y.at(90*time.Minute, y.approveAll)
	y.otherwise["ACME-0001"] = func(ctx workflow.Context, y *yard, in porting.PortInput) (porting.Status, error) {
		p := fakePort{y, in}
		p.tells(ctx, porting.Progress{Stage: porting.Exception})
		_ = workflow.Sleep(ctx, 3*time.Hour)
		p.comesToVerifying(ctx, 2)
		return p.awaitDecision(ctx)
	}
	y.at(10*time.Hour, func() {
		s := y.status()
		require.Equal(t, porting.BulkNeedsAttention, s.State)
		require.Equal(t, []string{bulkPort(1)}, s.NeedsAttention)
		require.Zero(t, s.Untold)
		require.Contains(t, y.page(), "["+bulkPort(1)+"](/namespaces/{namespace}/workflows/"+bulkPort(1)+")")
		require.True(t, y.upserts[len(y.upserts)-1])
		require.NoError(t, y.env.SignalWorkflowByID(bulkPort(1), porting.MsgDecide, porting.Decide{Decision: porting.Reject, By: "ana@desk", OrderVersion: 2}))
	})
	s := y.run(porting.Bulk{})
	require.Equal(t, porting.BulkPartial, s.State)
	require.Equal(t, []string{porting.Reject}, y.told[bulkPort(1)])
}

func (y *yard) page() string {
	y.t.Helper()
	return (&world{t: y.t, env: y.env}).page()
}

// A port that fails or is terminated tells nothing: the parent sees it, and a person tells its fate.
func TestBulkPortThatFails(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 2))
	y.at(90*time.Minute, y.approveAll)
	y.otherwise["ACME-0000"] = func(workflow.Context, *yard, porting.PortInput) (porting.Status, error) {
		return porting.Status{}, temporal.NewNonRetryableApplicationError("stuck", "defect", nil)
	}
	y.at(5*time.Hour, func() {
		s := y.status()
		require.Equal(t, porting.BulkNeedsAttention, s.State)
		require.False(t, s.Ended)
		y.env.SignalWorkflow(porting.MsgProgress, porting.Progress{Port: bulkPort(0), Stage: porting.Received, Outcome: porting.OutcomeCancelled})
	})
	require.Equal(t, porting.BulkPartial, y.run(porting.Bulk{}).State)
}

func TestBulkPortThatExistsAlready(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 30))
	y.otherwise["ACME-0000"] = func(ctx workflow.Context, y *yard, in porting.PortInput) (porting.Status, error) {
		other := in // somebody starts a port of the name that the 26th will have
		other.ID, other.Order.Reference, in.Bulk = bulkPort(25), "ACME-0000-other", ""
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: other.ID})
		return porting.Status{}, errors.Join(workflow.ExecuteChildWorkflow(ctx, porting.WorkflowPortIn, other).GetChildWorkflowExecution().Get(ctx, nil),
			workflow.Sleep(ctx, 20*time.Hour), second(fakePort{y, other}.end(ctx, porting.OutcomeRejected, 0)))
	}
	y.otherwise["ACME-0000-other"] = func(ctx workflow.Context, _ *yard, _ porting.PortInput) (porting.Status, error) {
		return porting.Status{}, workflow.Sleep(ctx, 100*time.Hour)
	}
	y.at(10*time.Hour, func() {
		s := y.status()
		require.Equal(t, porting.BulkNeedsAttention, s.State)
		require.Equal(t, []string{bulkPort(25)}, s.NeedsAttention)
		require.Equal(t, bulkPort(25)+" was started before; see whether it belongs to this order", s.Notes[0].Note)
		y.approveAll()
	})
	y.at(50*time.Hour, func() {
		for _, i := range []int{0, 25} {
			y.env.SignalWorkflow(porting.MsgProgress, porting.Progress{Port: bulkPort(i), Stage: porting.Received, Outcome: porting.OutcomeRejected})
		}
	})
	s := y.run(porting.Bulk{})
	require.Equal(t, porting.BulkPartial, s.State)
	require.Equal(t, map[porting.Outcome]int{porting.OutcomeRejected: 2, porting.OutcomeCompleted: 28}, s.Outcomes)
}

// The ports live on their own: cancelling the order in Temporal cancels none of them.
func TestBulkCancelledInTemporal(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.env.SetDetachedChildWait(true)
	y.add(bulkOrders(0, 3))
	y.at(90*time.Minute, y.approveAll)
	y.at(3*time.Hour, y.env.CancelWorkflow)
	y.env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil).Maybe()
	y.start(porting.Bulk{})
	require.True(t, temporal.IsCanceledError(y.env.GetWorkflowError()))
	require.Empty(t, y.canceled)
}

func TestBulkThatStaysIncomplete(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.at(0, func() {
		y.update(porting.UpdateAddPorts, porting.AddPorts{Orders: bulkOrders(0, 1)}, nil)
	})
	y.at(2*time.Hour, y.approveAll)
	y.at(23*time.Hour, func() {
		require.Equal(t, porting.BulkInProgress, y.status().State)
		require.Contains(t, y.page(), "The rest of the order is still to come")
	})
	y.at(25*time.Hour, func() { require.Equal(t, porting.BulkNeedsAttention, y.status().State) })
	y.at(48*time.Hour, func() {
		require.Contains(t, y.page(), "the rest of the order never came")
		y.update(porting.UpdateAddPorts, porting.AddPorts{Batch: 1, Last: true}, nil)
	})
	require.Equal(t, porting.BulkCompleted, y.run(porting.Bulk{}).State)
}

func TestBulkMessagesThatAreRefused(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 1))
	y.at(90*time.Minute, func() {
		y.update(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "sue@shop"}, nil)
		y.update(porting.MsgRevoke, porting.Revoke{}, nil)
		y.env.SignalWorkflow(porting.MsgDecide, porting.Decide{Decision: "maybe", By: "ana@desk"})
		y.env.SignalWorkflow(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ana@desk"})
	})
	s := y.run(porting.Bulk{})
	require.Equal(t, porting.BulkCompleted, s.State)
	var codes []string
	for _, a := range y.answers[1:] {
		var refusal *temporal.ApplicationError
		require.ErrorAs(t, a.err, &refusal)
		codes = append(codes, refusal.Type())
	}
	require.Equal(t, []string{"submitter-may-not-decide", "by-missing"}, codes)
	require.Equal(t, porting.EventIgnored, s.Notes[0].Event, "nobody hears a refusal of a signal, so it is noted")
}

// The history is cut while a batch, a decision and news of ports arrive; nothing of it is lost.
func TestBulkGoesOnInANewRun(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 75))
	y.at(30*time.Minute, func() {
		y.env.SignalWorkflowSkippingWorkflowTask(porting.MsgProgress, porting.Progress{Port: bulkPort(3), Stage: porting.Verifying, Version: 1})
		y.env.SignalWorkflowSkippingWorkflowTask(porting.MsgDecide, porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk"})
		y.at(0, func() { y.env.SetCurrentHistoryLength(2501) })
		y.env.SignalWorkflow(porting.MsgProgress, porting.Progress{Port: bulkPort(4), Stage: porting.Verifying, Version: 1})
	})
	next := y.cut()
	require.Len(t, next.Ports, 20)
	require.Equal(t, porting.Verifying, next.Ports[3].Stage)
	require.Equal(t, porting.Verifying, next.Ports[4].Stage)
	require.Len(t, next.Decisions, 1)
	require.Len(t, next.Waiting, 40, "the batch that waits for room is taken")
	require.Len(t, y.answers, 6, "and answered")
	require.Equal(t, 6, next.NextBatch)
	require.Equal(t, start.Add(24*time.Hour), next.RestDue.UTC())

	again := newYard(t)
	told := map[string]int{}
	again.env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", porting.MsgDecide, mock.Anything).Return(
		func(_, port, _, _ string, _ any) error {
			again.mu.Lock()
			defer again.mu.Unlock()
			told[port]++
			return nil
		})
	again.addFrom(6, bulkOrders(0, 75))
	again.at(2*time.Hour, func() {
		for i := range 20 { // those that the run before had started
			again.env.SignalWorkflow(porting.MsgProgress, porting.Progress{Port: bulkPort(i), Stage: porting.RollingBack, Outcome: porting.OutcomeRejected})
		}
	})
	s := again.run(next)
	require.Equal(t, map[porting.Outcome]int{porting.OutcomeRejected: 20, porting.OutcomeCompleted: 55}, s.Outcomes)
	require.Equal(t, map[string]int{bulkPort(3): 1, bulkPort(4): 1}, told)
	require.Len(t, again.started, 55)
}

// cut runs an order until its history is cut, and returns what the next run begins with.
func (y *yard) cut() porting.Bulk {
	y.t.Helper()
	y.start(porting.Bulk{})
	var goesOn *workflow.ContinueAsNewError
	require.ErrorAs(y.t, y.env.GetWorkflowError(), &goesOn)
	require.Equal(y.t, porting.WorkflowBulk, goesOn.WorkflowType.Name)
	var next porting.Bulk
	require.NoError(y.t, converter.GetDefaultDataConverter().FromPayloads(goesOn.Input, &next))
	return next
}

// News that come with the last one of all are still heard.
func TestBulkHearsWhatComesWithItsEnd(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 1))
	y.at(30*time.Minute, func() {
		y.env.SignalWorkflowSkippingWorkflowTask(porting.MsgProgress, porting.Progress{Port: bulkPort(0), Stage: porting.Completed, Outcome: porting.OutcomeCompleted, Moved: 2})
		y.env.SignalWorkflowSkippingWorkflowTask(porting.MsgDecide, porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk"})
		y.update(porting.MsgRevoke, porting.Revoke{By: "ben@care"}, nil)
	})
	s := y.run(porting.Bulk{})
	require.Equal(t, porting.BulkCompleted, s.State)
	require.Len(t, s.Notes, 2)
	require.True(t, y.answers[len(y.answers)-1].says.Accepted)
}

func TestBulkPageIsSmallAndMasked(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add(bulkOrders(0, 20))
	y.at(30*time.Minute, func() {
		for i := range 20 {
			y.env.SignalWorkflow(porting.MsgProgress, porting.Progress{Port: bulkPort(i), Stage: porting.Submitted, Attention: true, Version: 1})
		}
		for range 100 {
			y.env.SignalWorkflow(porting.MsgDecide, porting.Decide{})
		}
	})
	y.at(45*time.Minute, func() {
		page := y.page()
		require.Less(t, len(page), 4096)
		require.Contains(t, page, "> **Needs attention**: 0 of 40 numbers moved")
		require.Contains(t, page, "- and 10 more: search for `PortOrder = 'bo-test' AND PortNeedsAttention = true`")
		require.NotContains(t, page, "1212555")
		y.env.SignalWorkflow(porting.MsgRevoke, porting.Revoke{By: "ben@care"})
	})
	s := y.run(porting.Bulk{})
	require.Empty(t, s.NeedsAttention)
}
