package authorizer_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchpb "go.temporal.io/api/batch/v1"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	tokenspb "go.temporal.io/server/api/token/v1"
	"google.golang.org/protobuf/proto"

	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/devserver/engine/enginetest"
	"github.com/portsaga/portsaga/porting"
)

// portIn has the shape of the real saga where authorization is concerned: steps on three queues, an update that starts it,
// a decision, and a revocation.
func portIn(ctx workflow.Context, _ porting.PortInput) (string, error) {
	var approved, revoked bool
	handlers := []error{
		workflow.SetUpdateHandler(ctx, porting.UpdateReceive, func(workflow.Context) (string, error) { return "taken", nil }),
		workflow.SetUpdateHandler(ctx, porting.MsgDecide, func(workflow.Context) error { approved = true; return nil }),
		workflow.SetQueryHandler(ctx, porting.QueryStatus, func() (porting.Status, error) { return porting.Status{Stage: porting.Verifying}, nil }),
	}
	for _, err := range handlers {
		if err != nil {
			return "", err
		}
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		workflow.GetSignalChannel(ctx, porting.MsgRevoke).Receive(ctx, nil)
		revoked = true
	})
	var risk, moved string
	if err := step(ctx, porting.TrustQueue(queue), porting.StepScreen).Get(ctx, &risk); err != nil {
		return "", err
	}
	if err := workflow.Await(ctx, func() bool { return approved || revoked }); err != nil {
		return "", err
	}
	if revoked {
		return "revoked", nil
	}
	err := step(ctx, porting.GateQueue(queue), porting.StepActivate).Get(ctx, &moved)
	return risk + ", " + moved, err
}

func step(ctx workflow.Context, on, name string) workflow.Future {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: on, StartToCloseTimeout: 10 * time.Second,
	}), name)
}

// run runs the workers of a role until the test ends.
func run(t *testing.T, role authorizer.Role, on string, register func(worker.Worker)) {
	t.Helper()
	w := worker.New(as(t, role.String(), role), on, worker.Options{DisableWorkflowWorker: role != authorizer.WorkflowWorker})
	register(w)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func runSagas(t *testing.T) {
	t.Helper()
	run(t, authorizer.WorkflowWorker, queue, func(w worker.Worker) {
		w.RegisterWorkflowWithOptions(portIn, workflow.RegisterOptions{Name: porting.WorkflowPortIn})
	})
}

func runStep(t *testing.T, role authorizer.Role, on, name, answer string) {
	t.Helper()
	run(t, role, on, func(w worker.Worker) {
		w.RegisterActivityWithOptions(func(context.Context) (string, error) { return answer, nil }, activity.RegisterOptions{Name: name})
	})
}

// startOptions are the starter's.
func startOptions(reference string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: porting.PortID(porting.PortIn, "acme", reference), TaskQueue: queue,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}
}

func startPort(t *testing.T, reference string) client.WorkflowRun {
	t.Helper()
	started, err := as(t, "sue", authorizer.Submitter).ExecuteWorkflow(t.Context(), startOptions(reference), porting.WorkflowPortIn, porting.PortInput{})
	require.NoError(t, err)
	return started
}

// A port from start to end, each party with the role that it needs and no other.
func TestPortOfProperRoles(t *testing.T) {
	runSagas(t)
	runStep(t, authorizer.TrustWorker, porting.TrustQueue(queue), porting.StepScreen, "low risk")
	runStep(t, authorizer.GateWorker, porting.GateQueue(queue), porting.StepActivate, "moved")
	submitter, reader := as(t, "sue", authorizer.Submitter), as(t, "rea", authorizer.Reader)

	start := submitter.NewWithStartWorkflowOperation(startOptions("proper"), porting.WorkflowPortIn, porting.PortInput{})
	handle, err := submitter.UpdateWithStartWorkflow(t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			WorkflowID: startOptions("proper").ID, UpdateName: porting.UpdateReceive, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	require.NoError(t, err)
	var taken string
	require.NoError(t, handle.Get(t.Context(), &taken))
	require.Equal(t, "taken", taken)
	id := startOptions("proper").ID

	_, err = reader.QueryWorkflow(t.Context(), id, "", porting.QueryStatus)
	require.NoError(t, err)
	decide := client.UpdateWorkflowOptions{WorkflowID: id, UpdateName: porting.MsgDecide, WaitForStage: client.WorkflowUpdateStageCompleted}
	_, err = submitter.UpdateWorkflow(t.Context(), decide)
	requireDenied(t, err)
	handle, err = as(t, "ben", authorizer.Approver).UpdateWorkflow(t.Context(), decide)
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))

	var end string
	require.NoError(t, submitter.GetWorkflow(t.Context(), id, "").Get(t.Context(), &end))
	require.Equal(t, "low risk, moved", end)
	require.Equal(t, map[string]string{porting.StepScreen: "trust-worker", porting.StepActivate: "gate-worker"}, stepsBy(t, reader, id), "by the principals in the history")
}

