package redteam

import (
	"context"
	"errors"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// mallory has whatever the attack says: every right in the namespace on a stock server, a stolen token on a guarded one.
// What she does fails with an error where she is stopped.
type mallory struct {
	v   *victim
	sdk client.Client
	api workflowservice.WorkflowServiceClient
}

func newMallory(v *victim, with authorizer.Role) *mallory {
	sdk := v.city.as(v, with)
	return &mallory{v, sdk, sdk.WorkflowService()}
}

func (m *mallory) namespace() string { return m.v.city.options.Namespace }

func (m *mallory) payload(value any) *commonpb.Payloads {
	m.v.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayloads(value)
	require.NoError(m.v, err)
	return p
}

// isDenied reports whether the frontend itself refused a call.
func isDenied(err error) bool {
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	return denied
}

// forge answers a step that a port waits for, as if a worker had done it.
func (m *mallory) forge(step string, result any) error {
	m.v.Helper()
	return m.forgeOnce(m.v.pending(step).GetActivityId(), result)
}

func (m *mallory) forgeOnce(activity string, result any) error {
	_, err := m.api.RespondActivityTaskCompletedById(m.v.Context(), &workflowservice.RespondActivityTaskCompletedByIdRequest{
		Namespace: m.namespace(), WorkflowId: m.v.id, ActivityId: activity, Result: m.payload(result), Identity: "gate-worker",
	})
	return err
}

// reset takes the port back to before the first event that is chosen.
func (m *mallory) reset(before func(*historypb.HistoryEvent) bool, exclude ...enums.ResetReapplyExcludeType) error {
	m.v.Helper()
	events := m.v.history()
	point := int64(3) // the first workflow task is completed at 4
	for _, e := range events {
		if before(e) {
			break
		}
		if e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			point = e.GetEventId()
		}
	}
	_, err := m.api.ResetWorkflowExecution(m.v.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: m.namespace(), WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: m.v.id}, Reason: "maintenance",
		WorkflowTaskFinishEventId: point, RequestId: time.Now().String(), ResetReapplyExcludeTypes: exclude,
	})
	if err == nil {
		m.v.resets = append(m.v.resets, time.Now())
	}
	return err
}

// asks chooses the event with which a saga asks for a step.
func asks(step string) func(*historypb.HistoryEvent) bool {
	return func(e *historypb.HistoryEvent) bool {
		return e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == step
	}
}

// never chooses nothing: the last completed workflow task is the point.
func never(*historypb.HistoryEvent) bool { return false }

// steal polls an activity queue until she is given a step of this name.
func (m *mallory) steal(queue, step string) (token []byte, err error) {
	m.v.Helper()
	ctx, cancel := context.WithTimeout(m.v.Context(), patience) // a poll takes a minute
	defer cancel()
	for {
		task, err := m.api.PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{
			Namespace: m.namespace(), TaskQueue: plain(queue), Identity: "gate-worker",
		})
		if err != nil {
			return nil, err
		}
		if task.GetActivityType().GetName() == step && task.GetWorkflowExecution().GetWorkflowId() == m.v.id {
			return task.GetTaskToken(), nil
		}
	}
}

func (m *mallory) answer(token []byte, result any) error {
	_, err := m.api.RespondActivityTaskCompleted(m.v.Context(), &workflowservice.RespondActivityTaskCompletedRequest{
		Namespace: m.namespace(), TaskToken: token, Result: m.payload(result), Identity: "gate-worker",
	})
	return err
}

func plain(queue string) *taskqueuepb.TaskQueue {
	return &taskqueuepb.TaskQueue{Name: queue, Kind: enums.TASK_QUEUE_KIND_NORMAL}
}

// workOff works off the queue of the sagas with code of her own, under the name of a workflow type.
func (m *mallory) workOff(name string, saga any) error {
	m.v.Helper()
	w := worker.New(m.sdk, m.v.queue, worker.Options{WorkerStopTimeout: time.Second})
	w.RegisterWorkflowWithOptions(saga, workflow.RegisterOptions{Name: name})
	if err := w.Start(); err != nil {
		return err
	}
	m.v.Cleanup(w.Stop)
	return nil
}

// start starts a workflow as she likes.
func (m *mallory) start(id, of string, in any) error {
	_, err := m.sdk.ExecuteWorkflow(m.v.Context(), startOptions(id, m.v.queue), of, in)
	return err
}

// decide sends a decision as an update, which is answered.
func (m *mallory) decide(d porting.Decide) (porting.Answer, error) {
	return starter.New(m.sdk, starter.Options{}).Decide(m.v.Context(), m.v.id, d)
}

// signal sends a message as a signal, which nobody answers.
func (m *mallory) signal(name string, body any) error {
	return m.sdk.SignalWorkflow(m.v.Context(), m.v.id, "", name, body)
}
