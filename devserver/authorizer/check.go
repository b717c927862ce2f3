package authorizer

import (
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	schedulepb "go.temporal.io/api/schedule/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/portsaga/portsaga/porting"
)

// check looks into a request that a role sends. Its error is the reason of the denial; it names no person and no number.
type check func(p *policy, as Role, request any) error

// denial is why a request is denied.
type denial string

func (d denial) Error() string { return string(d) }

// unexpected is the answer to a request that is not what its method takes.
const unexpected = denial("the request is not what this method takes")

func startsOurs(p *policy, as Role, request any) error {
	r, ok := request.(*workflowservice.StartWorkflowExecutionRequest)
	if !ok {
		return unexpected
	}
	k, ours := kinds[r.GetWorkflowType().GetName()]
	switch {
	case !ours:
		return denial("only workflows of portsaga are started")
	case k.who&as == 0:
		return denial("role " + as.String() + " may not start this workflow")
	case !strings.HasPrefix(r.GetWorkflowId(), k.prefix):
		return denial("the workflow ID is that of another thing")
	case !p.isQueue(r.GetTaskQueue(), WorkflowWorker):
		return denial("a workflow is started on the queue of the sagas")
	case !k.reuses(r.GetWorkflowIdReusePolicy()):
		return denial("an order is started once: the reuse policy must be REJECT_DUPLICATE")
	case !k.meets(r.GetWorkflowIdConflictPolicy()), r.GetOnConflictOptions() != nil:
		return denial("an order is started once: the conflict policy must be FAIL")
	case lasts(r.GetWorkflowExecutionTimeout()), lasts(r.GetWorkflowRunTimeout()):
		return denial("a port that times out is not rolled back: it has its own clocks")
	case r.GetCronSchedule() != "", r.GetRetryPolicy() != nil, lasts(r.GetWorkflowStartDelay()):
		return denial("a port runs once, and at once")
	case r.GetTimeSkippingConfig() != nil:
		return denial("a port's clocks are law")
	case r.GetVersioningOverride() != nil:
		return denial("a port runs on the workers' present code")
	case r.GetRequestEagerExecution(), len(r.GetCompletionCallbacks()) > 0:
		return denial("a starter takes no task and names no callback")
	case r.GetPriority().GetPriorityKey() != 0, r.GetPriority().GetFairnessWeight() != 0:
		return denial("a port waits in its tenant's line, and no line is served before others")
	case r.GetContinuedFailure() != nil, r.GetLastCompletionResult() != nil:
		return denial("a port has no run before it")
	}
	return nil
}

// reuses reports whether a start may treat one that has ended under its ID so.
func (k kind) reuses(policy enumspb.WorkflowIdReusePolicy) bool {
	return policy == enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE || (k.again && policy <= enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
}

// meets reports whether a start may treat one that runs under its ID so.
func (k kind) meets(policy enumspb.WorkflowIdConflictPolicy) bool {
	return policy <= enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL || (k.again && policy == enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING)
}

func lasts(d *durationpb.Duration) bool { return d.AsDuration() != 0 }

// startsPortWithUpdate checks each operation as if it came alone, namespace included: the server reads them so.
func startsPortWithUpdate(p *policy, as Role, request any) error {
	r, ok := request.(*workflowservice.ExecuteMultiOperationRequest)
	if !ok {
		return unexpected
	}
	if len(r.GetOperations()) != 2 {
		return denial("a start and an update are the only operations")
	}
	start, update := r.GetOperations()[0].GetStartWorkflow(), r.GetOperations()[1].GetUpdateWorkflow()
	if start == nil || update == nil {
		return denial("a start and an update are the only operations")
	}
	if start.GetNamespace() != p.namespace || update.GetNamespace() != p.namespace {
		return otherNamespace
	}
	if err := startsOurs(p, as, start); err != nil {
		return err
	}
	if update.GetWorkflowExecution().GetWorkflowId() != start.GetWorkflowId() {
		return denial("the update is for another workflow than the start")
	}
	if update.GetRequest().GetInput().GetName() == porting.UpdateReceive {
		return nil // whoever may start a port may hear whether it was taken
	}
	return sendsUpdate(p, as, update)
}

func sendsSignal(_ *policy, as Role, request any) error {
	r, ok := request.(*workflowservice.SignalWorkflowExecutionRequest)
	if !ok {
		return unexpected
	}
	if messages[r.GetSignalName()].updateOnly {
		return denial("this message is an update, not a signal")
	}
	return sends(as, r.GetSignalName(), r.GetWorkflowExecution().GetWorkflowId())
}

func sendsUpdate(_ *policy, as Role, request any) error {
	r, ok := request.(*workflowservice.UpdateWorkflowExecutionRequest)
	if !ok {
		return unexpected
	}
	return sends(as, r.GetRequest().GetInput().GetName(), r.GetWorkflowExecution().GetWorkflowId())
}

func sends(as Role, name, to string) error {
	m, known := messages[name]
	switch {
	case !known:
		return denial("there is no such message")
	case m.who&as == 0:
		return denial("role " + as.String() + " may not send " + name)
	case !isOurs(to):
		return denial("messages go to workflows of portsaga")
	}
	return nil
}

func asksKnownQuery(_ *policy, _ Role, request any) error {
	r, ok := request.(*workflowservice.QueryWorkflowRequest)
	if !ok {
		return unexpected
	}
	if !queries[r.GetQuery().GetQueryType()] {
		return denial("there is no such query")
	}
	return nil
}

// resetsWithEverything allows a Reset that carries all messages over. One that leaves the revocation out is the attack.
func resetsWithEverything(_ *policy, _ Role, request any) error {
	r, ok := request.(*workflowservice.ResetWorkflowExecutionRequest)
	if !ok {
		return unexpected
	}
	reapply := r.GetResetReapplyType() //nolint:staticcheck // the server still obeys it
	switch {
	case len(r.GetResetReapplyExcludeTypes()) > 0:
		return denial("a reset leaves out no message")
	case reapply != enumspb.RESET_REAPPLY_TYPE_UNSPECIFIED && reapply != enumspb.RESET_REAPPLY_TYPE_ALL_ELIGIBLE:
		return denial("a reset leaves out no message")
	case len(r.GetPostResetOperations()) > 0:
		return denial("a reset does nothing else")
	}
	return nil
}

func keepsTime(_ *policy, _ Role, request any) error {
	r, ok := request.(*workflowservice.UpdateWorkflowExecutionOptionsRequest)
	if !ok {
		return unexpected
	}
	if r.GetWorkflowExecutionOptions().GetTimeSkippingConfig() != nil || names(r.GetUpdateMask().GetPaths(), "time_skipping", "timeSkipping") {
		return denial("a port's clocks are law")
	}
	return nil
}

func keepsQueue(p *policy, _ Role, request any) error {
	r, ok := request.(*workflowservice.UpdateActivityOptionsRequest)
	if !ok {
		return unexpected
	}
	if r.GetActivityOptions().GetTaskQueue() != nil || names(r.GetUpdateMask().GetPaths(), "task_queue", "taskQueue", "*") {
		return denial("a step stays on its queue")
	}
	return nil
}

func names(paths []string, prefixes ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
	})
}

