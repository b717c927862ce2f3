package workflows_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

const (
	h   = time.Hour
	day = 24 * h
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// beat is something that happens at an instant, counted from the start of the port or from the call of a step.
type beat struct {
	after time.Duration
	do    []act
}

// act is something that a person, a carrier or Temporal does.
type act func(*world)

func at(after time.Duration, do ...act) beat { return beat{after, do} }

// scenario is one port in a world that behaves well where nothing else is scripted: approve it, and it completes.
type scenario struct {
	name    string
	order   func(*porting.Order)
	clock   porting.Clock
	clocks  map[string]time.Duration // durations of the pack's clocks, where they differ
	replies map[string][]reply       // by step, one a call
	window  time.Duration            // from the FOC until the pack lets numbers change hands
	plan    porting.Correction       // what the taxonomy says of a rejection
	tries   int                      // order versions that the pack allows; zero sets no limit
	deaf    bool                     // hints of the carrier get lost
	silent  bool                     // the carrier never answers an LSR by itself
	signed  bool                     // decisions must be signed
	line    bool                     // the carrier has a queue of its own
	resent  bool                     // the ledger knows that another run of the saga sent the order
	policy  *porting.Policy          // who must approve, where decisions are signed
	script  []beat
}

// run lives through a scenario and returns the world after it. Whatever happened, the house's invariants must hold.
func run(t *testing.T, s scenario) *world {
	t.Helper()
	w := newWorld(t, s)
	w.execute()
	w.requireHouseInOrder()
	return w
}

func (w *world) execute() {
	w.t.Helper()
	s := w.scenario
	in := porting.PortInput{ID: "pi-test", Clock: s.clock, Order: porting.Order{
		Reference: "ORDER-1", Version: 1, Kind: porting.KindWireline, SubmittedBy: "sue@shop",
		Numbers: []porting.Number{"+12025550123", "+12025550124"}, Account: porting.Account{Number: "99887766", BTN: "+12025550100"},
		Subscriber: porting.Subscriber{Name: "Maria Muster", Contact: porting.Contact{Email: "maria@example.com", Phone: "+12025550177"}},
	}}
	if s.order != nil {
		s.order(&in.Order)
	}
	w.play(s.script)
	w.env.ExecuteWorkflow(workflows.PortIn, in)
	require.True(w.t, w.env.IsWorkflowCompleted())
}

// failer is a test, or one port of a model test.
type failer interface {
	require.TestingT
	Helper()
}

func newWorld(t failer, s scenario) *world {
	t.Helper()
	w := emptyWorld(t, s)
	w.register()
	return w
}

// emptyWorld is a world in which no step is registered yet.
func emptyWorld(t failer, s scenario) *world {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.replies = maps.Clone(s.replies) // the world uses them up
	w := &world{
		t: t, env: suite.NewTestWorkflowEnvironment(), scenario: s,
		happened: func(string) {}, stages: []string{string(porting.Received)}, timers: map[string]time.Duration{}, flying: map[string]string{}, queues: map[string]string{},
		patience: map[string]time.Duration{},
	}
	w.env.SetStartTime(start)
	w.env.SetTestTimeout(time.Minute)
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
	w.listen()
	return w
}

// world is everything outside a saga, and the record of what the saga did to it.
type world struct {
	t        failer
	env      *testsuite.TestWorkflowEnvironment
	scenario scenario

	mu      sync.Mutex // steps run beside the saga
	fence   string     // the ledger's: "", open, activating, active, closed
	revoked bool       // a revocation reached the ledger, in time or not
	run     string     // of the saga, as the trust worker and the gate see it
	carrier porting.CarrierStatus
	moved   bool // the numbers were with us, if only for a while

	steps     []string           // every step that was asked, in order; ClosePort with its outcome
	reasons   []porting.Reason   // what the fence and the carrier were told in the rollback
	sent      []porting.Order    // what the carrier was sent
	decided   []porting.Decision // with which it was last sent
	gate      []porting.ActivateInput
	stages    []string // PortStage, as the starter set it and the saga upserted it
	attention []bool   // PortNeedsAttention, as it was upserted
	shown     temporal.SearchAttributes
	answers   []answer
	pages     map[string]string        // details, by the name under which they were looked at
	happened  func(event string)       // is told of everything that happens to the saga, as it happens
	asked     []time.Duration          // every timer that was started
	timers    map[string]time.Duration // timers that run
	flying    map[string]string        // steps under way, by activity
	queues    map[string]string        // where a step was done last
	patience  map[string]time.Duration // how long a step was tried last
}

// listen records timers, steps under way and search attributes.
func (w *world) listen() {
	w.env.SetOnTimerScheduledListener(func(id string, d time.Duration) {
		w.timers[id] = d
		w.asked = append(w.asked, d)
		w.happened("timer started")
	})
	w.env.SetOnTimerFiredListener(func(id string) { delete(w.timers, id); w.happened("timer fired") })
	w.env.SetOnTimerCanceledListener(func(id string) { delete(w.timers, id); w.happened("timer cancelled") })
	w.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		w.flying[info.ActivityID] = info.ActivityType.Name
		w.queues[info.ActivityType.Name], w.patience[info.ActivityType.Name] = info.TaskQueue, info.ScheduleToCloseTimeout
	})
	w.env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, err error) {
		if err == activity.ErrResultPending { //nolint:errorlint // the test environment hands over this very value
			return
		}
		delete(w.flying, info.ActivityID)
		w.happened(info.ActivityType.Name + " ended")
	})
	w.env.SetOnActivityCanceledListener(func(info *activity.Info) { delete(w.flying, info.ActivityID) })
	w.env.SetOnLocalActivityStartedListener(func(info *activity.Info, _ context.Context, _ []any) { w.happened(info.ActivityType.Name + " started") })
	w.env.SetOnLocalActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
		w.happened(info.ActivityType.Name + " ended")
	})
	w.env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Run(func(args mock.Arguments) {
		w.upserted(args.Get(0).(temporal.SearchAttributes))
	}).Maybe()
}

