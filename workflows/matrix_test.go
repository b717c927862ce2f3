package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

// station is a stage in which the saga can be met: how the port comes to rest there, and what must be undone from there.
type station struct {
	stage   porting.Stage
	at      time.Duration // the port is in the stage, with nothing due at this instant
	replies map[string][]reply
	script  []beat // all that happens if nobody disturbs it

	rest    string   // steps from here to the completion, when nobody disturbs
	undo    string   // steps after an interruption
	undone  []string // undos in the order in which they are done
	meant   string   // events that the interruption has to wait for
	numbers string   // where the numbers are in the end
	moved   bool     // the numbers move, or have moved: a revocation ends as reversed
}

const (
	release  = "release the numbers and destroy the secrets"
	cancel   = "cancel the order at the carrier"
	portBack = "port the numbers back"

	nothingSent  = "CloseFence"
	atTheCarrier = "CloseFence CancelPort"
	takenBack    = "CloseFence ReadCarrier ReversePort ReadCarrier"
	fromSubmit   = "SubmitPort ReadCarrier ActivatePort"
)

// stations are all of them. The undisturbed port is approved, confirmed three hours after its LSR with a FOC in four
// days, active at its FOC, and completed a day later.
var stations = []station{
	{
		stage: porting.Received, at: 1 * h, replies: map[string][]reply{porting.StepReceive: {{late: 2 * h}}},
		script: []beat{at(5*h, approve)}, rest: "ScreenOrder " + fromSubmit,
		undo: nothingSent, undone: []string{release}, numbers: porting.NumberNotMoved,
	},
	{
		stage: porting.Screening, at: 1 * h, replies: map[string][]reply{porting.StepScreen: {{late: 2 * h}}},
		script: []beat{at(5*h, approve)}, rest: fromSubmit,
		undo: nothingSent, undone: []string{release}, numbers: porting.NumberNotMoved,
	},
	{
		stage: porting.Verifying, at: 1 * h,
		script: []beat{at(5*h, approve)}, rest: fromSubmit,
		undo: nothingSent, undone: []string{release}, numbers: porting.NumberNotMoved,
	},
	{
		stage: porting.Submitting, at: 2 * h, replies: map[string][]reply{porting.StepSubmit: {{late: 2 * h}}},
		script: []beat{at(1*h, approve)}, rest: "ReadCarrier ActivatePort",
		undo: atTheCarrier, undone: []string{cancel, release}, numbers: porting.NumberNotMoved,
	},
	{
		stage: porting.Submitted, at: 2 * h,
		script: []beat{at(1*h, approve)}, rest: "ReadCarrier ActivatePort",
		undo: atTheCarrier, undone: []string{cancel, release}, numbers: porting.NumberNotMoved,
	},
	{
		stage: porting.Exception, at: 2 * h, replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}},
		script: []beat{at(1*h, approve), at(5*h, amend), at(6*h, approve)}, rest: "ScreenOrder " + fromSubmit,
		undo: atTheCarrier, undone: []string{cancel, release}, numbers: porting.NumberNotMoved,
	},
	{
		stage: porting.Confirmed, at: 10 * h,
		script: []beat{at(1*h, approve)}, rest: "ActivatePort",
		undo: atTheCarrier, undone: []string{cancel, release}, numbers: porting.NumberNotMoved,
	},
	{
		stage: porting.Activating, at: 101 * h,
		replies: map[string][]reply{porting.StepActivate: {{state: porting.CarrierPending, then: []beat{at(3*h, becomes(porting.CarrierActive))}}}},
		script:  []beat{at(1*h, approve)}, rest: "ActivatePort",
		undo: "CloseFence ActivatePort ReadCarrier ReversePort ReadCarrier", meant: "activated ",
		undone: []string{portBack, cancel, release}, numbers: porting.NumberMovedBack, moved: true,
	},
	{
		stage: porting.Active, at: 110 * h,
		script: []beat{at(1*h, approve)}, rest: "",
		undo: takenBack, undone: []string{portBack, cancel, release}, numbers: porting.NumberMovedBack, moved: true,
	},
}

// meet runs a station with something happening at its instant.
func (s station) meet(t *testing.T, do ...act) (w *world, before int) {
	t.Helper()
	there := func(w *world) {
		before = len(w.steps)
		require.Equal(w.t, s.stage, w.status().Stage)
	}
	w = run(t, scenario{replies: s.replies, script: append([]beat{at(s.at, append([]act{there}, do...)...)}, s.script...)})
	return w, before
}

