package authorizer

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	querypb "go.temporal.io/api/query/v1"
	schedulepb "go.temporal.io/api/schedule/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/common/authorization"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/portsaga/portsaga/porting"
)

// attempt is a call and what should become of it.
type attempt struct {
	name    string
	role    Role
	method  string
	request any
	why     string // the denial; allowed when empty
}

func try(t *testing.T, attempts []attempt) {
	t.Helper()
	a := policyForTests(t)
	for _, c := range attempts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			namespace := ""
			if r, ok := c.request.(interface{ GetNamespace() string }); ok {
				namespace = r.GetNamespace()
			}
			_, err := a.policy.decide(c.role|anyone, &authorization.CallTarget{APIName: c.method, Namespace: namespace, Request: c.request})
			if c.why == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.why)
		})
	}
}

func TestStartsPorts(t *testing.T) {
	t.Parallel()
	type request = workflowservice.StartWorkflowExecutionRequest
	by := func(name string, change func(*request), why string) attempt {
		return attempt{name, Submitter, workflows + "StartWorkflowExecution", start(change), why}
	}
	try(t, []attempt{
		by("as the starter does", nil, ""),
		by("a bulk order", func(r *request) {
			r.WorkflowType.Name, r.WorkflowId = porting.WorkflowBulk, "bo-1"
			r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED
		}, ""),
		by("another namespace", func(r *request) { r.Namespace = "victim" }, "not about the namespace"),
		by("no namespace", func(r *request) { r.Namespace = "" }, "not about the namespace"),
		by("another workflow", func(r *request) { r.WorkflowType.Name = "Steal" }, "only workflows"),
		by("no workflow", func(r *request) { r.WorkflowType = nil }, "only workflows"),
		by("the ID of another thing", func(r *request) { r.WorkflowId = "temporal-sys-scheduler:x" }, "another thing"),
		by("a port with the ID of an order", func(r *request) { r.WorkflowId = "bo-1" }, "another thing"),
		by("on the queue of the gate", func(r *request) { r.TaskQueue = plain(porting.GateQueue(queue)) }, "queue of the sagas"),
		by("on a rogue queue", func(r *request) { r.TaskQueue = plain("mine") }, "queue of the sagas"),
		by("on a sticky queue", func(r *request) { r.TaskQueue = sticky(queue, queue) }, "queue of the sagas"),
		by("again", func(r *request) { r.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE }, "REJECT_DUPLICATE"),
		by("by the server's default", func(r *request) { r.WorkflowIdReusePolicy = 0 }, "REJECT_DUPLICATE"),
		by("in place of another", func(r *request) {
			r.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING //nolint:staticcheck // that is the attack
		}, "REJECT_DUPLICATE"),
		by("over a running one", func(r *request) {
			r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
		}, "conflict policy"),
		by("into a running one", func(r *request) { r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING }, "conflict policy"),
		by("changing a running one", func(r *request) { r.OnConflictOptions = &workflowpb.OnConflictOptions{AttachRequestId: true} }, "conflict policy"),
		by("to time out", func(r *request) { r.WorkflowExecutionTimeout = durationpb.New(time.Minute) }, "times out"),
		by("to time out in a run", func(r *request) { r.WorkflowRunTimeout = durationpb.New(time.Minute) }, "times out"),
		by("again and again", func(r *request) { r.CronSchedule = "* * * * *" }, "runs once"),
		by("with retries", func(r *request) { r.RetryPolicy = &commonpb.RetryPolicy{} }, "runs once"),
		by("later", func(r *request) { r.WorkflowStartDelay = durationpb.New(time.Hour) }, "runs once"),
		by("with skipped time", func(r *request) { r.TimeSkippingConfig = &commonpb.TimeSkippingConfig{Enabled: true} }, "clocks are law"),
		by("on old code", func(r *request) { r.VersioningOverride = &workflowpb.VersioningOverride{} }, "present code"),
		by("in its tenant's line", func(r *request) { r.Priority = &commonpb.Priority{FairnessKey: "acme"} }, ""),
		by("before others", func(r *request) { r.Priority = &commonpb.Priority{PriorityKey: 1} }, "before others"),
		by("as if it were many tenants", func(r *request) { r.Priority = &commonpb.Priority{FairnessKey: "acme", FairnessWeight: 100} }, "before others"),
		by("taking the first task", func(r *request) { r.RequestEagerExecution = true }, "takes no task"),
		by("calling somebody when it ends", func(r *request) { r.CompletionCallbacks = []*commonpb.Callback{{}} }, "callback"),
		by("as if it had failed", func(r *request) { r.ContinuedFailure = &failurepb.Failure{} }, "no run before"),
		by("as if it had run", func(r *request) { r.LastCompletionResult = &commonpb.Payloads{} }, "no run before"),
		by("a rescue", func(r *request) { r.WorkflowType.Name, r.WorkflowId = porting.WorkflowRescue, "rescue-pi-1" }, "may not start"),
		by("the reaper", func(r *request) { r.WorkflowType.Name, r.WorkflowId = porting.WorkflowReap, "reap" }, "may not start"),
		by("a look at the ledger", func(r *request) { r.WorkflowType.Name, r.WorkflowId = porting.WorkflowReconcile, "reconcile" }, "may not start"),
		{"a look at the ledger, by an operator", Operator, workflows + "StartWorkflowExecution", start(func(r *request) {
			r.WorkflowType.Name, r.WorkflowId = porting.WorkflowReconcile, "reconcile-ledger"
			r.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
			r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
		}), ""},
		{"a look in place of another", Operator, workflows + "StartWorkflowExecution", start(func(r *request) {
			r.WorkflowType.Name, r.WorkflowId = porting.WorkflowReconcile, "reconcile-ledger"
			r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
		}), "conflict policy"},
		{"a port, by an operator", Operator, workflows + "StartWorkflowExecution", start(nil), "may not start"},
		{"by a reader", Reader, workflows + "StartWorkflowExecution", start(nil), "no role"},
		{"by the gate", GateWorker, workflows + "StartWorkflowExecution", start(nil), "no role"},
		{"by somebody with two other roles", Reader | Approver, workflows + "StartWorkflowExecution", start(nil), "no role"},
		{"with another request", Submitter, workflows + "StartWorkflowExecution", signal(porting.MsgRevoke), "not what this method takes"},
	})
}

