package allinone

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

// forgetful is a carrier that never answers an LSR, and takes its time over a cancel.
const forgetful = `
about: The carrier never answers an LSR, and acknowledges a cancel after two hours.
steps:
  - {on: cancel-asked, after: 2h, then: cancelled}
`

// slowToCancel is a carrier that never acknowledges a cancel within the test.
const slowToCancel = `
about: The carrier never answers an LSR, and acknowledges a cancel after a year.
steps:
  - {on: cancel-asked, after: 365d, then: cancelled}
`

// confirming is a carrier that confirms for a date long after the test.
const confirming = `
about: The carrier confirms for a date sixty days away.
steps:
  - {on: submitted, after: 1h, then: confirmed, foc: 60d}
  - {on: cancel-asked, after: 2h, then: cancelled}
`

// patience is how long a machine may take over what takes a second.
const patience = 2 * time.Minute

// yard is a stack with a reaper that looks only when it is told to.
type yard struct {
	*testing.T
	*Stack
	ctx    context.Context
	reaper client.ScheduleHandle
}

func newYard(t *testing.T) yard {
	t.Helper()
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: demoClock, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	y := yard{T: t, Stack: s, ctx: ctx, reaper: s.Client.ScheduleClient().GetHandle(ctx, porting.ScheduleReaper)}
	_ = y.reaper.Delete(ctx) // one with another grace, if the stack brought it
	in := porting.ReapInput{Clock: s.Clock, Grace: time.Millisecond}
	created, err := worker.ScheduleReaper(ctx, s.Client, starter.DefaultTaskQueue, in)
	require.NoError(t, err)
	require.True(t, created)
	created, err = worker.ScheduleReaper(ctx, s.Client, starter.DefaultTaskQueue, in)
	require.NoError(t, err)
	require.False(t, created, "the schedule that is there is left alone")
	return y
}

// port brings a port to a stage, with a carrier that does what a scenario says.
func (y yard) port(reference string, number porting.Number, scenario string, stage porting.Stage) string {
	y.Helper()
	says, err := simulator.ParseScenario(reference, []byte(scenario))
	require.NoError(y, err)
	y.Carrier.Learn(says)
	require.NoError(y, y.Carrier.Choose(reference, reference))
	answer, err := y.Ports.Start(y.ctx, y.order(reference, number))
	require.NoError(y, err)
	y.until(answer.ID, func(s porting.Status) bool { return s.Stage == porting.Verifying })
	_, err = y.Ports.Decide(y.ctx, answer.ID, porting.Decide{Decision: porting.Approve, By: "ben@approvals"})
	require.NoError(y, err)
	y.until(answer.ID, func(s porting.Status) bool { return s.Stage == stage })
	return answer.ID
}

func (y yard) order(reference string, number porting.Number) porting.Order {
	y.Helper()
	order, err := readDemoOrder()
	require.NoError(y, err)
	order.Reference, order.Numbers, order.Wishes.AllOrNothing = reference, []porting.Number{number}, false
	return order
}

// until waits for a state of a port, or of its rescue.
func (y yard) until(id string, reached func(porting.Status) bool) (seen porting.Status) {
	y.Helper()
	require.Eventually(y, func() bool {
		status, err := y.Ports.Status(y.ctx, id)
		if err != nil || !reached(status) {
			return false
		}
		seen = status
		return true
	}, patience, glance)
	return seen
}

// look lets the reaper look until it has led to something: what it asks of the list of workflows lags behind a little.
func (y yard) look(led func() bool) {
	y.Helper()
	require.Eventually(y, func() bool {
		require.NoError(y, y.reaper.Trigger(y.ctx, client.ScheduleTriggerOptions{}))
		return led()
	}, patience, 5*glance)
}

func (y yard) fence(port string) ledger.Fence {
	y.Helper()
	fence, err := y.neighbours.Ledger.Fence(y.ctx, port)
	require.NoError(y, err)
	return fence
}

// effects are what the carrier did for a port.
func (y yard) effects(port string) []string {
	var names []string
	for _, e := range y.Carrier.Effects() {
		if e.Ref.Port == port {
			names = append(names, e.Effect)
		}
	}
	return names
}

func (y yard) exists(id string) bool {
	_, err := y.Client.DescribeWorkflowExecution(y.ctx, id, "")
	return err == nil
}

// requireRescued checks that a port was ended at the carrier and in the ledger, once, and that its number is free.
func (y yard) requireRescued(port string, number porting.Number) {
	y.Helper()
	rescue := porting.RescueID(port)
	y.look(func() bool { return y.exists(rescue) })
	status := y.until(rescue, func(s porting.Status) bool { return s.Outcome != "" })
	require.Equal(y, porting.OutcomeCancelled, status.Outcome)
	require.Equal(y, porting.NumberNotMoved, status.Numbers[0].Status)
	require.Equal(y, []string{simulator.Submitted, simulator.CancelAsked}, y.effects(port))
	fence := y.fence(port)
	require.Equal(y, ledger.FenceClosed, fence.State)
	require.Equal(y, porting.OutcomeCancelled, fence.Outcome)
	require.False(y, fence.ReleasedAt.IsZero())

	require.Eventually(y, func() bool { return y.runs(rescue) > 0 }, patience, glance)
	require.Equal(y, 1, y.runs(rescue), "however often the reaper looked")

	next, err := y.Ports.Start(y.ctx, y.order("after-"+port, number))
	require.NoError(y, err, "the number is free")
	require.True(y, next.Accepted)
}

