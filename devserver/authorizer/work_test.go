package authorizer

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	tokenspb "go.temporal.io/server/api/token/v1"
	"google.golang.org/protobuf/proto"

	"github.com/portsaga/portsaga/porting"
)

var (
	trust = porting.TrustQueue(queue)
	gate  = porting.GateQueue(queue)
	line  = porting.LineQueue(queue, "telnyx")
)

func TestPolls(t *testing.T) {
	t.Parallel()
	tasks := func(name string, role Role, q *taskqueuepb.TaskQueue, why string) attempt {
		return attempt{name, role, workflows + "PollWorkflowTaskQueue", &workflowservice.PollWorkflowTaskQueueRequest{Namespace: ours, TaskQueue: q}, why}
	}
	steps := func(name string, role Role, q *taskqueuepb.TaskQueue, why string) attempt {
		return attempt{name, role, workflows + "PollActivityTaskQueue", &workflowservice.PollActivityTaskQueueRequest{Namespace: ours, TaskQueue: q}, why}
	}
	leaves := func(name string, role Role, sticky, plain, why string) attempt {
		return attempt{name, role, workflows + "ShutdownWorker", &workflowservice.ShutdownWorkerRequest{Namespace: ours, StickyTaskQueue: sticky, TaskQueue: plain}, why}
	}
	try(t, []attempt{
		tasks("sagas", WorkflowWorker, plain(queue), ""),
		tasks("sagas that it knows", WorkflowWorker, sticky("host:1", queue), ""),
		tasks("sagas of another queue", WorkflowWorker, plain("other"), "not the queue"),
		tasks("a queue without a name", WorkflowWorker, plain(""), "not the queue"),
		tasks("a sticky queue of another", WorkflowWorker, sticky("host:1", "other"), "not the queue"),
		tasks("the gate's, as a sticky queue", WorkflowWorker, sticky(gate, queue), "not the queue"),
		tasks("sagas, by the gate", GateWorker, plain(queue), "no role"),
		tasks("sagas, by a submitter", Submitter, plain(queue), "no role"),
		tasks("sagas, by an operator", Operator, plain(queue), "no role"),
		steps("the sagas' own steps", WorkflowWorker, plain(queue), ""),
		steps("trust", TrustWorker, plain(trust), ""),
		steps("gate", GateWorker, plain(gate), ""),
		steps("a carrier's line", GateWorker, plain(line), ""),
		steps("a carrier's line, by trust", TrustWorker, plain(line), "not the queue"),
		steps("a carrier's line, by the sagas", WorkflowWorker, plain(line), "not the queue"),
		steps("nearly a line", GateWorker, plain(gate+"s"), "not the queue"),
		steps("trust, by the sagas", WorkflowWorker, plain(trust), "not the queue"),
		steps("gate, by the sagas", WorkflowWorker, plain(gate), "not the queue"),
		steps("gate, by trust", TrustWorker, plain(gate), "not the queue"),
		steps("trust, by the gate", GateWorker, plain(trust), "not the queue"),
		steps("gate, as a sticky queue", GateWorker, sticky(gate, gate), "not the queue"),
		steps("trust, by a submitter", Submitter, plain(trust), "no role"),
		steps("trust, by break-glass", BreakGlass, plain(trust), "no role"),
		steps("all, by a worker of all", workers, plain(gate), ""),
		leaves("goodbye", GateWorker, "", gate, ""),
		leaves("goodbye of a saga's worker", WorkflowWorker, "host:1", queue, ""),
		leaves("another's goodbye", TrustWorker, "", gate, "not the queue"),
		leaves("another's goodbye as a sticky queue", TrustWorker, gate, "", "not the queue"),
	})
}

// bareToken is what the server writes, and anybody who reads a history can.
func bareToken(t *testing.T) []byte {
	t.Helper()
	token, err := proto.Marshal(&tokenspb.Task{NamespaceId: "n", WorkflowId: "pi-1", RunId: "r", ScheduledEventId: 5, Attempt: 1, ActivityType: "ScreenOrder"})
	require.NoError(t, err)
	return token
}

