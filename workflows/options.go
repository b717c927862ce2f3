package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// A preset says how a kind of step is tried. Every step names one; the summary is what operators read.
type preset func(summary string) workflow.ActivityOptions

// ownStep is for our own ledger and rules: short, and tried until it works.
func ownStep(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: 30 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	}
}

// carrierCall is for a carrier: a call that hangs is cut, and a carrier that is down for a day is a matter for people.
// A cancelled call is waited for, so that the rollback knows what was sent.
func carrierCall(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: 24 * time.Hour,
		WaitForCancellation:    true,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
	}
}

// undoCall is for a compensation: tried for an hour at a time, and again for as long as it takes; see persist.
func undoCall(summary string) workflow.ActivityOptions {
	o := carrierCall("Undo: " + summary)
	o.ScheduleToCloseTimeout = time.Hour
	return o
}

// localStep is for arithmetic: no task of its own, one marker in the history.
func localStep(summary string) workflow.LocalActivityOptions {
	return workflow.LocalActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: 5 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: time.Second},
	}
}
