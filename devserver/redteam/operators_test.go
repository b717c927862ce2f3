package redteam

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	activitypb "go.temporal.io/api/activity/v1"
	batchpb "go.temporal.io/api/batch/v1"
	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// operators use what the server gives to whoever runs it.
var operators = []attack{
	{
		name: "Terminate, mid-port", reaches: "the saga is gone; its fence is not", stock: harmless,
		token: authorizer.Operator, guarded: atFrontend, setting: setting{scenario: leisurely}, run: terminate,
	},
	{
		name: "Delete, mid-port, and the same port again without a submitter, approved by the submitter", reaches: "the history is gone; the gate goes by the ledger", stock: atGate,
		token: authorizer.Operator | authorizer.Submitter, guarded: atFrontend, setting: setting{scenario: leisurely}, run: deleteAndStartAgain,
	},
	{
		name: "Batch: terminate", reaches: "the sagas are gone; their fences are not", stock: harmless,
		token: authorizer.BreakGlass, guarded: atFrontend, setting: setting{scenario: leisurely}, run: batchTerminate,
	},
	{
		name: "Batch: signal an approval to every port", reaches: "the saga's check of messages", stock: atSaga,
		token: authorizer.BreakGlass, guarded: atFrontend, run: batchSignal,
	},
	{
		name: "Batch: reset without messages, after a revocation", reaches: "a run that knows of no revocation, and people who approve it again", stock: atFence,
		token: authorizer.BreakGlass, guarded: atFrontend, setting: setting{scenario: leisurely}, run: batchReset,
	},
	{
		name: "UpdateActivityOptions: the activation goes to another queue, and is answered there", reaches: "the saga believes it until the numbers are looked at", stock: atGate,
		token: authorizer.BreakGlass, guarded: atFrontend, setting: setting{scenario: leisurely}, run: redirect,
	},
	{
		name: "UpdateWorkflowExecutionOptions: skip time", reaches: "nothing", stock: atServer,
		token: authorizer.BreakGlass, guarded: atFrontend, run: skipTime,
	},
	{
		name: "UpdateWorkflowExecutionOptions: pin the port to another build", reaches: "a port that no worker runs", stock: harmless,
		token: authorizer.Operator, guarded: atFrontend, run: pinToBuild,
	},
	{
		name: "an activation without a saga", reaches: "the gate", stock: atGate,
		token: authorizer.GateWorker | authorizer.Submitter, guarded: atFrontend, setting: setting{scenario: leisurely}, run: activateAlone,
	},
}

func (v *victim) execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: v.id}
}

func terminate(v *victim, m *mallory) (place, error) {
	v.confirmed()
	_, err := m.api.TerminateWorkflowExecution(v.Context(), &workflowservice.TerminateWorkflowExecutionRequest{Namespace: m.namespace(), WorkflowExecution: v.execution()})
	if err != nil {
		return "", err
	}
	v.stranded()
	return harmless, nil
}

// stranded is a port without a saga: its numbers stay, and its open fence is what a reconciler finds.
func (v *victim) stranded() {
	v.Helper()
	v.await("the saga is gone", func() bool {
		d, err := v.client.DescribeWorkflowExecution(v.Context(), v.id, "")
		return err != nil || d.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_TERMINATED
	}, nothing)
	require.False(v, v.did(simulator.ActivationAsked))
	v.requireFence(ledger.FenceOpen)
}

func deleteAndStartAgain(v *victim, m *mallory) (place, error) {
	v.confirmed()
	_, err := m.api.DeleteWorkflowExecution(v.Context(), &workflowservice.DeleteWorkflowExecutionRequest{Namespace: m.namespace(), WorkflowExecution: v.execution()})
	if err != nil {
		return "", err
	}
	v.await("the history is gone", func() bool {
		_, err := v.client.DescribeWorkflowExecution(v.Context(), v.id, "")
		return err != nil
	}, nothing)
	v.resets = append(v.resets, time.Now())
	v.order.SubmittedBy = "mallory"
	if err := m.start(v.id, porting.WorkflowPortIn, porting.PortInput{ID: v.id, Order: v.order, Clock: v.clock}); err != nil {
		return "", err
	}
	v.approve("ana", v.challenge(v.id)) // who submitted it in truth
	v.withheld()
	return atGate, nil
}