func TestAnswersToTasks(t *testing.T) {
	t.Parallel()
	bare := bareToken(t)
	s := seal{taskKey}
	done := func(name string, role Role, token []byte, why string) attempt {
		return attempt{name, role, workflows + "RespondActivityTaskCompleted", &workflowservice.RespondActivityTaskCompletedRequest{Namespace: ours, TaskToken: token}, why}
	}
	changed := bytes.Replace(s.stamp(bare, trust), []byte("pi-1"), []byte("pi-2"), 1)
	try(t, []attempt{
		done("its own", TrustWorker, s.stamp(bare, trust), ""),
		done("written by itself", TrustWorker, bare, "not handed out here"),
		done("another's", GateWorker, s.stamp(bare, trust), "handed to another role"),
		done("the sagas' for a step of trust", WorkflowWorker, s.stamp(bare, trust), "handed to another role"),
		done("changed", TrustWorker, changed, "not handed out here"),
		done("sealed by another key", TrustWorker, seal{bytes.Repeat([]byte("x"), keySize)}.stamp(bare, trust), "not handed out here"),
		done("with something behind the seal", TrustWorker, append(s.stamp(bare, trust), bare...), "not handed out here"),
		done("empty", TrustWorker, nil, "not handed out here"),
		done("no token at all", TrustWorker, []byte("\xff\xff"), "not handed out here"),
		done("by a submitter", Submitter, s.stamp(bare, trust), "no role"),
		{"a heartbeat of another", GateWorker, workflows + "RecordActivityTaskHeartbeat", &workflowservice.RecordActivityTaskHeartbeatRequest{Namespace: ours, TaskToken: bare}, "not handed out here"},
		{"a failure of another", GateWorker, workflows + "RespondActivityTaskFailed", &workflowservice.RespondActivityTaskFailedRequest{Namespace: ours, TaskToken: s.stamp(bare, queue)}, "another role"},
		{"a cancellation of another", GateWorker, workflows + "RespondActivityTaskCanceled", &workflowservice.RespondActivityTaskCanceledRequest{Namespace: ours, TaskToken: bare}, "not handed out here"},
		{"an answer to a query", WorkflowWorker, workflows + "RespondQueryTaskCompleted", &workflowservice.RespondQueryTaskCompletedRequest{Namespace: ours, TaskToken: s.stamp(bare, queue)}, ""},
	})
}

// The server reads a sealed token as the one that it wrote.
func TestTheServerReadsSealedTokens(t *testing.T) {
	t.Parallel()
	var read, wrote tokenspb.Task
	require.NoError(t, proto.Unmarshal(bareToken(t), &wrote))
	require.NoError(t, proto.Unmarshal(seal{taskKey}.stamp(bareToken(t), trust), &read))
	read.ProtoReflect().SetUnknown(nil)
	require.True(t, proto.Equal(&wrote, &read))
}

func FuzzSeal(f *testing.F) {
	s := seal{taskKey}
	f.Add([]byte{}, "desk")
	f.Add([]byte("\x0a\x01n"), "desk-gate")
	f.Fuzz(func(t *testing.T, token []byte, queue string) {
		if opened, ok := s.open(token); ok {
			require.Equal(t, token, s.stamp(tokenWithoutSeal(token), opened), "only what was stamped opens")
		}
	})
}

func tokenWithoutSeal(token []byte) []byte {
	bare, _ := lastField(token)
	return bare
}

