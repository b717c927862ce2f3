package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

type replayOptions struct {
	Query     string
	Histories []string
	Limit     int // 0: all
}

func newReplay(f *Factory) *cobra.Command {
	o := replayOptions{}
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "See that open ports go on under this build",
		Long: "Replay the histories of open ports and bulk orders against the sagas of this program, before its workers take them over.\n" +
			"Histories are only read: no step runs and no port changes. A port that this build would carry on differently would be\n" +
			"stuck under it. Each is told in one line, and the exit code is then 1: do not roll the build out.\n\n" +
			"--query selects others, for instance those that ended. --history replays files instead and asks no server: JSON as\n" +
			"`temporal workflow show --output json` and the Web UI write it.",
		Example: "  portsaga replay\n" +
			"  portsaga replay --query \"PortStage = 'verifying'\" --limit 100\n" +
			"  portsaga replay --history pi-1.json --history pi-2.json -o json | jq .failed",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Limit < 0 {
				return usage(cmd, "--limit is at least 0")
			}
			return o.run(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Query, "query", "ExecutionStatus = 'Running'", "which ports, as a list filter of Temporal")
	flags.StringArrayVar(&o.Histories, "history", nil, "file with a history in JSON, instead of asking a server; - reads stdin")
	flags.IntVar(&o.Limit, "limit", 0, "most histories to replay (all)")
	cmd.MarkFlagsMutuallyExclusive("query", "history")
	return cmd
}

// replayReport is what became of the histories.
type replayReport struct {
	Replayed int        `json:"replayed"`
	Failed   int        `json:"failed"`
	More     bool       `json:"more"` // the limit left some out
	Results  []replayed `json:"results"`
}

// replayed is what became of one history.
type replayed struct {
	ID       string `json:"id"` // of the workflow, or the name of the file
	RunID    string `json:"run_id,omitempty"`
	Workflow string `json:"workflow"`
	OK       bool   `json:"ok"`
	Error    string `json:"error,omitempty"`
}

func (o replayOptions) run(ctx context.Context, f *Factory) error {
	replayers, err := f.replayers(ctx)
	if err != nil {
		return err
	}
	report := replayReport{Results: []replayed{}}
	for r, err := range o.recordings(ctx, f) {
		if err != nil {
			return err
		}
		if o.Limit > 0 && report.Replayed == o.Limit {
			report.More = true
			break
		}
		report.add(f, r.replay(replayers.of(r)))
	}
	if err := f.Print(report, func(w io.Writer) { fmt.Fprintln(w, report.summary()) }); err != nil || report.Failed == 0 {
		return err
	}
	return answered(porting.Failed)
}

// add takes a result in. People see it at once, because replaying all ports may take a while.
func (r *replayReport) add(f *Factory, one replayed) {
	r.Replayed++
	r.Results = append(r.Results, one)
	says := f.style(good, "ok")
	if !one.OK {
		r.Failed++
		says = f.style(bad, one.Error)
	}
	if f.Format == Text {
		fmt.Fprintf(f.Streams.Out, "%s  %s\n", one.ID, says)
	}
}

func (r *replayReport) summary() string {
	if r.Replayed == 0 {
		return "nothing to replay"
	}
	says := fmt.Sprintf("%d replayed, %d would not go on under this build", r.Replayed, r.Failed)
	if r.More {
		says += "; there are more than --limit allows"
	}
	return says
}

// recording is a history that can be replayed.
type recording struct {
	name      string
	execution workflow.Execution
	history   *history.History
}

func (r recording) replay(replayer sdkworker.WorkflowReplayer) replayed {
	silent := sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	err := replayer.ReplayWorkflowHistoryWithOptions(silent, r.history, sdkworker.ReplayWorkflowHistoryOptions{OriginalExecution: r.execution})
	result := replayed{ID: r.name, RunID: r.execution.RunID, Workflow: begin(r.history).GetWorkflowType().GetName(), OK: err == nil}
	if err != nil {
		result.Error = shortLine(err.Error())
	}
	return result
}

// maxError is longer than what two steps differ in, in bytes. Some errors of a replay hold whole results besides.
const maxError = 1000

func shortLine(text string) string {
	line := strings.Join(strings.Fields(text), " ")
	if len(line) > maxError {
		line = strings.ToValidUTF8(line[:maxError], "") + "…"
	}
	return line
}

// replayers replay histories whose payloads are sealed, and those in the clear: of tests, and of files that a codec server
// has opened.
type replayers struct{ sealed, clear sdkworker.WorkflowReplayer }