func multi(operations ...any) *workflowservice.ExecuteMultiOperationRequest {
	r := &workflowservice.ExecuteMultiOperationRequest{Namespace: ours}
	for _, operation := range operations {
		one := &workflowservice.ExecuteMultiOperationRequest_Operation{}
		switch o := operation.(type) {
		case *workflowservice.StartWorkflowExecutionRequest:
			one.Operation = &workflowservice.ExecuteMultiOperationRequest_Operation_StartWorkflow{StartWorkflow: o}
		case *workflowservice.UpdateWorkflowExecutionRequest:
			one.Operation = &workflowservice.ExecuteMultiOperationRequest_Operation_UpdateWorkflow{UpdateWorkflow: o}
		}
		r.Operations = append(r.Operations, one)
	}
	return r
}

func update(name string) *workflowservice.UpdateWorkflowExecutionRequest {
	return &workflowservice.UpdateWorkflowExecutionRequest{
		Namespace: ours, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "pi-1"},
		Request: &updatepb.Request{Input: &updatepb.Input{Name: name}},
	}
}

func signal(name string) *workflowservice.SignalWorkflowExecutionRequest {
	return &workflowservice.SignalWorkflowExecutionRequest{
		Namespace: ours, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "pi-1"}, SignalName: name,
	}
}

