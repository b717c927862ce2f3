package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// historyOf is the history of a port whose first step is on its way.
func historyOf(t *testing.T, id, workflowType, firstStep string) *history.History {
	t.Helper()
	input, err := converter.GetDefaultDataConverter().ToPayloads(porting.PortInput{ID: id, Order: porting.Order{Reference: "ACME-1", Version: 1}})
	require.NoError(t, err)
	h := &history.History{Events: []*history.HistoryEvent{
		{EventType: enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, Attributes: &history.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &history.WorkflowExecutionStartedEventAttributes{
				WorkflowId: id, WorkflowType: &common.WorkflowType{Name: workflowType}, Input: input, TaskQueue: &taskqueue.TaskQueue{Name: "portsaga"},
			},
		}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, Attributes: &history.HistoryEvent_WorkflowTaskScheduledEventAttributes{}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_STARTED, Attributes: &history.HistoryEvent_WorkflowTaskStartedEventAttributes{}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, Attributes: &history.HistoryEvent_WorkflowTaskCompletedEventAttributes{
			WorkflowTaskCompletedEventAttributes: &history.WorkflowTaskCompletedEventAttributes{ScheduledEventId: 2, StartedEventId: 3},
		}},
		{EventType: enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, Attributes: &history.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &history.ActivityTaskScheduledEventAttributes{
				ActivityId: "5", ActivityType: &common.ActivityType{Name: firstStep}, WorkflowTaskCompletedEventId: 4,
			},
		}},
	}}
	for i, e := range h.Events {
		e.EventId = int64(i + 1)
	}
	return h
}

func goesOn(t *testing.T, id string) *history.History {
	t.Helper()
	return historyOf(t, id, porting.WorkflowPortIn, porting.StepReceive)
}

// stuck is the history of a port that another build began with another step.
func stuck(t *testing.T, id string) *history.History {
	t.Helper()
	return historyOf(t, id, porting.WorkflowPortIn, "WeighOrder")
}

func historyFile(t *testing.T, h *history.History) string {
	t.Helper()
	text, err := protojson.Marshal(h)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "history.json")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}

// everySaga selects what a worker runs.
var everySaga = "WorkflowType IN ('" + strings.Join(worker.WorkflowTypes(), "', '") + "')"

func TestReplayHistoryFiles(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	good, bad := historyFile(t, goesOn(t, "pi-1")), historyFile(t, stuck(t, "pi-2"))

	require.Equal(t, 0, s.run(t, "portsaga replay --history", good), s.err.String())
	require.Equal(t, good+"  ok\n1 replayed, 0 would not go on under this build\n", s.out.String())

	require.Equal(t, 1, s.run(t, "portsaga replay", "--history", good, "--history", bad))
	lines := strings.Split(strings.TrimSpace(s.out.String()), "\n")
	require.Len(t, lines, 3, "a line a history, and the summary")
	require.Equal(t, good+"  ok", lines[0])
	require.Regexp(t, "^"+bad+"  .*nondeterministic.*WeighOrder.*ReceiveOrder", lines[1])
	require.Equal(t, "2 replayed, 1 would not go on under this build", lines[2])
	require.Empty(t, s.err.String())
}

func TestReplayFilesThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 2, s.run(t, "portsaga replay --history missing.json"))
	require.Contains(t, s.err.String(), "read missing.json: no such file or directory")

	for _, text := range []string{"not JSON", "{}", `{"events":[]}`, `{"events":[{"eventId":"1","eventType":"WorkflowTaskScheduled"}]}`} {
		s.factory.Streams.In = strings.NewReader(text)
		require.Equal(t, 2, s.run(t, "portsaga replay --history -"), text)
		require.Contains(t, s.err.String(), "this is no history of a workflow in JSON; write one with `temporal workflow show --output json`")
	}

	require.Equal(t, 1, s.run(t, "portsaga replay", "--history", historyFile(t, historyOf(t, "x", "PayRoll", "Pay"))))
	require.Contains(t, s.out.String(), "unable to find workflow type: PayRoll")
}

func TestReplayErrorsAreShortLines(t *testing.T) {
	t.Parallel()
	require.Equal(t, "two lines", shortLine("two\n\tlines "))
	long := shortLine(strings.Repeat("ü", maxError))
	require.Equal(t, strings.Repeat("ü", maxError/2)+"…", long)
	require.Equal(t, long, shortLine("\n"+strings.Repeat("ü", maxError)))
}

func TestReplayUsage(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"portsaga replay --limit -1":             "--limit is at least 0",
		"portsaga replay --history a --query b":  "[query history]",
		"portsaga replay pi-1":                   `unknown command "pi-1"`,
		"portsaga replay --limit all --query ''": `invalid argument "all"`,
	} {
		s := newSession(t)
		require.Equal(t, 2, s.run(t, line), line)
		require.Contains(t, s.err.String(), says)
	}
}