func (m *mallory) batch(do func(*workflowservice.StartBatchOperationRequest)) error {
	r := &workflowservice.StartBatchOperationRequest{
		Namespace: m.namespace(), JobId: m.v.id + "-batch", Reason: "maintenance", Executions: []*commonpb.WorkflowExecution{m.v.execution()}, //nolint:staticcheck // the server still obeys it
	}
	do(r)
	var err error
	m.v.await("there is room for a batch", func() bool {
		_, err = m.api.StartBatchOperation(m.v.Context(), r)
		return err == nil || !strings.Contains(err.Error(), "concurrent batch")
	}, nothing)
	return err
}

func batchTerminate(v *victim, m *mallory) (place, error) {
	v.confirmed()
	if err := m.batch(func(r *workflowservice.StartBatchOperationRequest) {
		r.Operation = &workflowservice.StartBatchOperationRequest_TerminationOperation{TerminationOperation: &batchpb.BatchOperationTermination{}}
	}); err != nil {
		return "", err
	}
	v.stranded()
	return harmless, nil
}

func batchSignal(v *victim, m *mallory) (place, error) {
	v.waiting()
	if err := m.batch(func(r *workflowservice.StartBatchOperationRequest) {
		r.Operation = &workflowservice.StartBatchOperationRequest_SignalOperation{SignalOperation: &batchpb.BatchOperationSignal{
			Signal: porting.MsgDecide, Input: m.payload(porting.Decide{Decision: porting.Approve, By: "ben@desk"}),
		}}
	}); err != nil {
		return "", err
	}
	v.see(v.id, "tells of the signal", func(s porting.Status) bool { return len(notes(s, porting.EventIgnored)) == 1 })
	return atSaga, v.stillWaits()
}

func batchReset(v *victim, m *mallory) (place, error) {
	v.confirmed()
	v.off(worker.RoleGate)
	v.revoke()
	run := v.runID()
	if err := m.batch(func(r *workflowservice.StartBatchOperationRequest) {
		r.Operation = &workflowservice.StartBatchOperationRequest_ResetOperation{ResetOperation: &batchpb.BatchOperationReset{Options: &commonpb.ResetOptions{
			Target: &commonpb.ResetOptions_FirstWorkflowTask{FirstWorkflowTask: &emptypb.Empty{}}, ResetReapplyExcludeTypes: withoutMessages,
		}}}
	}); err != nil {
		return "", err
	}
	v.await("there is another run", func() bool { return v.runID() != run }, nothing)
	v.resets = append(v.resets, time.Now())
	v.on(worker.RoleGate)
	v.keepApproving("ben")
	require.False(v, v.did(simulator.ActivationAsked))
	return atFence, nil
}