func (w *world) upserted(changed temporal.SearchAttributes) {
	stage, moved := changed.GetKeyword(temporal.NewSearchAttributeKeyKeyword(porting.AttrStage))
	w.show(changed, stage, moved)
	if moved {
		w.happened(stage)
	}
}

func (w *world) show(changed temporal.SearchAttributes, stage string, moved bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if moved {
		w.stages = append(w.stages, stage)
	}
	if must, ok := changed.GetBool(temporal.NewSearchAttributeKeyBool(porting.AttrNeedsAttention)); ok {
		w.attention = append(w.attention, must)
	}
	w.shown = temporal.NewSearchAttributes(w.shown.Copy(), changed.Copy())
}

// requireHouseInOrder checks what holds after every port, however it ended.
func (w *world) requireHouseInOrder() {
	w.t.Helper()
	s := w.status()
	w.requireShown(s)
	if s.Outcome == "" {
		return
	}
	steps := strings.TrimSuffix(strings.Join(w.steps, " "), " "+porting.StepCloseFence) // a revocation may come while the port ends
	require.True(w.t, strings.HasSuffix(steps, withEnd("", s.Outcome)), "closing the port is the last step: %s", steps)
	require.Equal(w.t, "closed", w.fence)
	require.Nil(w.t, s.DueAt)
	for _, n := range s.Numbers {
		require.NotEqual(w.t, porting.NumberPending, n.Status, "a port that has ended knows where its numbers are")
	}
}