func (s station) requireUndone(t *testing.T, w *world, before int, event porting.Event, otherwise porting.Outcome, reason porting.Reason) {
	t.Helper()
	outcome := otherwise
	if s.moved {
		outcome = porting.OutcomeReversed
	}
	status := w.status()
	require.Equal(t, outcome, status.Outcome)
	require.Equal(t, reason, status.Reason)
	require.Equal(t, strings.Fields(withEnd(s.undo, outcome)), w.steps[before:])
	require.Equal(t, s.undone, w.undone())
	require.Equal(t, s.meant+string(event)+strings.Repeat(" undone", len(s.undone))+" rolled-back", w.events(s.at))
	require.Equal(t, porting.RollingBack, status.Stage)
	require.False(t, status.NeedsAttention)
	for _, told := range w.reasons {
		require.Equal(t, reason, told)
	}
	for _, n := range status.Numbers {
		require.Equal(t, s.numbers, n.Status)
		require.Equal(t, reason, n.Reason)
	}
}

func TestUndisturbedAtEveryStage(t *testing.T) {
	t.Parallel()
	for _, s := range stations {
		t.Run(string(s.stage), func(t *testing.T) {
			t.Parallel()
			w, before := s.meet(t)
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Equal(t, strings.Fields(withEnd(s.rest, porting.OutcomeCompleted)), w.steps[before:])
			require.Empty(t, w.undone())
			require.NotContains(t, w.attention, true)
			for _, n := range w.status().Numbers {
				require.Equal(t, porting.NumberMoved, n.Status)
			}
		})
	}
}

func TestRevokedBySignalAtEveryStage(t *testing.T) {
	t.Parallel()
	for _, s := range stations {
		t.Run(string(s.stage), func(t *testing.T) {
			t.Parallel()
			w, before := s.meet(t, revoke)
			require.NoError(t, w.env.GetWorkflowError())
			s.requireUndone(t, w, before, porting.EventRevoked, porting.OutcomeRevoked, porting.AuthorizationRevoked)
		})
	}
}

func TestRevokedByUpdateAtEveryStage(t *testing.T) {
	t.Parallel()
	for _, s := range stations {
		t.Run(string(s.stage), func(t *testing.T) {
			t.Parallel()
			w, before := s.meet(t, update(porting.MsgRevoke, porting.Revoke{By: "ben@care", Reason: porting.UnauthorisedPort}))
			require.NoError(t, w.env.GetWorkflowError())
			s.requireUndone(t, w, before, porting.EventRevoked, porting.OutcomeRevoked, porting.UnauthorisedPort)

			says := "revoked: no activation from now on; the port is rolled back"
			if s.moved {
				says = "revoked too late to stop the activation: the numbers are ported back if they move"
			}
			require.Len(t, w.answers, 1)
			require.True(t, w.answers[0].accepted)
			require.NoError(t, w.answers[0].err)
			require.True(t, w.answers[0].says.Accepted)
			require.Equal(t, says, w.answers[0].says.Says)
			require.Contains(t, w.steps[before:w.answers[0].steps], porting.StepCloseFence, "the fence is closed before the answer")
			require.Equal(t, start.Add(s.at), w.answers[0].at, "the answer does not wait for the rollback")
		})
	}
}

func TestCancelledInTemporalAtEveryStage(t *testing.T) {
	t.Parallel()
	for _, s := range stations {
		t.Run(string(s.stage), func(t *testing.T) {
			t.Parallel()
			w, before := s.meet(t, cancelInTemporal)
			w.requireCanceled()
			s.requireUndone(t, w, before, porting.EventCancelled, porting.OutcomeCancelled, porting.CancelledInTemporal)
		})
	}
}