// stepsBy are the principals that completed each step.
func stepsBy(t *testing.T, reader client.Client, id string) map[string]string {
	t.Helper()
	by, names := map[string]string{}, map[int64]string{}
	history := reader.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		if scheduled := event.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
			names[event.GetEventId()] = scheduled.GetActivityType().GetName()
		}
		if completed := event.GetActivityTaskCompletedEventAttributes(); completed != nil {
			by[names[completed.GetScheduledEventId()]] = event.GetPrincipal().GetName()
		}
	}
	return by
}

// A revocation by signal reaches a port, and its event names who sent it.
func TestRevocationByCustomerCare(t *testing.T) {
	runSagas(t)
	runStep(t, authorizer.TrustWorker, porting.TrustQueue(queue), porting.StepScreen, "low risk")
	port := startPort(t, "revoked")
	require.NoError(t, as(t, "carl", authorizer.CustomerCare).SignalWorkflow(t.Context(), port.GetID(), "", porting.MsgRevoke, nil))
	var end string
	require.NoError(t, port.Get(t.Context(), &end))
	require.Equal(t, "revoked", end)
}

// waiting is a port whose screening nobody has taken yet, and the scheduled event of the screening.
func waiting(t *testing.T, reference string) (client.WorkflowRun, *historypb.HistoryEvent) {
	t.Helper()
	port, reader := startPort(t, reference), as(t, "rea", authorizer.Reader)
	var scheduled *historypb.HistoryEvent
	require.Eventually(t, func() bool {
		history := reader.GetWorkflowHistory(t.Context(), port.GetID(), port.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			if err == nil && event.GetActivityTaskScheduledEventAttributes() != nil {
				scheduled = event
			}
		}
		return scheduled != nil
	}, 10*time.Second, 20*time.Millisecond)
	return port, scheduled
}

// The attacks that succeed on a stock server with the role "write" (see docs/authorization.md), by a submitter.
func TestAttacksOfASubmitter(t *testing.T) {
	runSagas(t)
	port, _ := waiting(t, "attacked")
	sue := as(t, "sue", authorizer.Submitter)
	api := sue.WorkflowService()
	execution := &commonpb.WorkflowExecution{WorkflowId: port.GetID(), RunId: port.GetRunID()}
	namespace := enginetest.Shared(t).Namespace()

	for name, attack := range map[string]func(context.Context) error{
		"forge the screening before a worker takes it": func(ctx context.Context) error {
			return sue.CompleteActivityByID(ctx, namespace, port.GetID(), "", "5", "LOW_RISK_FORGED", nil)
		},
		"reset without the revocation": func(ctx context.Context) error {
			_, err := api.ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
				Namespace: namespace, WorkflowExecution: execution, WorkflowTaskFinishEventId: 4, RequestId: "r",
				ResetReapplyExcludeTypes: []enums.ResetReapplyExcludeType{enums.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL},
			})
			return err
		},
		"delete": func(ctx context.Context) error {
			_, err := api.DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{Namespace: namespace, WorkflowExecution: execution})
			return err
		},
		"poll the queue of the screenings": func(ctx context.Context) error {
			_, err := api.PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{
				Namespace: namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: porting.TrustQueue(queue)}, Identity: "rogue",
			})
			return err
		},
		"poll the queue of the sagas": func(ctx context.Context) error {
			_, err := api.PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
				Namespace: namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, Identity: "rogue",
			})
			return err
		},
		"terminate": func(ctx context.Context) error { return sue.TerminateWorkflow(ctx, port.GetID(), "", "") },
		"meet every port": func(ctx context.Context) error {
			_, err := api.StartBatchOperation(ctx, &workflowservice.StartBatchOperationRequest{
				Namespace: namespace, JobId: "j", Reason: "r", VisibilityQuery: "ExecutionStatus = 'Running'",
				Operation: &workflowservice.StartBatchOperationRequest_TerminationOperation{TerminationOperation: &batchpb.BatchOperationTermination{}},
			})
			return err
		},
		"approve by signal": func(ctx context.Context) error {
			return sue.SignalWorkflow(ctx, port.GetID(), "", porting.MsgDecide, nil)
		},
		"cancel": func(ctx context.Context) error { return sue.CancelWorkflow(ctx, port.GetID(), "") },
		"start another saga": func(ctx context.Context) error {
			_, err := sue.ExecuteWorkflow(ctx, startOptions("rogue"), "Steal")
			return err
		},
		"start by signal": func(ctx context.Context) error {
			_, err := sue.SignalWithStartWorkflow(ctx, startOptions("rogue").ID, porting.MsgDecide, nil, startOptions("rogue"), porting.WorkflowPortIn)
			return err
		},
		"schedule": func(ctx context.Context) error {
			_, err := sue.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: "s", Action: &client.ScheduleWorkflowAction{
				ID: "pi-s", Workflow: porting.WorkflowPortIn, TaskQueue: queue,
			}})
			return err
		},
		"look at another namespace": func(ctx context.Context) error {
			_, err := api.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: "temporal-system"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			requireDenied(t, attack(ctx))
		})
	}
	described, err := sue.DescribeWorkflowExecution(t.Context(), port.GetID(), "")
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, described.GetWorkflowExecutionInfo().GetStatus(), "nothing happened to it")
	require.Contains(t, denied.String(), "forges a step")
	require.NotContains(t, denied.String(), "sue", "the log names tokens, not persons")
	require.NoError(t, as(t, "otto", authorizer.BreakGlass).TerminateWorkflow(t.Context(), port.GetID(), "", "end of the test"))
}