// fakeCluster lists the histories that it has, two a page.
type fakeCluster struct {
	client.Client
	histories []*history.History
	queries   []string
	err       error
}

func (c *fakeCluster) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	c.queries = append(c.queries, r.Query)
	from := len(r.NextPageToken)
	to := min(from+2, len(c.histories))
	answer := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, h := range c.histories[from:to] {
		answer.Executions = append(answer.Executions, &workflow.WorkflowExecutionInfo{
			Execution: &common.WorkflowExecution{WorkflowId: begin(h).GetWorkflowId(), RunId: "run-of-" + begin(h).GetWorkflowId()},
		})
	}
	if to < len(c.histories) {
		answer.NextPageToken = make([]byte, to)
	}
	return answer, c.err
}

func (c *fakeCluster) GetWorkflowHistory(_ context.Context, id, _ string, _ bool, _ enums.HistoryEventFilterType) client.HistoryEventIterator {
	at := slices.IndexFunc(c.histories, func(h *history.History) bool { return begin(h).GetWorkflowId() == id })
	return &fakeEvents{c.histories[at].Events}
}

type fakeEvents struct{ left []*history.HistoryEvent }

func (e *fakeEvents) HasNext() bool { return len(e.left) > 0 }

func (e *fakeEvents) Next() (*history.HistoryEvent, error) {
	if e.left[0] == nil {
		return nil, serviceerror.NewNotFound("the history is gone")
	}
	next := e.left[0]
	e.left = e.left[1:]
	return next, nil
}

func (s *session) replays(c *fakeCluster) {
	s.factory.Dial = func(context.Context) (client.Client, error) { return c, nil }
}

func TestReplayOpenPorts(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	cluster := &fakeCluster{histories: []*history.History{goesOn(t, "pi-1"), stuck(t, "pi-2"), goesOn(t, "pi-3")}}
	s.replays(cluster)

	require.Equal(t, 1, s.run(t, "portsaga replay -o json"))
	var report replayReport
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &report), "stdout is one object")
	require.Equal(t, 3, report.Replayed)
	require.Equal(t, 1, report.Failed)
	require.False(t, report.More)
	require.Equal(t, replayed{ID: "pi-3", RunID: "run-of-pi-3", Workflow: "PortIn", OK: true}, report.Results[2])
	require.Contains(t, report.Results[1].Error, "nondeterministic")
	require.NotContains(t, report.Results[1].Error, "\n")
	filter := everySaga + " AND (ExecutionStatus = 'Running')"
	require.Equal(t, []string{filter, filter}, cluster.queries, "page by page")

	require.Equal(t, 0, s.run(t, "portsaga replay --limit 1"))
	require.Equal(t, "pi-1  ok\n1 replayed, 0 would not go on under this build; there are more than --limit allows\n", s.out.String())
	require.Equal(t, 1, s.run(t, "portsaga replay --limit 3"))
	require.NotContains(t, s.out.String(), "--limit", "three are all")
}

func TestReplayTakesAQuery(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	cluster := &fakeCluster{}
	s.replays(cluster)
	require.Equal(t, 0, s.run(t, "portsaga replay --query", "PortStage = 'verifying' OR PortRisk = 'high'"))
	require.Equal(t, []string{everySaga + " AND (PortStage = 'verifying' OR PortRisk = 'high')"}, cluster.queries)
	require.Equal(t, "nothing to replay\n", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga replay -o json"))
	require.JSONEq(t, `{"replayed":0,"failed":0,"more":false,"results":[]}`, s.out.String())
}

func TestReplayWhenTheServerRefuses(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{
		1: serviceerror.NewUnavailable("down"),
		2: serviceerror.NewInvalidArgument("invalid query"),
		5: serviceerror.NewPermissionDenied("no", ""),
	} {
		s := newSession(t)
		s.replays(&fakeCluster{err: err})
		require.Equal(t, want, s.run(t, "portsaga replay"))
		require.Contains(t, s.err.String(), "error: list ports: ")
		require.Empty(t, s.out.String())
	}

	s := newSession(t)
	require.Equal(t, 1, s.run(t, "portsaga replay"), "no server answers")

	gone := goesOn(t, "pi-1")
	gone.Events = append(gone.Events, nil)
	s.replays(&fakeCluster{histories: []*history.History{gone}})
	require.Equal(t, 1, s.run(t, "portsaga replay"))
	require.Equal(t, "error: read history of port pi-1: the history is gone\n", s.err.String())
}