// schedulesOurs holds a schedule to the workflows that are meant for one: what a schedule starts, the server itself starts,
// and nobody checks it again.
func schedulesOurs(p *policy, _ Role, request any) error {
	var schedule *schedulepb.Schedule
	switch r := request.(type) {
	case *workflowservice.CreateScheduleRequest:
		schedule = r.GetSchedule()
	case *workflowservice.UpdateScheduleRequest:
		schedule = r.GetSchedule()
	default:
		return unexpected
	}
	start := schedule.GetAction().GetStartWorkflow()
	switch {
	case !kinds[start.GetWorkflowType().GetName()].scheduled:
		return denial("this workflow is not scheduled")
	case !p.isQueue(start.GetTaskQueue(), WorkflowWorker):
		return denial("a schedule starts on the queue of the sagas")
	case start.GetCronSchedule() != "", start.GetVersioningOverride() != nil:
		return denial("a schedule starts the workers' present code, at its own times")
	}
	return nil
}

// limitsTenants allows a pace for each tenant at the gate. One for the whole queue, other weights, or a pace of nothing would
// hold ports up, and at the trust workers their stops.
func limitsTenants(p *policy, _ Role, request any) error {
	r, ok := request.(*workflowservice.UpdateTaskQueueConfigRequest)
	if !ok {
		return unexpected
	}
	limit := r.GetUpdateFairnessKeyRateLimitDefault()
	switch {
	case !p.owns(GateWorker, r.GetTaskQueue()) || r.GetTaskQueueType() != enumspb.TASK_QUEUE_TYPE_ACTIVITY:
		return denial("tenants are limited at the gate")
	case limit == nil, r.GetUpdateQueueRateLimit() != nil:
		return denial("a limit is for each tenant, and none for all")
	case len(r.GetSetFairnessWeightOverrides()) > 0, len(r.GetUnsetFairnessWeightOverrides()) > 0:
		return denial("no line is served before others")
	case limit.GetRateLimit() != nil && !(limit.GetRateLimit().GetRequestsPerSecond() >= slowest):
		return denial("a limit leaves every tenant some steps")
	}
	return nil
}

// slowest is the least that a tenant can be limited to, in steps a second.
const slowest = 1

// promotesOurs holds a promotion to deployments of our own name, and to versions that have workers for every queue that the
// one before had: ports that nobody runs miss their dates.
func promotesOurs(p *policy, _ Role, request any) error {
	r, ok := request.(promotion)
	if !ok {
		return unexpected
	}
	switch {
	case !strings.HasPrefix(r.GetDeploymentName(), p.base):
		return denial("the deployment is not one of portsaga's")
	case r.GetAllowNoPollers(), r.GetIgnoreMissingTaskQueues():
		return denial("ports go to a version that workers run")
	}
	return nil
}

// promotion is what all at once and step by step have in common.
type promotion interface {
	GetDeploymentName() string
	GetAllowNoPollers() bool
	GetIgnoreMissingTaskQueues() bool
}

// isQueue reports whether a queue is the plain queue of a worker role.
func (p *policy) isQueue(q *taskqueuepb.TaskQueue, of Role) bool {
	plain := q.GetKind() == enumspb.TASK_QUEUE_KIND_NORMAL || q.GetKind() == enumspb.TASK_QUEUE_KIND_UNSPECIFIED
	return plain && p.owns(of, q.GetName())
}

// owns reports whether a queue's name is a role's. The gate has one more for each carrier with a pace of its own.
func (p *policy) owns(role Role, name string) bool {
	queue := p.queues[role]
	return queue != "" && (name == queue || role == GateWorker && strings.HasPrefix(name, porting.LineQueue(p.base, "")))
}

// isAnyQueue reports whether a name is one of our queues.
func (p *policy) isAnyQueue(name string) bool {
	for role := range p.queues {
		if p.owns(role, name) {
			return true
		}
	}
	return false
}
