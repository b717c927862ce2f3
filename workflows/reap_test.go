package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// watchman is the world of the reaper: what a look finds, and what is done about it.
type watchman struct {
	*testsuite.TestWorkflowEnvironment
	found     porting.Found
	pages     map[string]porting.Compared
	rescues   []porting.RescueInput
	concerns  []porting.Concern
	fences    []porting.FenceInput
	signalled map[string]any
}

func newWatchman(t *testing.T) *watchman {
	t.Helper()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w := &watchman{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), pages: map[string]porting.Compared{}, signalled: map[string]any{}}
	step(w, porting.StepFindAbandoned, func(porting.ReapInput) porting.Found { return w.found })
	step(w, porting.StepCompare, func(in porting.CompareInput) porting.Compared { return w.pages[in.After] })
	step(w, porting.StepCloseFence, func(in porting.FenceInput) porting.FenceClosed {
		w.fences = append(w.fences, in)
		return porting.FenceClosed{}
	})
	w.RegisterWorkflowWithOptions(workflows.Rescue, workflow.RegisterOptions{Name: porting.WorkflowRescue})
	w.RegisterWorkflowWithOptions(workflows.Concern, workflow.RegisterOptions{Name: porting.WorkflowConcern})
	w.OnWorkflow(porting.WorkflowRescue, mock.Anything, mock.Anything).Return(func(_ workflow.Context, in porting.RescueInput) (porting.Status, error) {
		w.rescues = append(w.rescues, in)
		return porting.Status{}, nil
	}).Maybe()
	w.OnWorkflow(porting.WorkflowConcern, mock.Anything, mock.Anything).Return(func(_ workflow.Context, c porting.Concern) (porting.ConcernStatus, error) {
		w.concerns = append(w.concerns, c)
		return porting.ConcernStatus{}, nil
	}).Maybe()
	w.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", mock.Anything, mock.Anything).Return(
		func(_, id, _, name string, body any) error {
			w.signalled[id+" "+name] = body
			return nil
		}).Maybe()
	return w
}

func step[In, Out any](w *watchman, name string, do func(In) Out) {
	w.RegisterActivityWithOptions(func(_ context.Context, in In) (Out, error) { return do(in), nil }, activity.RegisterOptions{Name: name})
}

func TestReapDoesWhatFollows(t *testing.T) {
	t.Parallel()
	w := newWatchman(t)
	revoke := porting.Revoke{ID: "ledger-pi-2-1", By: "ben@care", Reason: porting.UnauthorisedPort}
	w.found = porting.Found{
		Looked:    7,
		Abandoned: []porting.Abandoned{{Port: "pi-1", Saga: "terminated"}, {Port: "pi-3", Saga: porting.SagaGone}},
		Unheard:   []porting.Unheard{{Port: "pi-2", Revoke: revoke}},
		Concerns:  []porting.Concern{{ID: "concern-order-pi-9", Carrier: "simulator", What: "an order"}, {ID: "concern-ledger-quarantine", Open: true}},
		Settled:   []string{"concern-order-pi-8"},
	}
	w.ExecuteWorkflow(workflows.Reap, porting.ReapInput{Grace: time.Minute})
	require.NoError(t, w.GetWorkflowError())

	var reaped porting.Reaped
	require.NoError(t, w.GetWorkflowResult(&reaped))
	require.Equal(t, porting.Reaped{
		Looked: 7, Rescued: []string{"pi-1", "pi-3"}, Revoked: []string{"pi-2"}, Concerns: []string{"concern-order-pi-9"}, Settled: []string{"concern-order-pi-8"},
	}, reaped)
	require.Equal(t, []porting.RescueInput{{Port: "pi-1", Saga: "terminated", Grace: time.Minute}, {Port: "pi-3", Saga: "gone", Grace: time.Minute}}, w.rescues)
	require.Len(t, w.concerns, 1, "a concern that is open already is left alone")
	require.Contains(t, w.signalled, "pi-2 revoke")
	require.Contains(t, w.signalled, "concern-order-pi-8 settled")
}

