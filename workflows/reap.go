package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// Reap looks once for ports that nobody follows any more. It starts a rescue for each, tells sagas of revocations that they
// do not know of, and calls a person about the rest. It is short: a schedule starts it again.
func Reap(ctx workflow.Context, in porting.ReapInput) (porting.Reaped, error) {
	found, err := find(ctx, in)
	if err != nil {
		return porting.Reaped{}, err
	}
	return act(ctx, in, found), nil
}

func find(ctx workflow.Context, in porting.ReapInput) (porting.Found, error) {
	return callOnce[porting.Found](ctx, reapStep, porting.StepFindAbandoned, "Find what nobody follows any more", in)
}

// reapStep is for a look at everything. One that does not work is left to the next run.
func reapStep(ctx workflow.Context, summary string) workflow.ActivityOptions {
	o := claimStep(ctx, summary)
	o.StartToCloseTimeout = 5 * time.Minute
	o.RetryPolicy.MaximumAttempts = 3
	return o
}

// act does what follows from a look. What is under way already is left alone.
func act(ctx workflow.Context, in porting.ReapInput, found porting.Found) porting.Reaped {
	reaped := porting.Reaped{Looked: found.Looked}
	for _, a := range found.Abandoned {
		if startRescue(ctx, in, a) {
			reaped.Rescued = append(reaped.Rescued, a.Port)
		}
	}
	for _, u := range found.Unheard {
		if tell(ctx, u.Port, porting.MsgRevoke, u.Revoke) {
			reaped.Revoked = append(reaped.Revoked, u.Port)
		}
	}
	for _, c := range found.Concerns {
		if !c.Open && startConcern(ctx, c) {
			reaped.Concerns = append(reaped.Concerns, c.ID)
		}
	}
	for _, id := range found.Settled {
		if tell(ctx, id, porting.MsgSettled, nil) {
			reaped.Settled = append(reaped.Settled, id)
		}
	}
	return reaped
}

func startRescue(ctx workflow.Context, in porting.ReapInput, a porting.Abandoned) bool {
	direction := porting.PortIn
	if porting.WorkflowOf(a.Port) == porting.WorkflowPortOut {
		direction = porting.PortOut
	}
	return startApart(ctx, porting.WorkflowRescue, workflow.ChildWorkflowOptions{
		WorkflowID: porting.RescueID(a.Port), StaticSummary: fmt.Sprintf("Rescue of %s: its saga is %s", a.Port, a.Saga),
		TypedSearchAttributes: temporal.NewSearchAttributes(keyDirection.ValueSet(string(direction)), keyStage.ValueSet(string(porting.Received))),
	}, porting.RescueInput{Port: a.Port, Saga: a.Saga, Clock: in.Clock, Grace: in.Patience()})
}

func startConcern(ctx workflow.Context, c porting.Concern) bool {
	return startApart(ctx, porting.WorkflowConcern, workflow.ChildWorkflowOptions{
		WorkflowID: c.ID, StaticSummary: c.What,
		TypedSearchAttributes: temporal.NewSearchAttributes(keyNeedsAttention.ValueSet(true),
			keyWaitingOn.ValueSet(string(porting.WaitingOperator)), keyCarrier.ValueSet(c.Carrier)),
	}, c)
}

// startApart starts a workflow that lives on its own. It reports whether it was started: of two with one ID the server lets
// only one run.
func startApart(ctx workflow.Context, name string, how workflow.ChildWorkflowOptions, in any) bool {
	how.ParentClosePolicy = enums.PARENT_CLOSE_POLICY_ABANDON
	how.WorkflowIDReusePolicy = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, how), name, in)
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		workflow.GetLogger(ctx).Error("could not be started", "id", how.WorkflowID, "error", err)
	}
	return err == nil
}

// tell sends a message. A workflow that has just ended needs none.
func tell(ctx workflow.Context, id, message string, body any) bool {
	return workflow.SignalExternalWorkflow(ctx, id, "", message, body).Get(ctx, nil) == nil
}
