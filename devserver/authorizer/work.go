package authorizer

import (
	"strings"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// notOurs is the answer to a worker on a queue that is not its role's.
const notOurs = denial("this is not the queue of the role")

func pollsOwnWorkflowTasks(p *policy, as Role, request any) error {
	r, ok := request.(*workflowservice.PollWorkflowTaskQueueRequest)
	if !ok {
		return unexpected
	}
	if !p.owns(as, p.queueOfPoll(r)) {
		return notOurs
	}
	return nil
}

// queueOfPoll is the queue whose workflow tasks a poll takes; empty if it is none of ours. A worker's sticky queue has a name
// of its own, belongs to the queue in its normal name, and must not hide behind the name of another.
func (p *policy) queueOfPoll(r *workflowservice.PollWorkflowTaskQueueRequest) string {
	q := r.GetTaskQueue()
	if q.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY && !p.isAnyQueue(q.GetName()) {
		return q.GetNormalName()
	}
	if p.isQueue(q, WorkflowWorker) {
		return q.GetName()
	}
	return ""
}

func pollsOwnActivities(p *policy, as Role, request any) error {
	r, ok := request.(*workflowservice.PollActivityTaskQueueRequest)
	if !ok {
		return unexpected
	}
	if !p.isQueue(r.GetTaskQueue(), as) {
		return notOurs
	}
	return nil
}

func leavesOwnQueue(p *policy, as Role, request any) error {
	r, ok := request.(*workflowservice.ShutdownWorkerRequest)
	if !ok {
		return unexpected
	}
	if p.isAnyQueue(r.GetStickyTaskQueue()) || (r.GetTaskQueue() != "" && !p.owns(as, r.GetTaskQueue())) {
		return notOurs
	}
	return nil
}

// hasToken is every answer to a task.
type hasToken interface{ GetTaskToken() []byte }

// answersOwnTask asks for a token that was handed to a worker of this role. The server itself would take any token that
// names a task which is open, and everything in one can be read in the history.
func answersOwnTask(p *policy, as Role, request any) error {
	r, ok := request.(hasToken)
	if !ok {
		return unexpected
	}
	queue, sealed := p.seal.open(r.GetTaskToken())
	switch {
	case !sealed:
		return denial("the task was not handed out here")
	case !p.owns(as, queue):
		return denial("the task was handed to another role")
	}
	return nil
}

func commandsAreOurs(p *policy, as Role, request any) error {
	r, ok := request.(*workflowservice.RespondWorkflowTaskCompletedRequest)
	if !ok {
		return unexpected
	}
	if err := answersOwnTask(p, as, r); err != nil {
		return err
	}
	if p.isAnyQueue(r.GetStickyAttributes().GetWorkerTaskQueue().GetName()) {
		return denial("a sticky queue has a name of its own")
	}
	for _, c := range r.GetCommands() {
		if err := p.commandIsOurs(as, c); err != nil {
			return err
		}
	}
	return nil
}

// harmless are the commands that concern the saga alone.
var harmless = map[enumspb.CommandType]bool{
	enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:      true,
	enumspb.COMMAND_TYPE_START_TIMER:                       true,
	enumspb.COMMAND_TYPE_CANCEL_TIMER:                      true,
	enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:       true,
	enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:           true,
	enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:         true,
	enumspb.COMMAND_TYPE_RECORD_MARKER:                     true,
	enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: true,
	enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:        true,
	enumspb.COMMAND_TYPE_PROTOCOL_MESSAGE:                  true,
}

// commandIsOurs goes by the type of a command, as the server does.
func (p *policy) commandIsOurs(as Role, c *commandpb.Command) error {
	switch c.GetCommandType() {
	case enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
		return p.schedulesOurStep(as, c.GetScheduleActivityTaskCommandAttributes())
	case enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
		return p.startsOurChild(c.GetStartChildWorkflowExecutionCommandAttributes())
	case enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
		return p.passesOn(c.GetSignalExternalWorkflowExecutionCommandAttributes())
	case enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
		return p.continuesOurs(c.GetContinueAsNewWorkflowExecutionCommandAttributes())
	}
	if harmless[c.GetCommandType()] {
		return nil
	}
	return denial("sagas do not use " + c.GetCommandType().String())
}

func (p *policy) schedulesOurStep(as Role, a *commandpb.ScheduleActivityTaskCommandAttributes) error {
	switch queue := a.GetTaskQueue().GetName(); {
	case queue != "" && !p.isAnyQueue(queue): // an empty one is the saga's own
		return denial("a step is scheduled on one of our queues")
	case a.GetRequestEagerExecution() && !p.owns(as, queue):
		return denial("a step of another role is not handed to this one")
	}
	return nil
}

func (p *policy) startsOurChild(a *commandpb.StartChildWorkflowExecutionCommandAttributes) error {
	k := kinds[a.GetWorkflowType().GetName()]
	switch {
	case !p.isHere(a.GetNamespace()): //nolint:staticcheck // the server still obeys it
		return otherNamespace
	case !k.child || !strings.HasPrefix(a.GetWorkflowId(), k.prefix):
		return denial("this workflow is not started by another")
	case a.GetTaskQueue().GetName() != "" && !p.isQueue(a.GetTaskQueue(), WorkflowWorker):
		return denial("a workflow is started on the queue of the sagas")
	case !k.reuses(a.GetWorkflowIdReusePolicy()):
		return denial("an order is started once: the reuse policy must be REJECT_DUPLICATE")
	case a.GetCronSchedule() != "", a.GetRetryPolicy() != nil, a.GetVersioningOverride() != nil:
		return denial("a port runs once, on the workers' present code")
	}
	return nil
}

func (p *policy) passesOn(a *commandpb.SignalExternalWorkflowExecutionCommandAttributes) error {
	switch {
	case !p.isHere(a.GetNamespace()): //nolint:staticcheck // the server still obeys it
		return otherNamespace
	case !passedOn[a.GetSignalName()]:
		return denial("sagas do not tell each other this")
	case !isOurs(a.GetExecution().GetWorkflowId()):
		return denial("messages go to workflows of portsaga")
	}
	return nil
}

func (p *policy) continuesOurs(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) error {
	if _, ours := kinds[a.GetWorkflowType().GetName()]; !ours && a.GetWorkflowType().GetName() != "" {
		return denial("a saga goes on as a saga")
	}
	if a.GetTaskQueue().GetName() != "" && !p.isQueue(a.GetTaskQueue(), WorkflowWorker) {
		return denial("a saga goes on on its queue")
	}
	return nil
}

// isHere reports whether a command's namespace is ours; an empty one is that of the saga.
func (p *policy) isHere(namespace string) bool { return namespace == "" || namespace == p.namespace }