// requireShown checks that nothing is left running, and that operators saw what happened and nobody's secrets.
func (w *world) requireShown(s porting.Status) {
	w.t.Helper()
	require.Empty(w.t, w.timers, "timers that nobody needs any more")
	require.Empty(w.t, w.flying, "steps that run after the end")
	require.Equal(w.t, stagesOf(s.Timeline), slices.Compact(slices.Clone(w.stages)), "every change of stage is shown")
	shown, _ := w.shown.GetKeyword(temporal.NewSearchAttributeKeyKeyword(porting.AttrStage))
	require.Equal(w.t, string(s.Stage), shown)
	needs, _ := w.shown.GetBool(temporal.NewSearchAttributeKeyBool(porting.AttrNeedsAttention))
	require.Equal(w.t, s.NeedsAttention, needs)
	waiting, _ := w.shown.GetKeyword(temporal.NewSearchAttributeKeyKeyword(porting.AttrWaitingOn))
	require.Equal(w.t, string(s.WaitingOn), waiting)
	for _, p := range append(slices.Collect(maps.Values(w.pages)), w.page()) {
		require.LessOrEqual(w.t, len(p), 4096)
		for _, hidden := range []string{"2025550", "202555", "99887766", "Muster", "maria@"} {
			require.NotContains(w.t, p, hidden)
		}
	}
}

// status asks the saga, as `port show` does.
func (w *world) status() porting.Status {
	w.t.Helper()
	var s porting.Status
	value, err := w.env.QueryWorkflow(porting.QueryStatus)
	require.NoError(w.t, err)
	require.NoError(w.t, value.Get(&s))
	return s
}

// metadata is what the Web UI asks for: the details page, and what can be sent.
func (w *world) metadata() *sdkpb.WorkflowMetadata {
	w.t.Helper()
	var m sdkpb.WorkflowMetadata
	value, err := w.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(w.t, err)
	require.NoError(w.t, value.Get(&m))
	return &m
}

func (w *world) page() string { return w.metadata().GetCurrentDetails() }

// withEnd completes a list of steps by the one that closes the port.
func withEnd(steps string, outcome porting.Outcome) string {
	if outcome == porting.OutcomeCompleted || outcome == porting.OutcomePartial {
		return steps + " VerifyPort"
	}
	return steps + " ClosePort:" + string(outcome)
}

// stagesOf lists the stages of a timeline, each change once.
func stagesOf(timeline []porting.Entry) []string {
	var stages []string
	for _, e := range timeline {
		if len(stages) == 0 || stages[len(stages)-1] != string(e.Stage) {
			stages = append(stages, string(e.Stage))
		}
	}
	return stages
}

// events lists what happened since an instant, in order.
func (w *world) events(since time.Duration) string {
	var events []string
	for _, e := range w.status().Timeline {
		if !e.At.Before(start.Add(since)) {
			events = append(events, string(e.Event))
		}
	}
	return strings.Join(events, " ")
}

// undone lists the undos that were done, in order.
func (w *world) undone() []string {
	var names []string
	for _, e := range w.status().Undone {
		names = append(names, e.Note)
	}
	return names
}

// notes are what the timeline says about an event.
func (w *world) notes(on porting.Event) []string {
	var notes []string
	for _, e := range w.status().Timeline {
		if e.Event == on {
			notes = append(notes, e.Note)
		}
	}
	return notes
}

// requireEnd checks how the port ended, and with it how the workflow did.
func (w *world) requireEnd(outcome porting.Outcome, reason porting.Reason) {
	w.t.Helper()
	s := w.status()
	require.Equal(w.t, outcome, s.Outcome)
	require.Equal(w.t, reason, s.Reason)
	var result porting.Status
	require.NoError(w.t, w.env.GetWorkflowError(), "a business \"no\" completes the workflow")
	require.NoError(w.t, w.env.GetWorkflowResult(&result))
	require.Equal(w.t, s, result)
}

func (w *world) requireCanceled() {
	w.t.Helper()
	require.True(w.t, temporal.IsCanceledError(w.env.GetWorkflowError()), "ends as Canceled: %v", w.env.GetWorkflowError())
}
