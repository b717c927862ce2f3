package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// A preset says who does a kind of step and how it is tried. Every step names one; the summary is what operators read.
type preset func(ctx workflow.Context, summary string) workflow.ActivityOptions

// ownStep is for the trust workers, on our own ledger and registry: short, and tried until it works.
func ownStep(ctx workflow.Context, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:           porting.TrustQueue(workflow.GetInfo(ctx).TaskQueueName),
		Summary:             summary,
		StartToCloseTimeout: 30 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	}
}

// claimStep is for the gate workers, on the ledger and the vault's tokens.
func claimStep(ctx workflow.Context, summary string) workflow.ActivityOptions {
	o := ownStep(ctx, summary)
	o.TaskQueue = porting.GateQueue(workflow.GetInfo(ctx).TaskQueueName)
	return o
}

// carrierCall is for the gate workers, which alone speak to carriers: a call that hangs is cut, and a carrier that is down for a day is a matter for people.
// A cancelled call is waited for, so that the rollback knows what was sent.
func carrierCall(ctx workflow.Context, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              porting.GateQueue(workflow.GetInfo(ctx).TaskQueueName),
		Summary:                summary,
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: 24 * time.Hour,
		WaitForCancellation:    true,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
	}
}

// onLine has a step done on the queue of the port's carrier, if it has one of its own, so that a carrier that is slow or
// limited holds up nobody else's ports.
func (s *saga) onLine(how preset) preset {
	if !s.port.Receipt.Line {
		return how
	}
	return func(ctx workflow.Context, summary string) workflow.ActivityOptions {
		o := how(ctx, summary)
		o.TaskQueue = porting.LineQueue(workflow.GetInfo(ctx).TaskQueueName, s.port.Receipt.Carrier)
		return o
	}
}

// undoCall is for a compensation: tried for an hour at a time, and again for as long as it takes; see persist.
func undoCall(ctx workflow.Context, summary string) workflow.ActivityOptions {
	o := ahead(carrierCall)(ctx, "Undo: "+summary)
	o.ScheduleToCloseTimeout = time.Hour
	return o
}

// ahead is for what stops a port or undoes it, and for what was promised for a date: it does not wait behind orders, neither
// others' nor the thousands that its own tenant may have queued.
func ahead(how preset) preset {
	return func(ctx workflow.Context, summary string) workflow.ActivityOptions {
		o := how(ctx, summary)
		o.Priority.PriorityKey = 1
		return o
	}
}

// localStep is for arithmetic: no task of its own, one marker in the history.
func localStep(summary string) workflow.LocalActivityOptions {
	return workflow.LocalActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: 5 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: time.Second},
	}
}