// Late, repeated and ill-formed messages leave a line at most: the port goes on as if nothing had come.
func TestNoiseAtEveryStage(t *testing.T) {
	t.Parallel()
	note := signal(porting.MsgNote, porting.Note{ID: "n-1", By: "ana@desk", Text: "called the donor"})
	noise := []act{
		signal(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ana@desk", Stage: porting.RollingBack}), // of another stage
		signal(porting.MsgRevoke, porting.Revoke{}),                       // of nobody
		signal(porting.MsgAmend, porting.Amend{AccountNumber: "4412-77"}), // of nobody
		signal(porting.MsgRevoke, "stop it!"),                             // no object
		update(porting.MsgRevoke, 42),                                     // no object
		update(porting.MsgDecide, porting.Decide{Decision: "maybe", By: "ana@desk"}),
		note, note,
	}
	for _, s := range stations {
		t.Run(string(s.stage), func(t *testing.T) {
			t.Parallel()
			quiet, _ := s.meet(t)
			w, before := s.meet(t, noise...)
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Equal(t, strings.Fields(withEnd(s.rest, porting.OutcomeCompleted)), w.steps[before:])
			require.Equal(t, strings.TrimSpace("message-ignored message-ignored message-ignored note "+quiet.events(s.at)), w.events(s.at))
			require.Equal(t, []string{"called the donor"}, w.notes(porting.EventNote), "once")
			for _, a := range w.answers {
				require.False(t, a.accepted, a.update)
			}
		})
	}
}

// A hint without news costs a look at the carrier and nothing else.
func TestHintWithoutNewsAtEveryStage(t *testing.T) {
	t.Parallel()
	for _, s := range stations {
		t.Run(string(s.stage), func(t *testing.T) {
			t.Parallel()
			quiet, _ := s.meet(t)
			w, _ := s.meet(t, pokeAgain, pokeAgain)
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Equal(t, quiet.events(0), w.events(0))
		})
	}
}

// Nobody and nothing answers: what the clock of each stage does when it runs out.
func TestTimeoutAtEveryStage(t *testing.T) {
	t.Parallel()
	late := reply{err: temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil)}
	down := reply{err: temporal.NewApplicationError("the database is away", "unavailable")}
	threeWarnings := "deadline-near deadline-near deadline-near"
	for _, c := range []struct {
		name    string
		s       scenario
		since   time.Duration
		outcome porting.Outcome
		reason  porting.Reason
		steps   string
		events  string
	}{
		{
			name:    "received: the ledger is tried until it works",
			s:       scenario{replies: map[string][]reply{porting.StepReceive: times(3, down)}, script: []beat{at(1*h, approve)}},
			outcome: porting.OutcomeCompleted,
			steps:   "ReceiveOrder ReceiveOrder ReceiveOrder ReceiveOrder ScreenOrder " + fromSubmit,
			events:  "received accepted screened decision approved submitted foc-received activation-started activated verified",
		},
		{
			name:    "screening: a person is called, and the step is tried again",
			s:       scenario{replies: map[string][]reply{porting.StepScreen: times(1, late)}, script: []beat{at(1*h, approve)}},
			outcome: porting.OutcomeCompleted,
			steps:   "ReceiveOrder ScreenOrder ScreenOrder " + fromSubmit,
			events:  "received accepted escalated screened decision approved submitted foc-received activation-started activated verified",
		},
		{
			name:    "verifying: silence never approves",
			since:   day,
			outcome: porting.OutcomeExpired, reason: porting.NoDecision,
			steps:  "ReceiveOrder ScreenOrder",
			events: "deadline-near expired undone rolled-back",
		},
		{
			name:    "submitting: a person is called, and the step is tried again",
			s:       scenario{replies: map[string][]reply{porting.StepSubmit: times(1, late)}, script: []beat{at(1*h, approve)}},
			since:   1 * h,
			outcome: porting.OutcomeCompleted,
			steps:   "ReceiveOrder ScreenOrder SubmitPort " + fromSubmit,
			events:  "decision approved escalated submitted foc-received activation-started activated verified",
		},
		{
			name:    "submitted: the carrier gets its time, then some patience, then the order is cancelled",
			s:       scenario{silent: true, script: []beat{at(1*h, approve)}},
			since:   2 * h,
			outcome: porting.OutcomeExpired, reason: porting.CarrierSilent,
			steps:  "ReceiveOrder ScreenOrder SubmitPort" + strings.Repeat(" ReadCarrier", 6) + " CancelPort",
			events: threeWarnings + " escalated " + threeWarnings + " expired undone undone rolled-back",
		},
		{
			name:    "exception: an order that nobody corrects expires",
			s:       scenario{replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}}, script: []beat{at(1*h, approve)}},
			since:   2 * h,
			outcome: porting.OutcomeExpired, reason: porting.NoCorrection,
			steps:  "ReceiveOrder ScreenOrder SubmitPort CancelPort",
			events: "deadline-near expired undone undone rolled-back",
		},
		{
			name: "confirmed: a FOC that cannot be activated lapses",
			s: scenario{
				replies: map[string][]reply{porting.StepActivate: {{refused: &porting.Refusal{Reason: porting.NetworkNotReady, Note: "not ready"}}}},
				script:  []beat{at(1*h, approve)},
			},
			since:   5 * h,
			outcome: porting.OutcomeExpired, reason: porting.DueDateUnmeetable,
			steps:  "ReceiveOrder ScreenOrder SubmitPort ReadCarrier ActivatePort ReadCarrier CancelPort",
			events: "activation-started activation-failed escalated expired undone undone undone rolled-back",
		},
		{
			name: "activating: a person is called as often as the clock runs out, and the answer is waited for",
			s: scenario{
				replies: map[string][]reply{porting.StepActivate: {{state: porting.CarrierPending, then: []beat{at(15*h, becomes(porting.CarrierActive))}}}},
				script:  []beat{at(1*h, approve)},
			},
			since:   5 * h,
			outcome: porting.OutcomeCompleted,
			steps:   "ReceiveOrder ScreenOrder SubmitPort ReadCarrier" + strings.Repeat(" ActivatePort", 5) + "",
			events:  "activation-started " + threeWarnings + " escalated activated verified",
		},
		{
			name:    "active: the guard ends, and the numbers are read back",
			s:       scenario{script: []beat{at(1*h, approve)}},
			since:   101 * h,
			outcome: porting.OutcomeCompleted,
			steps:   "ReceiveOrder ScreenOrder " + fromSubmit,
			events:  "verified",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := run(t, c.s)
			w.requireEnd(c.outcome, c.reason)
			require.Equal(t, strings.Fields(withEnd(c.steps, c.outcome)), w.steps)
			require.Equal(t, c.events, w.events(c.since))
		})
	}
}