// Everything in a token of the server can be read in the history, and the server takes one that a caller wrote for a step
// in work. Here it is worth nothing, for the step's own role neither.
func TestWorkersCannotWriteTokens(t *testing.T) {
	runSagas(t)
	port, scheduled := waiting(t, "written")
	taken, release := make(chan struct{}), make(chan struct{})
	run(t, authorizer.TrustWorker, porting.TrustQueue(queue), func(w worker.Worker) {
		w.RegisterActivityWithOptions(func(context.Context) (string, error) {
			close(taken)
			<-release
			return "high risk", nil
		}, activity.RegisterOptions{Name: porting.StepScreen})
	})
	<-taken
	reader := as(t, "rea", authorizer.Reader)
	described, err := reader.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: enginetest.Shared(t).Namespace()})
	require.NoError(t, err)
	token, err := proto.Marshal(&tokenspb.Task{
		NamespaceId: described.GetNamespaceInfo().GetId(), WorkflowId: port.GetID(), RunId: port.GetRunID(), Attempt: 1,
		ScheduledEventId: scheduled.GetEventId(), ActivityId: scheduled.GetActivityTaskScheduledEventAttributes().GetActivityId(), ActivityType: porting.StepScreen,
	})
	require.NoError(t, err)
	for _, role := range []authorizer.Role{authorizer.GateWorker, authorizer.WorkflowWorker, authorizer.TrustWorker} {
		requireDenied(t, as(t, "rogue", role).CompleteActivity(t.Context(), token, "LOW_RISK_FORGED", nil))
	}
	close(release)
	require.Eventually(t, func() bool { return len(stepsBy(t, reader, port.GetID())) == 1 }, 10*time.Second, 20*time.Millisecond)
	require.Equal(t, map[string]string{porting.StepScreen: "trust-worker"}, stepsBy(t, reader, port.GetID()))
	require.NoError(t, as(t, "otto", authorizer.BreakGlass).TerminateWorkflow(t.Context(), port.GetID(), "", "end of the test"))
}

func TestCallersWithoutRoles(t *testing.T) {
	e := enginetest.Shared(t)
	c, err := client.DialContext(t.Context(), e.ClientOptions())
	require.NoError(t, err, "asking for the server's capabilities is free")
	t.Cleanup(c.Close)
	_, err = c.DescribeWorkflowExecution(t.Context(), "pi-1", "")
	requireDenied(t, err)
	_, err = c.CheckHealth(t.Context(), nil)
	require.NoError(t, err)
	_, err = as(t, "nobody", 0).DescribeWorkflowExecution(t.Context(), "pi-1", "")
	requireDenied(t, err)
}

// The Web UI reads as the role of its own token, and can do no more for whoever looks at it.
func TestWebUIHasItsOwnToken(t *testing.T) {
	e := enginetest.Shared(t)
	base := e.UIAddress() + "/api/v1/namespaces/" + e.Namespace()
	require.Equal(t, http.StatusOK, ask(t, http.MethodGet, base+"/workflows"))
	require.Equal(t, http.StatusForbidden, ask(t, http.MethodGet, e.UIAddress()+"/api/v1/namespaces/temporal-system/workflows"))
}

func ask(t *testing.T, method, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func requireDenied(t *testing.T, err error) {
	t.Helper()
	var no *serviceerror.PermissionDenied
	require.ErrorAs(t, err, &no)
}
