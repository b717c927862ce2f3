package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/portsaga/portsaga/devserver/engine"
)

// briefly is how long an operator waits for the engine.
const briefly = 5 * time.Second

// open is a port whose saga runs.
func (n *nemesis) open(ctx context.Context, r *rand.Rand) (*common.WorkflowExecution, bool) {
	for range 10 {
		victim, found := n.load.some(r)
		if !found {
			return nil, false
		}
		seen, err := n.house.raw.DescribeWorkflowExecution(ctx, victim.ID, "")
		if err == nil && seen.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return seen.GetWorkflowExecutionInfo().GetExecution(), true
		}
	}
	return nil, false
}

// resets takes a saga back to one of its earlier tasks, with what people and carriers said since then or without.
func resets(forget bool) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(ctx context.Context, n *nemesis, r *rand.Rand) bool {
		ctx, cancel := context.WithTimeout(ctx, briefly)
		defer cancel()
		victim, found := n.open(ctx, r)
		if !found {
			return false
		}
		var points []int64
		events := n.house.raw.GetWorkflowHistory(ctx, victim.GetWorkflowId(), victim.GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return false
			}
			if event.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
				points = append(points, event.GetEventId())
			}
		}
		if len(points) == 0 {
			return false
		}
		request := &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: engine.DefaultNamespace, WorkflowExecution: victim, Reason: "chaos", RequestId: fmt.Sprint("chaos-", r.Uint64()),
			WorkflowTaskFinishEventId: points[r.IntN(len(points))],
		}
		if forget {
			request.ResetReapplyExcludeTypes = []enums.ResetReapplyExcludeType{enums.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, enums.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE}
		}
		n.load.goesBack(victim.GetWorkflowId(), forget) // also one that is not answered may be done
		_, err := n.house.raw.WorkflowService().ResetWorkflowExecution(ctx, request)
		return err == nil
	}
}

// pausesSteps stops the steps that a saga waits for, for a while.
func pausesSteps(ctx context.Context, n *nemesis, r *rand.Rand) bool {
	victim, found := n.open(ctx, r)
	if !found {
		return false
	}
	seen, err := n.house.raw.DescribeWorkflowExecution(ctx, victim.GetWorkflowId(), victim.GetRunId())
	if err != nil || len(seen.GetPendingActivities()) == 0 {
		return false
	}
	id, service := seen.GetPendingActivities()[0].GetActivityId(), n.house.raw.WorkflowService()
	_, err = service.PauseActivity(ctx, &workflowservice.PauseActivityRequest{
		Namespace: engine.DefaultNamespace, Execution: victim, Activity: &workflowservice.PauseActivityRequest_Id{Id: id},
	})
	if err != nil {
		return false
	}
	pass(ctx, between(r, time.Second, 5*time.Second))
	resumed := &workflowservice.UnpauseActivityRequest{
		Namespace: engine.DefaultNamespace, Execution: victim, Activity: &workflowservice.UnpauseActivityRequest_Id{Id: id},
	}
	until(ctx, time.Second, func() bool {
		_, err := service.UnpauseActivity(ctx, resumed)
		return err == nil || isGone(err)
	})
	return true
}

func terminates(ctx context.Context, n *nemesis, r *rand.Rand) bool {
	ctx, cancel := context.WithTimeout(ctx, briefly)
	defer cancel()
	victim, found := n.open(ctx, r)
	return found && n.house.raw.TerminateWorkflow(ctx, victim.GetWorkflowId(), victim.GetRunId(), "chaos") == nil
}

func deletes(ctx context.Context, n *nemesis, r *rand.Rand) bool {
	ctx, cancel := context.WithTimeout(ctx, briefly)
	defer cancel()
	victim, found := n.open(ctx, r)
	if !found {
		return false
	}
	_, err := n.house.raw.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: engine.DefaultNamespace, WorkflowExecution: victim,
	})
	return err == nil
}

// isGone reports whether the engine says that there is no such thing any more.
func isGone(err error) bool {
	_, gone := errors.AsType[*serviceerror.NotFound](err)
	return gone
}