func (f *Factory) replayers(ctx context.Context) (replayers, error) {
	r := replayers{clear: newReplayer(nil)}
	r.sealed = r.clear
	ring, err := f.keyRing()
	if err != nil || ring == nil {
		return r, err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return r, err
	}
	r.sealed = newReplayer(ring.Converter(connection.Options.Namespace))
	return r, nil
}

func newReplayer(dc converter.DataConverter) sdkworker.WorkflowReplayer {
	// It fails only on interceptors, and there are none.
	replayer, _ := sdkworker.NewWorkflowReplayerWithOptions(sdkworker.WorkflowReplayerOptions{DataConverter: dc})
	worker.RegisterWorkflows(replayer)
	return replayer
}

func (rs replayers) of(r recording) sdkworker.WorkflowReplayer {
	input := begin(r.history).GetInput().GetPayloads()
	if len(input) > 0 && codec.IsSealed(input[0]) {
		return rs.sealed
	}
	return rs.clear
}

// begin is how a history started; nil for one that has no start.
func begin(h *history.History) *history.WorkflowExecutionStartedEventAttributes {
	if len(h.GetEvents()) == 0 {
		return nil
	}
	return h.Events[0].GetWorkflowExecutionStartedEventAttributes()
}

// recordings are the histories that the flags ask for, read one at a time. An error is the last thing that comes.
func (o replayOptions) recordings(ctx context.Context, f *Factory) iter.Seq2[recording, error] {
	if len(o.Histories) > 0 {
		return f.historyFiles(o.Histories)
	}
	return func(yield func(recording, error) bool) {
		c, err := f.Dial(ctx)
		if err != nil {
			yield(recording{}, err)
			return
		}
		for e, err := range executions(ctx, c, o.filter()) {
			var r recording
			if err == nil {
				r, err = fetch(ctx, c, e)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// filter keeps to the workflows that this build knows.
func (o replayOptions) filter() string {
	return fmt.Sprintf("WorkflowType IN ('%s') AND (%s)", strings.Join(worker.WorkflowTypes(), "', '"), o.Query)
}

// executions lists what a filter selects, page by page.
func executions(ctx context.Context, c client.Client, filter string) iter.Seq2[workflow.Execution, error] {
	return func(yield func(workflow.Execution, error) bool) {
		request := &workflowservice.ListWorkflowExecutionsRequest{Query: filter}
		for {
			page, err := c.ListWorkflow(ctx, request)
			if err != nil {
				yield(workflow.Execution{}, unread("list ports", "", err))
				return
			}
			for _, e := range page.Executions {
				if !yield(workflow.Execution{ID: e.GetExecution().GetWorkflowId(), RunID: e.GetExecution().GetRunId()}, nil) {
					return
				}
			}
			if request.NextPageToken = page.NextPageToken; len(request.NextPageToken) == 0 {
				return
			}
		}
	}
}

func fetch(ctx context.Context, c client.Client, e workflow.Execution) (recording, error) {
	r := recording{name: e.ID, execution: e, history: &history.History{}}
	events := c.GetWorkflowHistory(ctx, e.ID, e.RunID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return r, unread("read history of port", e.ID, err)
		}
		r.history.Events = append(r.history.Events, event)
	}
	return r, nil
}

// unread says why the server did not tell.
func unread(op, object string, err error) error {
	e := &porting.Error{Kind: porting.Failed, Code: "engine-error", Op: op, Object: object, Detail: err.Error(), Err: err}
	if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
		e.Kind, e.Code, e.Next = porting.Invalid, "query-invalid", "write --query as a list filter of Temporal"
	}
	if _, ok := errors.AsType[*serviceerror.PermissionDenied](err); ok {
		e.Kind, e.Code, e.Next = porting.Unauthorised, "not-authorised", "ask an operator for the role"
	}
	return e
}

func (f *Factory) historyFiles(names []string) iter.Seq2[recording, error] {
	return func(yield func(recording, error) bool) {
		for _, name := range names {
			r, err := f.readHistory(name)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func (f *Factory) readHistory(name string) (recording, error) {
	file, err := f.open(name)
	if err != nil {
		return recording{}, err
	}
	defer file.Close()
	h, err := client.HistoryFromJSON(file, client.HistoryJSONOptions{})
	if err != nil || begin(h).GetTaskQueue().GetName() == "" {
		return recording{}, &porting.Error{
			Kind: porting.Invalid, Code: "history-unreadable", Op: "read history", Object: name, Detail: "this is no history of a workflow in JSON",
			Next: "write one with `temporal workflow show --output json`", Err: err,
		}
	}
	return recording{name, workflow.Execution{ID: begin(h).GetWorkflowId()}, h}, nil
}