func TestReaper(t *testing.T) {
	y := newYard(t)
	t.Run("a terminated port is cancelled at the carrier", func(t *testing.T) {
		y := yard{t, y.Stack, y.ctx, y.reaper}
		port := y.port("terminated", "+12125550201", forgetful, porting.Submitted)
		require.NoError(t, y.Client.TerminateWorkflow(y.ctx, port, "", "by hand"))
		y.requireRescued(port, "+12125550201")
		y.requireReplays(porting.RescueID(port))
	})
	t.Run("a deleted port is cancelled at the carrier", func(t *testing.T) {
		y := yard{t, y.Stack, y.ctx, y.reaper}
		port := y.port("deleted", "+12125550202", confirming, porting.Confirmed)
		_, err := y.Client.WorkflowService().DeleteWorkflowExecution(y.ctx, &workflowservice.DeleteWorkflowExecutionRequest{
			Namespace: y.Engine.Namespace(), WorkflowExecution: &common.WorkflowExecution{WorkflowId: port},
		})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return !y.exists(port) }, patience, glance)
		y.requireRescued(port, "+12125550202")
	})
	t.Run("a port that was reset without its revocation is revoked again", func(t *testing.T) {
		y := yard{t, y.Stack, y.ctx, y.reaper}
		port := y.port("reset", "+12125550203", slowToCancel, porting.Submitted)
		point := y.lastTask(port)
		_, err := y.Ports.Revoke(y.ctx, port, porting.Revoke{By: "ben@care", Reason: porting.UnauthorisedPort})
		require.NoError(t, err)
		y.until(port, func(s porting.Status) bool { return s.Stage == porting.RollingBack })
		y.reset(port, point)
		y.until(port, func(s porting.Status) bool { return s.Stage == porting.Submitted })

		y.look(func() bool {
			status, err := y.Ports.Status(y.ctx, port)
			return err == nil && status.Stage == porting.RollingBack
		})
		last := y.until(port, func(s porting.Status) bool { return s.Stage == porting.RollingBack }).Timeline
		require.Contains(t, actorsOf(last, porting.EventRevoked), "ben@care")
		require.False(t, y.exists(porting.RescueID(port)), "its saga lives")
	})
	t.Run("an order of nobody calls a person", func(t *testing.T) {
		y := yard{t, y.Stack, y.ctx, y.reaper}
		_, err := (&simulator.Client{URL: y.Carrier.URL()}).Submit(y.ctx, carrier.LSR{Ref: porting.Ref{Port: "pi-nobodys", Version: 1}, Order: y.order("nobodys", "+12125550204")})
		require.NoError(t, err)
		y.look(func() bool { return y.exists("concern-order-pi-nobodys") })
		require.Equal(t, []string{simulator.Submitted}, y.effects("pi-nobodys"), "it is not cancelled")
	})
	t.Run("a comparison repairs what is sure, and asks about the rest", func(t *testing.T) {
		y := yard{t, y.Stack, y.ctx, y.reaper}
		port := y.port("compared", "+12125550205", forgetful, porting.Submitted)
		require.NoError(t, y.Client.TerminateWorkflow(y.ctx, port, "", "by hand"))
		require.Eventually(t, func() bool {
			r := y.compare()
			return slices.ContainsFunc(r.Repaired, func(m porting.Mismatch) bool { return m.Port == port }) && r.Questions[0].Port == "pi-nobodys"
		}, patience, 5*glance)
		y.requireReplays("reconcile")
		y.until(porting.RescueID(port), func(s porting.Status) bool { return s.Outcome == porting.OutcomeCancelled })
	})
}

func (y yard) compare() (r porting.Reconciliation) {
	y.Helper()
	run, err := y.Client.ExecuteWorkflow(y.ctx, client.StartWorkflowOptions{ID: "reconcile", TaskQueue: starter.DefaultTaskQueue},
		porting.WorkflowReconcile, porting.ReapInput{Clock: y.Clock, Grace: time.Millisecond})
	require.NoError(y, err)
	require.NoError(y, run.Get(y.ctx, &r))
	return r
}

// requireReplays checks that a worker that takes the workflow up goes on where it stands.
func (y yard) requireReplays(id string) {
	y.Helper()
	replayer := sdkworker.NewWorkflowReplayer()
	worker.RegisterWorkflows(replayer)
	require.NoError(y, replayer.ReplayWorkflowHistory(nil, readHistory(y.ctx, y.T, y.Stack, id)))
}

// runs counts the runs of a workflow, as the list has them.
func (y yard) runs(id string) int {
	y.Helper()
	list, err := y.Client.ListWorkflow(y.ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = '" + id + "'"})
	require.NoError(y, err)
	return len(list.GetExecutions())
}

// lastTask is the last point to which a port can be reset.
func (y yard) lastTask(port string) (id int64) {
	y.Helper()
	for _, e := range readHistory(y.ctx, y.T, y.Stack, port).GetEvents() {
		if e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			id = e.GetEventId()
		}
	}
	require.NotZero(y, id)
	return id
}

// reset leaves out every message that came later, as anybody can who may write to the namespace.
func (y yard) reset(port string, to int64) {
	y.Helper()
	_, err := y.Client.WorkflowService().ResetWorkflowExecution(y.ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: y.Engine.Namespace(), WorkflowExecution: &common.WorkflowExecution{WorkflowId: port}, RequestId: port, Reason: "by hand",
		WorkflowTaskFinishEventId: to,
		ResetReapplyExcludeTypes:  []enums.ResetReapplyExcludeType{enums.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, enums.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE},
	})
	require.NoError(y, err)
}

func actorsOf(timeline []porting.Entry, event porting.Event) []string {
	var actors []string
	for _, e := range timeline {
		if e.Event == event {
			actors = append(actors, e.Actor)
		}
	}
	return actors
}