func (v *victim) runID() string {
	v.Helper()
	d, err := v.client.DescribeWorkflowExecution(v.Context(), v.id, "")
	require.NoError(v, err)
	return d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

func redirect(v *victim, m *mallory) (place, error) {
	v.confirmed()
	v.off(worker.RoleGate)
	v.pending(porting.StepActivate)
	if err := m.moveStep(porting.StepActivate, "elsewhere-"+v.queue); err != nil {
		return "", err
	}
	token, err := m.steal("elsewhere-"+v.queue, porting.StepActivate)
	if err != nil {
		return "", err
	}
	if err := m.answer(token, porting.Activation{Status: porting.CarrierStatus{State: porting.CarrierActive}}); err != nil {
		return "", err
	}
	v.on(worker.RoleGate)
	v.see(v.id, "asks for a person", func(s porting.Status) bool { return s.Stage == porting.Active && s.NeedsAttention })
	require.False(v, v.did(simulator.ActivationAsked))
	return atGate, nil
}

// moveStep has a step that waits for a worker handed out anew, on another queue.
func (m *mallory) moveStep(step, queue string) error {
	ctx, at := m.v.Context(), m.v.execution()
	if _, err := m.api.UpdateActivityOptions(ctx, &workflowservice.UpdateActivityOptionsRequest{
		Namespace: m.namespace(), Execution: at, Activity: &workflowservice.UpdateActivityOptionsRequest_Type{Type: step},
		ActivityOptions: &activitypb.ActivityOptions{TaskQueue: plain(queue)}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"task_queue.name"}},
	}); err != nil {
		return err
	}
	if _, err := m.api.PauseActivity(ctx, &workflowservice.PauseActivityRequest{
		Namespace: m.namespace(), Execution: at, Activity: &workflowservice.PauseActivityRequest_Type{Type: step},
	}); err != nil {
		return err
	}
	_, err := m.api.UnpauseActivity(ctx, &workflowservice.UnpauseActivityRequest{
		Namespace: m.namespace(), Execution: at, Activity: &workflowservice.UnpauseActivityRequest_Type{Type: step},
	})
	return err
}

func skipTime(v *victim, m *mallory) (place, error) {
	v.waiting()
	_, err := m.api.UpdateWorkflowExecutionOptions(v.Context(), &workflowservice.UpdateWorkflowExecutionOptionsRequest{
		Namespace: m.namespace(), WorkflowExecution: v.execution(), UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"time_skipping_config"}},
		WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{TimeSkippingConfig: &commonpb.TimeSkippingConfig{Enabled: true}},
	})
	if isDenied(err) {
		return "", err
	}
	require.ErrorContains(v, err, "not enabled")
	return atServer, v.stillWaits()
}

func pinToBuild(v *victim, m *mallory) (place, error) {
	v.waiting()
	if _, err := m.api.UpdateWorkflowExecutionOptions(v.Context(), &workflowservice.UpdateWorkflowExecutionOptionsRequest{
		Namespace: m.namespace(), WorkflowExecution: v.execution(), UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"versioning_override"}},
		WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{VersioningOverride: &workflowpb.VersioningOverride{
			Override: &workflowpb.VersioningOverride_Pinned{Pinned: &workflowpb.VersioningOverride_PinnedOverride{
				Behavior: workflowpb.VersioningOverride_PINNED_OVERRIDE_BEHAVIOR_PINNED,
				Version:  &deploymentpb.WorkerDeploymentVersion{DeploymentName: "old", BuildId: "v0"},
			}},
		}},
	}); isDenied(err) {
		return "", err
	}
	require.False(v, v.did(simulator.Submitted))
	return harmless, nil
}

func activateAlone(v *victim, m *mallory) (place, error) {
	v.confirmed()
	_, err := m.api.StartActivityExecution(v.Context(), &workflowservice.StartActivityExecutionRequest{
		Namespace: m.namespace(), ActivityId: v.id, ActivityType: &commonpb.ActivityType{Name: porting.StepActivate}, TaskQueue: plain(porting.GateQueue(v.queue)),
		RequestId: v.id, StartToCloseTimeout: durationpb.New(time.Minute), Input: m.payload(porting.ActivateInput{
			Ref: porting.Ref{Port: v.id, Version: 1}, Carrier: "simulator", Epoch: 1, FOC: v.clock.Business(time.Now()), Policy: porting.Policy{People: 1},
			Protocol: porting.GateProtocol, Clock: v.clock,
		}),
	})
	if isDenied(err) {
		return "", err
	}
	require.NoError(v, err)
	done, err := m.api.PollActivityExecution(v.Context(), &workflowservice.PollActivityExecutionRequest{Namespace: m.namespace(), ActivityId: v.id})
	require.NoError(v, err)
	v.Log(done.GetOutcome())
	require.False(v, v.did(simulator.ActivationAsked))
	return atGate, nil
}