func TestInterceptorSealsWhatIsHandedOut(t *testing.T) {
	t.Parallel()
	a := policyForTests(t)
	bare := bareToken(t)
	task := func() *workflowservice.PollWorkflowTaskQueueResponse {
		return &workflowservice.PollWorkflowTaskQueueResponse{TaskToken: bare}
	}
	step := func() *workflowservice.PollActivityTaskQueueResponse {
		return &workflowservice.PollActivityTaskQueueResponse{TaskToken: bare}
	}
	queueOf := func(token []byte) string {
		queue, ok := a.policy.seal.open(token)
		require.True(t, ok)
		return queue
	}
	answer := func(request, response any) {
		got, err := a.Interceptor()(t.Context(), request, nil, func(context.Context, any) (any, error) { return response, nil })
		require.NoError(t, err)
		require.Same(t, response, got)
	}

	fresh := task()
	answer(&workflowservice.PollWorkflowTaskQueueRequest{TaskQueue: sticky("host:1", queue)}, fresh)
	require.Equal(t, queue, queueOf(fresh.TaskToken))

	taken := step()
	answer(&workflowservice.PollActivityTaskQueueRequest{TaskQueue: plain(gate)}, taken)
	require.Equal(t, gate, queueOf(taken.TaskToken))

	next := &workflowservice.RespondWorkflowTaskCompletedResponse{WorkflowTask: task(), ActivityTasks: []*workflowservice.PollActivityTaskQueueResponse{step()}}
	answer(&workflowservice.RespondWorkflowTaskCompletedRequest{TaskToken: fresh.TaskToken}, next)
	require.Equal(t, queue, queueOf(next.WorkflowTask.TaskToken))
	require.Equal(t, queue, queueOf(next.ActivityTasks[0].TaskToken))

	empty := &workflowservice.PollActivityTaskQueueResponse{}
	answer(&workflowservice.PollActivityTaskQueueRequest{TaskQueue: plain(gate)}, empty)
	require.Empty(t, empty.TaskToken)
}

