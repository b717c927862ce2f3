package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

// waits checks whom the port waits for and until when, counted from its start, and that operators can find it by that.
func waits(stage porting.Stage, on porting.Waiting, due time.Duration) act {
	return func(w *world) {
		w.t.Helper()
		s := w.status()
		require.Equal(w.t, stage, s.Stage)
		require.Equal(w.t, on, s.WaitingOn, "in %s", stage)
		if stage == porting.Received {
			return // nothing but what the starter set can be found yet
		}
		waiting, _ := w.shown.GetKeyword(temporal.NewSearchAttributeKeyKeyword(porting.AttrWaitingOn))
		require.Equal(w.t, string(on), waiting, "in %s, as operators find it", stage)
		if due == 0 {
			require.Nil(w.t, s.DueAt, "in %s", stage) // the test environment does not tell that an attribute was unset
			return
		}
		at, _ := w.shown.GetTime(temporal.NewSearchAttributeKeyTime(porting.AttrDueAt))
		require.NotNil(w.t, s.DueAt, "in %s", stage)
		require.Equal(w.t, start.Add(due), *s.DueAt, "in %s", stage)
		require.Equal(w.t, start.Add(due), at, "in %s, as operators find it", stage)
	}
}

func TestWhomAPortWaitsFor(t *testing.T) {
	t.Parallel()
	refusal := &porting.Refusal{Reason: porting.NetworkNotReady, Note: "not ready"}
	for _, s := range []scenario{
		{
			name: "on its way",
			replies: map[string][]reply{
				porting.StepReceive: {{late: h}}, porting.StepScreen: {{late: h}}, porting.StepSubmit: {{late: h}},
				porting.StepActivate: {{state: porting.CarrierPending, then: []beat{at(2*h, becomes(porting.CarrierActive))}}},
			},
			script: []beat{
				at(30*time.Minute, waits(porting.Received, porting.WaitingNobody, 0)),
				at(90*time.Minute, waits(porting.Screening, porting.WaitingNobody, 0)),
				at(150*time.Minute, waits(porting.Verifying, porting.WaitingApprover, 2*h+3*day)),
				at(3*h, approve),
				at(210*time.Minute, waits(porting.Submitting, porting.WaitingNobody, 0)),
				at(5*h, waits(porting.Submitted, porting.WaitingCarrier, 4*h+2*day)),
				at(7*h, waits(porting.Confirmed, porting.WaitingDate, 6*h+4*day)),
				at(6*h+4*day+time.Minute, waits(porting.Activating, porting.WaitingCarrier, 6*h+4*day+12*h)),
				at(9*h+4*day, waits(porting.Active, porting.WaitingDate, 8*h+5*day)),
			},
		},
		{
			name:    "after a rejection",
			replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}, porting.StepScreen: {{}, {late: 2 * h}}},
			script: approved(
				at(2*h, waits(porting.Exception, porting.WaitingCustomer, 1*h+10*day)),
				at(3*h, amend),
				at(4*h, waits(porting.Screening, porting.WaitingNobody, 0)),
				at(6*h, waits(porting.Verifying, porting.WaitingApprover, 5*h+3*day)),
				at(7*h, reject)),
		},
		{
			name:    "for a late FOC",
			silent:  true,
			replies: map[string][]reply{porting.StepCancel: {{state: porting.CarrierCancelPending, then: []beat{at(1*h, becomes(porting.CarrierCancelled))}}}},
			script: approved(
				at(60*h, waits(porting.Submitted, porting.WaitingCarrier, 1*h+3*day)),
				at(73*h+time.Minute, waits(porting.RollingBack, porting.WaitingCarrier, 77*h))),
		},
		{
			name:    "after a refused activation",
			replies: map[string][]reply{porting.StepActivate: {{refused: refusal}}},
			script: approved(
				at(101*h, waits(porting.Confirmed, porting.WaitingOperator, 100*h+7*day)),
				at(102*h, pokeAgain)),
		},
		{
			name:    "in the rollback",
			replies: map[string][]reply{porting.StepRead: {{}, {late: h}}, porting.StepClose: {{late: h}}},
			script: approved(
				at(110*h, revoke),
				at(110*h+30*time.Minute, waits(porting.RollingBack, porting.WaitingNobody, 0)),
				at(112*h, waits(porting.RollingBack, porting.WaitingCarrier, 111*h+2*day)),
				at(114*h+30*time.Minute, waits(porting.RollingBack, porting.WaitingNobody, 0))),
		},
		{
			name:    "while an undo is stuck",
			replies: map[string][]reply{porting.StepCancel: {broken}},
			script: approved(
				at(10*h, revoke),
				at(10*h+30*time.Minute, waits(porting.RollingBack, porting.WaitingOperator, 11*h))),
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			run(t, s)
		})
	}
}

// A timer that nobody needs any more is cancelled: only what is listed here ever fires. requireHouseInOrder sees to the rest.
func TestTimersOfAHappyPort(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{script: approved()})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Equal(t, []time.Duration{3 * day, day, 4 * day, day}, w.asked, "decision, half of the FOC's clock, FOC date, guard")
}

// A scaled clock lives its deadlines in business time and takes its timers in real time.
func TestScaledClock(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)
	inBusiness := func(d time.Duration) time.Duration { return d / 3600 }
	w := run(t, scenario{
		clock: porting.Clock{Scale: 3600, RealStart: start, BusinessStart: monday}, script: []beat{
			at(inBusiness(1*h), approve, func(w *world) {
				s := w.status()
				require.True(w.t, s.Scaled)
				require.Equal(w.t, monday.Add(3*day), *s.DueAt, "a deadline keeps its date")
			}),
		}, deaf: true, silent: true,
		replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierConfirmed}}},
	})
	w.requireEnd(porting.OutcomeCompleted, "")

	require.Equal(t, []time.Duration{72 * time.Second, 96 * time.Second, 24 * time.Second}, w.asked, "and takes seconds")
	timeline := w.status().Timeline
	require.Equal(t, monday, timeline[0].At)
	require.Equal(t, monday.Add(1*h+5*day), timeline[len(timeline)-1].At)
	require.Contains(t, w.page(), "rules")
}