func TestStartsWithAnUpdate(t *testing.T) {
	t.Parallel()
	const method = workflows + "ExecuteMultiOperation"
	type request = workflowservice.StartWorkflowExecutionRequest
	with := func(start *request, name string, change ...func(*workflowservice.UpdateWorkflowExecutionRequest)) *workflowservice.ExecuteMultiOperationRequest {
		u := update(name)
		u.WorkflowExecution.WorkflowId = start.GetWorkflowId()
		for _, c := range change {
			c(u)
		}
		return multi(start, u)
	}
	rogue := start(func(r *request) { r.TaskQueue = plain("mine") })
	startsElsewhere := start(func(r *request) { r.Namespace = "victim" })
	out := start(func(r *request) { r.WorkflowType.Name, r.WorkflowId = porting.WorkflowPortOut, "po-1" })
	try(t, []attempt{
		{"as the starter does", Submitter, method, with(start(nil), porting.UpdateReceive), ""},
		{"with an approval", Submitter, method, with(start(nil), porting.MsgDecide), "may not send decide"},
		{"a rogue start", Submitter, method, with(rogue, porting.UpdateReceive), "queue of the sagas"},
		{"an update of another namespace", Submitter, method, with(start(nil), porting.UpdateReceive, func(r *workflowservice.UpdateWorkflowExecutionRequest) {
			r.Namespace = "victim"
		}), "not about the namespace"},
		{"a start in another namespace", Submitter, method, with(startsElsewhere, porting.UpdateReceive), "not about the namespace"},
		{"an update of another port", Submitter, method, multi(start(nil), update(porting.UpdateReceive)), "another workflow"},
		{"two starts", Submitter, method, multi(start(nil), start(nil)), "only operations"},
		{"one operation", Submitter, method, multi(start(nil)), "only operations"},
		{"no operation", Submitter, method, multi(), "only operations"},
		{"by an approver", Approver, method, with(start(nil), porting.MsgDecide), "no role"},

		// A counterparty asks for numbers by webhook: the door starts the port, and neither hears of another nor brings one in.
		{"a port-out, by the door for news", Webhook, method, with(out, porting.UpdateReceive), ""},
		{"a port-in, by the door for news", Webhook, method, with(start(nil), porting.UpdateReceive), "may not start"},
		{"a port-out with an approval, by the door for news", Webhook, method, with(out, porting.MsgDecide), "may not send decide"},
		{"another port's state, by the door for news", Webhook, method, multi(out, update(porting.UpdateReceive)), "another workflow"},
		{"a port-out without a word, by the door for news", Webhook, workflows + "StartWorkflowExecution", out, "no role"},
		{"a port's state, by the door for news", Webhook, workflows + "UpdateWorkflowExecution", update(porting.UpdateReceive), "may not send receive"},
	})
}

// Every message by every role, as a signal and as an update.
func TestMessagesByRole(t *testing.T) {
	t.Parallel()
	may := map[string]Role{
		porting.UpdateReceive: Submitter, porting.UpdateAddPorts: Submitter, porting.MsgDecide: Approver,
		porting.MsgRevoke: CustomerCare | Operator, porting.MsgAmend: Submitter | Operator,
		porting.MsgHold: Operator, porting.MsgResume: Operator, porting.MsgExtend: Operator, porting.MsgReassign: Operator,
		porting.MsgNote: Submitter | Approver | CustomerCare | Operator, porting.MsgCarrierEvent: Webhook | Operator, porting.MsgProgress: nobody,
		porting.MsgCustomerReply: CustomerCare | Webhook, porting.MsgDispute: CustomerCare | Operator,
		porting.MsgAcknowledge: Operator, porting.MsgSettled: nobody, "unheard-of": nobody,
	}
	onlyUpdates := map[string]bool{porting.UpdateReceive: true, porting.UpdateAddPorts: true}
	var all []attempt
	for name, who := range may {
		for _, role := range Roles() {
			asUpdate := attempt{role.String() + " updates " + name, role, workflows + "UpdateWorkflowExecution", update(name), "may"}
			asSignal := attempt{role.String() + " signals " + name, role, workflows + "SignalWorkflowExecution", signal(name), "may"}
			switch {
			case who&role != 0:
				asUpdate.why = ""
			case table[asUpdate.method].who&role != 0 && name == "unheard-of":
				asUpdate.why = "no such message"
			}
			asSignal.why = asUpdate.why
			if onlyUpdates[name] && table[asSignal.method].who&role != 0 {
				asSignal.why = "an update, not a signal"
			}
			all = append(all, asUpdate, asSignal)
		}
	}
	try(t, all)
}

func TestMessagesGoToSagas(t *testing.T) {
	t.Parallel()
	system := signal(porting.MsgRevoke)
	system.WorkflowExecution.WorkflowId = "temporal-sys-scheduler:reconcile"
	elsewhere := signal(porting.MsgRevoke)
	elsewhere.Namespace = "victim"
	try(t, []attempt{
		{"to a workflow of the server", CustomerCare, workflows + "SignalWorkflowExecution", system, "go to workflows"},
		{"to another namespace", CustomerCare, workflows + "SignalWorkflowExecution", elsewhere, "not about the namespace"},
		{"with a start", Submitter | CustomerCare, workflows + "SignalWithStartWorkflowExecution", signal(porting.MsgRevoke), "without an order"},
	})
}