// A look that does not work fails the run, so that it shows; nothing is done on half an answer.
func TestReapFailsWhereItCannotLook(t *testing.T) {
	t.Parallel()
	w := newWatchman(t)
	w.OnActivity(porting.StepFindAbandoned, mock.Anything, mock.Anything).Return(porting.Found{}, temporal.NewApplicationError("no ledger", "failed"))
	w.ExecuteWorkflow(workflows.Reap, porting.ReapInput{})
	require.Error(t, w.GetWorkflowError())
	require.Empty(t, w.rescues)
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	w := newWatchman(t)
	forgotten := porting.Mismatch{Port: "pi-1", What: "its fence is open", Repair: "the fence is closed", Revoke: &porting.Revoke{By: "ben@care", Reason: porting.UnauthorisedPort}}
	unheard := porting.Mismatch{Port: "pi-3", What: "its saga does not know", Repair: "the saga is told again"}
	question := porting.Mismatch{Port: "pi-2", What: "its carrier has no such order", Next: "ask the carrier"}
	w.pages[""] = porting.Compared{Looked: 50, Mismatches: []porting.Mismatch{forgotten}, Next: "pi-1"}
	w.pages["pi-1"] = porting.Compared{Looked: 2, Mismatches: []porting.Mismatch{question, unheard}}
	w.found = porting.Found{
		Abandoned: []porting.Abandoned{{Port: "pi-4", Saga: "failed"}},
		Unheard:   []porting.Unheard{{Port: "pi-3"}},
		Concerns:  []porting.Concern{{ID: porting.ConcernQuarantine, Open: true}, {ID: "concern-order-pi-9", Port: "pi-9", What: "an order", Next: "ask"}},
	}
	w.ExecuteWorkflow(workflows.Reconcile, porting.ReapInput{})
	require.NoError(t, w.GetWorkflowError())

	var r porting.Reconciliation
	require.NoError(t, w.GetWorkflowResult(&r))
	require.Equal(t, 52, r.Looked)
	require.Equal(t, []porting.Mismatch{forgotten, unheard, {Port: "pi-4", What: "its saga is failed", Repair: "it is rescued: see rescue-pi-4"}}, r.Repaired)
	require.Equal(t, []porting.Mismatch{question, {Port: "pi-9", What: "an order", Next: "ask"}}, r.Questions, "the quarantine itself is no question")
	require.Len(t, w.fences, 1)
	require.Equal(t, "pi-1", w.fences[0].Port)
	require.Equal(t, porting.UnauthorisedPort, w.fences[0].Reason)
	require.Contains(t, w.signalled, "pi-3 revoke")
}

// A concern calls until somebody knows of it, and stays until it is settled.
func TestConcern(t *testing.T) {
	t.Parallel()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	var calls []bool
	env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Run(func(args mock.Arguments) {
		must, _ := args.Get(0).(temporal.SearchAttributes).GetBool(temporal.NewSearchAttributeKeyBool(porting.AttrNeedsAttention))
		calls = append(calls, must)
	})
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(porting.MsgAcknowledge, porting.Acknowledge{By: "ana@desk", Note: "asked the carrier"})
	}, time.Hour)
	env.RegisterDelayedCallback(func() {
		value, err := env.QueryWorkflow(porting.QueryConcern)
		require.NoError(t, err)
		var s porting.ConcernStatus
		require.NoError(t, value.Get(&s))
		require.True(t, s.Open)
		require.Equal(t, "ana@desk", s.Acknowledged.By)
		env.SignalWorkflow(porting.MsgSettled, nil)
	}, 2*time.Hour)
	env.ExecuteWorkflow(workflows.Concern, porting.Concern{ID: "concern-order-pi-9", What: "an order", Next: "ask"})
	require.NoError(t, env.GetWorkflowError())

	var s porting.ConcernStatus
	require.NoError(t, env.GetWorkflowResult(&s))
	require.False(t, s.Open)
	require.NotNil(t, s.SettledAt)
	require.Equal(t, []bool{false, false}, calls)
}