func TestCommands(t *testing.T) {
	t.Parallel()
	token := seal{taskKey}.stamp(bareToken(t), queue)
	with := func(name string, why string, commands ...*commandpb.Command) attempt {
		return attempt{name, WorkflowWorker, workflows + "RespondWorkflowTaskCompleted", &workflowservice.RespondWorkflowTaskCompletedRequest{
			Namespace: ours, TaskToken: token, Commands: commands,
		}, why}
	}
	schedules := func(on string, eager bool) *commandpb.Command {
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
			Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{
				TaskQueue: plain(on), RequestEagerExecution: eager,
			}},
		}
	}
	type child = commandpb.StartChildWorkflowExecutionCommandAttributes
	starts := func(change func(*child)) *commandpb.Command {
		a := &child{
			WorkflowId: "pi-2", WorkflowType: &commonpb.WorkflowType{Name: porting.WorkflowPortIn}, TaskQueue: plain(queue),
			WorkflowIdReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		}
		change(a)
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
			Attributes:  &commandpb.Command_StartChildWorkflowExecutionCommandAttributes{StartChildWorkflowExecutionCommandAttributes: a},
		}
	}
	tells := func(namespace, to, name string) *commandpb.Command {
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes{SignalExternalWorkflowExecutionCommandAttributes: &commandpb.SignalExternalWorkflowExecutionCommandAttributes{
				Namespace: namespace, //nolint:staticcheck // the server still obeys it
				Execution: &commonpb.WorkflowExecution{WorkflowId: to}, SignalName: name,
			}},
		}
	}
	goesOn := func(as, on string) *commandpb.Command {
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_ContinueAsNewWorkflowExecutionCommandAttributes{ContinueAsNewWorkflowExecutionCommandAttributes: &commandpb.ContinueAsNewWorkflowExecutionCommandAttributes{
				WorkflowType: &commonpb.WorkflowType{Name: as}, TaskQueue: plain(on),
			}},
		}
	}
	attempts := []attempt{
		with("nothing", ""),
		with("a step on each queue", "", schedules(queue, true), schedules(trust, false), schedules(gate, false)),
		with("a step on a rogue queue", "one of our queues", schedules(gate, false), schedules("mine", false)),
		with("a step of the gate, handed back at once", "another role is not handed", schedules(gate, true)),
		with("a port of a bulk order", "", starts(func(*child) {})),
		with("a child elsewhere", "not about the namespace", starts(func(a *child) { a.Namespace = "victim" })), //nolint:staticcheck // the server still obeys it
		with("a child here", "", starts(func(a *child) { a.Namespace = ours })),                                 //nolint:staticcheck // as the SDK sends it
		with("a child that is none of ours", "not started by another", starts(func(a *child) { a.WorkflowType.Name = "Steal" })),
		with("a child on a rogue queue", "queue of the sagas", starts(func(a *child) { a.TaskQueue = plain("mine") })),
		with("a rescue, once more", "", starts(func(a *child) {
			a.WorkflowType.Name, a.WorkflowId, a.WorkflowIdReusePolicy = porting.WorkflowRescue, "rescue-pi-1", 1
		})),
		with("the reaper, as a child", "not started by another", starts(func(a *child) { a.WorkflowType.Name, a.WorkflowId = porting.WorkflowReap, "reap" })),
		with("a settled concern", "", tells(ours, "concern-order-pi-1", porting.MsgSettled)),
		with("a child again", "REJECT_DUPLICATE", starts(func(a *child) { a.WorkflowIdReusePolicy = 0 })),
		with("a child again and again", "runs once", starts(func(a *child) { a.CronSchedule = "* * * * *" })),
		with("progress to the order", "", tells(ours, "bo-1", porting.MsgProgress)),
		with("a revocation to a port", "", tells("", "pi-1", porting.MsgRevoke)),
		with("news that no carrier brought", "do not tell each other", tells(ours, "pi-1", porting.MsgCarrierEvent)),
		with("a message elsewhere", "not about the namespace", tells("victim", "pi-1", porting.MsgRevoke)),
		with("a message to the server's workflows", "go to workflows", tells(ours, "temporal-sys-scheduler:x", porting.MsgRevoke)),
		with("a next run", "", goesOn(porting.WorkflowBulk, queue)),
		with("a next run of other code", "as a saga", goesOn("Steal", queue)),
		with("a next run elsewhere", "on its queue", goesOn(porting.WorkflowBulk, "mine")),
		with("a call of Nexus", "do not use ScheduleNexusOperation", &commandpb.Command{CommandType: enumspb.COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION}),
		with("a cancellation of another", "do not use", &commandpb.Command{CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION}),
		with("a command without a type", "do not use", &commandpb.Command{}),
		with("a command of tomorrow", "do not use", &commandpb.Command{CommandType: 4711}),
		{"a sticky queue that is the gate's", WorkflowWorker, workflows + "RespondWorkflowTaskCompleted", &workflowservice.RespondWorkflowTaskCompletedRequest{
			Namespace: ours, TaskToken: token, StickyAttributes: &taskqueuepb.StickyExecutionAttributes{WorkerTaskQueue: plain(gate)},
		}, "a name of its own"},
		{"a task that was not handed out", WorkflowWorker, workflows + "RespondWorkflowTaskCompleted", &workflowservice.RespondWorkflowTaskCompletedRequest{
			Namespace: ours, TaskToken: bareToken(t),
		}, "not handed out here"},
	}
	for command := range harmless {
		attempts = append(attempts, with("harmless "+command.String(), "", &commandpb.Command{CommandType: command}))
	}
	try(t, attempts)
}

// Every command that the API knows is either looked into, harmless or denied on purpose.
func TestEveryCommandIsClassified(t *testing.T) {
	t.Parallel()
	lookedInto := []enumspb.CommandType{
		enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK, enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
		enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION, enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION,
	}
	denied := []enumspb.CommandType{
		enumspb.COMMAND_TYPE_UNSPECIFIED, enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
		enumspb.COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION, enumspb.COMMAND_TYPE_REQUEST_CANCEL_NEXUS_OPERATION,
	}
	require.Len(t, enumspb.CommandType_name, len(lookedInto)+len(denied)+len(harmless))
}