func TestLimitsTenants(t *testing.T) {
	t.Parallel()
	type request = workflowservice.UpdateTaskQueueConfigRequest
	type update = workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate
	limit := func(change func(*request)) *request {
		r := &request{
			Namespace: ours, TaskQueue: porting.GateQueue(queue), TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY,
			UpdateFairnessKeyRateLimitDefault: &update{RateLimit: &taskqueuepb.RateLimit{RequestsPerSecond: 20}},
		}
		if change != nil {
			change(r)
		}
		return r
	}
	by := func(name string, change func(*request), why string) attempt {
		return attempt{name, Bootstrap, workflows + "UpdateTaskQueueConfig", limit(change), why}
	}
	try(t, []attempt{
		by("as bootstrap does", nil, ""),
		by("no more", func(r *request) { r.UpdateFairnessKeyRateLimitDefault = &update{} }, ""),
		by("at a carrier's line", func(r *request) { r.TaskQueue = porting.LineQueue(queue, "east") }, ""),
		by("where fences are closed", func(r *request) { r.TaskQueue = porting.TrustQueue(queue) }, "at the gate"),
		by("on a rogue queue", func(r *request) { r.TaskQueue = "mine" }, "at the gate"),
		by("for sagas", func(r *request) { r.TaskQueueType = enumspb.TASK_QUEUE_TYPE_WORKFLOW }, "at the gate"),
		by("to nothing", func(r *request) { r.UpdateFairnessKeyRateLimitDefault.RateLimit.RequestsPerSecond = 0 }, "some steps"),
		by("to no number", func(r *request) {
			r.UpdateFairnessKeyRateLimitDefault.RateLimit.RequestsPerSecond = float32(math.NaN())
		}, "some steps"),
		by("all together", func(r *request) { r.UpdateQueueRateLimit = &update{} }, "none for all"),
		by("nobody", func(r *request) { r.UpdateFairnessKeyRateLimitDefault = nil }, "none for all"),
		by("and serve one before others", func(r *request) { r.SetFairnessWeightOverrides = map[string]float32{"acme": 100} }, "before others"),
		by("and forget who is served so", func(r *request) { r.UnsetFairnessWeightOverrides = []string{"acme"} }, "before others"),
		{"by an operator", Operator, workflows + "UpdateTaskQueueConfig", limit(nil), "no role"},
		{"with another request", Bootstrap, workflows + "UpdateTaskQueueConfig", start(nil), "not what this method takes"},
	})
}

func TestPromotions(t *testing.T) {
	t.Parallel()
	type current = workflowservice.SetWorkerDeploymentCurrentVersionRequest
	type ramping = workflowservice.SetWorkerDeploymentRampingVersionRequest
	const now, step = workflows + "SetWorkerDeploymentCurrentVersion", workflows + "SetWorkerDeploymentRampingVersion"
	const name = queue + "-workflow"
	try(t, []attempt{
		{"a version", Bootstrap, now, &current{Namespace: ours, DeploymentName: name, BuildId: "v2"}, ""},
		{"a version, for some", Bootstrap, step, &ramping{Namespace: ours, DeploymentName: name, BuildId: "v2", Percentage: 10}, ""},
		{"back to workers without a version", Bootstrap, now, &current{Namespace: ours, DeploymentName: name}, ""},
		{"another's deployment", Bootstrap, now, &current{Namespace: ours, DeploymentName: "rogue", BuildId: "v2"}, "not one of portsaga's"},
		{"of another namespace", Bootstrap, now, &current{Namespace: "victim", DeploymentName: name, BuildId: "v2"}, "not about the namespace"},
		{"that nobody runs", Bootstrap, now, &current{Namespace: ours, DeploymentName: name, BuildId: "v2", AllowNoPollers: true}, "that workers run"},
		{"that lacks a queue", Bootstrap, step, &ramping{Namespace: ours, DeploymentName: name, BuildId: "v2", IgnoreMissingTaskQueues: true}, "that workers run"},
		{"by a worker", WorkflowWorker, now, &current{Namespace: ours, DeploymentName: name, BuildId: "v2"}, "no role"},
		{"by an operator", Operator | BreakGlass, step, &ramping{Namespace: ours, DeploymentName: name, BuildId: "v2"}, "no role"},
		{"a look at it", Bootstrap, workflows + "DescribeWorkerDeployment", &workflowservice.DescribeWorkerDeploymentRequest{Namespace: ours, DeploymentName: name}, ""},
		{"its end", Bootstrap, workflows + "DeleteWorkerDeployment", &workflowservice.DeleteWorkerDeploymentRequest{Namespace: ours, DeploymentName: name}, "nobody may"},
		{"to a manager", Bootstrap, workflows + "SetWorkerDeploymentManager", &workflowservice.SetWorkerDeploymentManagerRequest{Namespace: ours}, "nobody may"},
	})
}

func TestQueries(t *testing.T) {
	t.Parallel()
	ask := func(name string) *workflowservice.QueryWorkflowRequest {
		return &workflowservice.QueryWorkflowRequest{Namespace: ours, Query: &querypb.WorkflowQuery{QueryType: name}}
	}
	const method = workflows + "QueryWorkflow"
	try(t, []attempt{
		{"the status", Reader, method, ask(porting.QueryStatus), ""},
		{"what the Web UI asks", Operator, method, ask("__temporal_workflow_metadata"), ""},
		{"anything else", Reader, method, ask("secrets"), "no such query"},
		{"by a webhook", Webhook, method, ask(porting.QueryStatus), "no role"},
		{"by the reaper's steps", GateWorker, method, ask(porting.QueryStatus), ""},
		{"by another worker", TrustWorker, method, ask(porting.QueryStatus), "no role"},
	})
}

// reapplies is a Reset by the older field, which the server still obeys.
//
//nolint:staticcheck // that is the point
func reapplies(what enumspb.ResetReapplyType) *workflowservice.ResetWorkflowExecutionRequest {
	return &workflowservice.ResetWorkflowExecutionRequest{Namespace: ours, ResetReapplyType: what}
}

func TestEmergencies(t *testing.T) {
	t.Parallel()
	type reset = workflowservice.ResetWorkflowExecutionRequest
	const resets, options, steps = workflows + "ResetWorkflowExecution", workflows + "UpdateWorkflowExecutionOptions", workflows + "UpdateActivityOptions"
	mask := func(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }
	try(t, []attempt{
		{"a reset", BreakGlass, resets, &reset{Namespace: ours}, ""},
		{"a reset of everything eligible", BreakGlass, resets, reapplies(enumspb.RESET_REAPPLY_TYPE_ALL_ELIGIBLE), ""},
		{"a reset without the revocation", BreakGlass, resets, &reset{
			Namespace: ours, ResetReapplyExcludeTypes: []enumspb.ResetReapplyExcludeType{enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL},
		}, "leaves out no message"},
		{"a reset without any message", BreakGlass, resets, reapplies(enumspb.RESET_REAPPLY_TYPE_NONE), "leaves out no message"},
		{"a reset without updates", BreakGlass, resets, reapplies(enumspb.RESET_REAPPLY_TYPE_SIGNAL), "leaves out no message"},
		{"a reset that does more", BreakGlass, resets, &reset{Namespace: ours, PostResetOperations: []*workflowpb.PostResetOperation{{}}}, "nothing else"},
		{"a reset of another namespace", BreakGlass, resets, &reset{Namespace: "victim"}, "not about the namespace"},
		{"a reset by an operator", Operator, resets, &reset{Namespace: ours}, "no role"},
		{"options", BreakGlass, options, &workflowservice.UpdateWorkflowExecutionOptionsRequest{
			Namespace: ours, UpdateMask: mask("versioning_override"), WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{},
		}, ""},
		{"options that skip time", BreakGlass, options, &workflowservice.UpdateWorkflowExecutionOptionsRequest{
			Namespace: ours, WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{TimeSkippingConfig: &commonpb.TimeSkippingConfig{}},
		}, "clocks are law"},
		{"options whose mask skips time", BreakGlass, options, &workflowservice.UpdateWorkflowExecutionOptionsRequest{
			Namespace: ours, UpdateMask: mask("time_skipping_config.enabled"),
		}, "clocks are law"},
		{"a step's timeout", BreakGlass, steps, &workflowservice.UpdateActivityOptionsRequest{
			Namespace: ours, UpdateMask: mask("start_to_close_timeout"), ActivityOptions: &activitypb.ActivityOptions{},
		}, ""},
		{"a step's queue", BreakGlass, steps, &workflowservice.UpdateActivityOptionsRequest{
			Namespace: ours, ActivityOptions: &activitypb.ActivityOptions{TaskQueue: plain("mine")},
		}, "stays on its queue"},
		{"a step's queue by its mask", BreakGlass, steps, &workflowservice.UpdateActivityOptionsRequest{Namespace: ours, UpdateMask: mask("taskQueue.name")}, "stays on its queue"},
		{"a termination", BreakGlass, workflows + "TerminateWorkflowExecution", &workflowservice.TerminateWorkflowExecutionRequest{Namespace: ours}, ""},
		{"a deletion", BreakGlass, workflows + "DeleteWorkflowExecution", &workflowservice.DeleteWorkflowExecutionRequest{Namespace: ours}, "destroys evidence"},
		{"a batch", BreakGlass, workflows + "StartBatchOperation", &workflowservice.StartBatchOperationRequest{Namespace: ours}, "every port at once"},
		{"a forged step", BreakGlass, workflows + "RespondActivityTaskCompletedById", &workflowservice.RespondActivityTaskCompletedByIdRequest{Namespace: ours}, "forges a step"},
		{"other code", BreakGlass, workflows + "SetCurrentDeployment", &workflowservice.SetCurrentDeploymentRequest{
			Namespace: ours, Deployment: &deploymentpb.Deployment{BuildId: "old"},
		}, "other code"},
	})
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	schedule := func(change func(*workflowpb.NewWorkflowExecutionInfo)) *schedulepb.Schedule {
		info := &workflowpb.NewWorkflowExecutionInfo{WorkflowType: &commonpb.WorkflowType{Name: porting.WorkflowReap}, TaskQueue: plain(queue)}
		if change != nil {
			change(info)
		}
		return &schedulepb.Schedule{Action: &schedulepb.ScheduleAction{Action: &schedulepb.ScheduleAction_StartWorkflow{StartWorkflow: info}}}
	}
	creates := func(name string, s *schedulepb.Schedule, why string) attempt {
		return attempt{name, Bootstrap, workflows + "CreateSchedule", &workflowservice.CreateScheduleRequest{Namespace: ours, Schedule: s}, why}
	}
	type info = workflowpb.NewWorkflowExecutionInfo
	try(t, []attempt{
		creates("ours", schedule(nil), ""),
		creates("a port", schedule(func(i *info) { i.WorkflowType.Name = porting.WorkflowPortIn }), "is not scheduled"),
		creates("nothing", &schedulepb.Schedule{}, "is not scheduled"),
		creates("on a rogue queue", schedule(func(i *info) { i.TaskQueue = plain("mine") }), "queue of the sagas"),
		creates("with a schedule in it", schedule(func(i *info) { i.CronSchedule = "* * * * *" }), "at its own times"),
		creates("of old code", schedule(func(i *info) { i.VersioningOverride = &workflowpb.VersioningOverride{} }), "present code"),
		{"changed to ours", Bootstrap, workflows + "UpdateSchedule", &workflowservice.UpdateScheduleRequest{Namespace: ours, Schedule: schedule(nil)}, ""},
		{
			"changed to another", Bootstrap, workflows + "UpdateSchedule",
			&workflowservice.UpdateScheduleRequest{Namespace: ours, Schedule: &schedulepb.Schedule{}}, "is not scheduled",
		},
		{"by an operator", Operator, workflows + "CreateSchedule", &workflowservice.CreateScheduleRequest{Namespace: ours, Schedule: schedule(nil)}, "no role"},
	})
}

// Roles add up, one role at a time: none lends its rights to another.
func TestRolesOfOneCaller(t *testing.T) {
	t.Parallel()
	approval := update(porting.MsgDecide)
	approval.WorkflowExecution.WorkflowId = start(nil).GetWorkflowId()
	try(t, []attempt{
		{"submits and approves", Submitter | Approver, workflows + "UpdateWorkflowExecution", update(porting.MsgDecide), ""},
		{"starts with an approval", Submitter | Approver, workflows + "ExecuteMultiOperation", multi(start(nil), approval), "may not send"},
		{"reads and starts", Reader | Submitter, workflows + "StartWorkflowExecution", start(nil), ""},
	})
}
