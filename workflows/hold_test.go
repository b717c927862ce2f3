package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

var resume = signal(porting.MsgResume, porting.Resume{By: "ana@desk"})

// stationOf finds a station by its stage.
func stationOf(stage porting.Stage) station {
	for _, s := range stations {
		if s.stage == stage {
			return s
		}
	}
	panic("no station " + stage)
}

var holdable = []porting.Stage{porting.Screening, porting.Verifying, porting.Submitting, porting.Submitted, porting.Exception, porting.Confirmed}

// notAsked checks that a port on hold has not gone on behind people's backs.
func notAsked(steps ...string) act {
	return func(w *world) {
		w.t.Helper()
		require.Equal(w.t, porting.OnHold, w.status().Stage)
		for _, step := range steps {
			require.NotContains(w.t, w.steps, step)
		}
	}
}

// A port goes on from a hold as if it had only slept: the same steps, the same end.
func TestHoldInEveryStage(t *testing.T) {
	t.Parallel()
	for _, stage := range holdable {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			s := stationOf(stage)
			w, before := s.meet(t, hold, func(w *world) {
				w.play([]beat{at(time.Minute, func(w *world) { require.Equal(w.t, stage, w.status().HeldIn) }), at(20*time.Minute, resume)})
			})
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Equal(t, strings.Fields(withEnd(s.rest, porting.OutcomeCompleted)), w.steps[before:])
			require.Equal(t, []string{"the customer is asked"}, w.notes(porting.EventHeld))
			require.Equal(t, []string{"after 20m0s"}, w.notes(porting.EventResumed))
			require.Empty(t, w.notes(porting.EventEscalated))
			require.Empty(t, w.undone())
		})
	}
}

// Whom a port waits for after a hold, and until when: people's clocks stood still, the carrier's did not.
func TestClocksAndHolds(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	rejects := map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}}
	for _, s := range []scenario{
		{
			name: "a decision stands still",
			script: []beat{
				at(1*h, hold), at(1*h+minute, waits(porting.OnHold, porting.WaitingOperator, 1*h+5*day)),
				at(5*h, resume), at(5*h+minute, waits(porting.Verifying, porting.WaitingApprover, 3*day+4*h)), at(6*h, reject),
			},
		},
		{
			name: "a decision stands still twice",
			script: []beat{
				at(1*h, hold), at(5*h, resume), at(6*h, hold), at(9*h, resume),
				at(9*h+minute, waits(porting.Verifying, porting.WaitingApprover, 3*day+7*h)), at(10*h, reject),
			},
		},
		{
			name:    "a decision that was not asked yet begins after the hold",
			replies: map[string][]reply{porting.StepScreen: {{late: 2 * h}}},
			script:  []beat{at(1*h, hold), at(10*h, resume), at(10*h+minute, waits(porting.Verifying, porting.WaitingApprover, 10*h+3*day)), at(11*h, reject)},
		},
		{
			name:    "a correction stands still",
			replies: rejects,
			script:  approved(at(2*h, hold), at(7*h, resume), at(7*h+minute, waits(porting.Exception, porting.WaitingCustomer, 6*h+10*day)), at(8*h, revoke)),
		},
		{
			name:   "a correction that was not asked yet begins after the hold",
			silent: true,
			script: approved(at(2*h, hold), at(3*h, becomes(porting.CarrierRejected)), at(7*h, resume),
				at(7*h+minute, waits(porting.Exception, porting.WaitingCustomer, 7*h+10*day)), at(8*h, revoke)),
		},
		{
			name:   "the carrier's time for a FOC runs on",
			silent: true,
			script: approved(at(2*h, hold), at(3*h, waits(porting.OnHold, porting.WaitingCarrier, 1*h+2*day)),
				at(20*h, resume), at(21*h, waits(porting.Submitted, porting.WaitingCarrier, 1*h+2*day)), at(22*h, revoke)),
		},
		{
			name: "a FOC keeps its date",
			script: approved(at(10*h, hold), at(11*h, waits(porting.OnHold, porting.WaitingDate, 100*h)),
				at(20*h, resume), at(21*h, waits(porting.Confirmed, porting.WaitingDate, 100*h)), at(22*h, revoke)),
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			run(t, s)
		})
	}
}

// A port that is on hold when its carrier gives up waiting, or when ours does, does not sleep through it.
func TestCarriersClockEndsAHold(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{silent: true, script: approved(at(2*h, hold))})
	w.requireEnd(porting.OutcomeExpired, porting.CarrierSilent)
	require.Equal(t, []string{cancel, release}, w.undone())
}

func TestNewsDuringAHold(t *testing.T) {
	t.Parallel()
	for _, s := range []story{
		{
			scenario: scenario{name: "the FOC is kept", script: approved(at(2*h, hold), at(5*h, notAsked(porting.StepActivate)), at(50*h, resume))},
			since:    2 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps: "SubmitPort ReadCarrier ActivatePort", events: "held foc-received resumed activation-started activated verified",
		},
		{
			scenario: scenario{name: "the date passes", script: approved(at(10*h, hold), at(150*h, notAsked(porting.StepActivate), resume))},
			since:    10 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps: "SubmitPort ReadCarrier ActivatePort", events: "held resumed activation-started activated verified",
		},
		{
			scenario: scenario{
				name:   "the date passes, and then it slips",
				script: approved(at(10*h, hold), at(150*h, confirms(5*day)), at(200*h, resume), at(260*h, waits(porting.Confirmed, porting.WaitingDate, 270*h))),
			},
			since: 10 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps: "SubmitPort ReadCarrier ReadCarrier ActivatePort", events: "held foc-changed escalated resumed activation-started activated verified",
		},
		{
			scenario: scenario{
				name:   "the date passes, and the carrier gives up",
				script: approved(at(10*h, hold), at(150*h, becomes(porting.CarrierCancelled))),
			},
			since: 10 * h, outcome: porting.OutcomeRejected, reason: porting.OtherReason, numbers: porting.NumberNotMoved,
			steps: "SubmitPort ReadCarrier ReadCarrier CancelPort", events: "held carrier-refused undone undone rolled-back",
		},
		{
			scenario: scenario{name: "the carrier ports on its own", script: approved(at(10*h, hold), at(50*h, becomes(porting.CarrierActive)), at(60*h, notAsked(porting.StepActivate), resume))},
			since:    10 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps: "SubmitPort ReadCarrier ReadCarrier ActivatePort", events: "held resumed activation-started activated verified escalated", attention: true,
		},
		{
			scenario: scenario{
				name:    "no second try at the activation",
				replies: map[string][]reply{porting.StepActivate: {{refused: &porting.Refusal{Reason: porting.NetworkNotReady, Note: "not ready"}}}},
				script:  approved(at(101*h, hold), at(102*h, pokeAgain), at(110*h, resume)),
			},
			since: 101 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps: "SubmitPort ReadCarrier ActivatePort ReadCarrier ActivatePort", events: "held resumed activation-started activated verified",
		},
		{
			scenario: scenario{
				name:    "in the very moment of the activation",
				replies: map[string][]reply{"activation": {{meanwhile: []act{hold}}}},
				script:  approved(at(110*h, notAsked(porting.StepActivate), resume)),
			},
			since: 50 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps: "SubmitPort ReadCarrier ActivatePort", events: "held resumed activation-started activated verified",
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.live(t)
		})
	}
}

// An order that is corrected on hold is sent again when people let it go on.
func TestAmendedOnHold(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{
		replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}},
		script:  approved(at(2*h, hold), at(3*h, amend), at(4*h, func(w *world) { require.Len(w.t, w.sent, 1) }), at(5*h, resume), at(6*h, approve)),
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Equal(t, "held resumed amended screened decision approved submitted foc-received activation-started activated verified", w.events(2*h))
}

func TestStoppedOnHold(t *testing.T) {
	t.Parallel()
	for _, stage := range holdable {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			s := stationOf(stage)
			s.meant = "held "
			t.Run("revoked", func(t *testing.T) {
				t.Parallel()
				w, before := s.meet(t, hold, revoke)
				require.NoError(t, w.env.GetWorkflowError())
				s.requireUndone(t, w, before, porting.EventRevoked, porting.OutcomeRevoked, porting.AuthorizationRevoked)
				require.Empty(t, w.status().HeldIn)
			})
			t.Run("cancelled in Temporal", func(t *testing.T) {
				t.Parallel()
				w, before := s.meet(t, hold, cancelInTemporal)
				w.requireCanceled()
				s.requireUndone(t, w, before, porting.EventCancelled, porting.OutcomeCancelled, porting.CancelledInTemporal)
			})
		})
	}
}

// A hold that lasts for long calls a person, again and again until the port goes on.
func TestLongHold(t *testing.T) {
	t.Parallel()
	called := func(w *world) { require.True(w.t, w.status().NeedsAttention) }
	for name, c := range map[string]struct {
		script []beat
		since  time.Duration
		events string
	}{
		"of a decision": {
			[]beat{at(1*h, hold), at(1*h+6*day, called), at(1*h+11*day, resume), at(2*h+11*day, notCalled), at(3*h+11*day, reject)},
			1 * h, "held escalated escalated resumed decision declined undone rolled-back",
		},
		"of a date": {
			approved(at(10*h, hold), at(101*h+5*day, called), at(200*h+5*day, resume)),
			10 * h, "held escalated resumed activation-started activated verified",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{script: c.script})
			require.Equal(t, c.events, w.events(c.since))
			require.False(t, w.status().NeedsAttention)
		})
	}
}

func notCalled(w *world) { require.False(w.t, w.status().NeedsAttention) }

func TestHoldsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, stage := range []porting.Stage{porting.Received, porting.Activating, porting.Active} {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			w, _ := stationOf(stage).meet(t, update(porting.MsgHold, porting.Hold{By: "ana@desk"}), resume)
			w.requireEnd(porting.OutcomeCompleted, "")
			require.False(t, w.answers[0].accepted)
			require.Len(t, w.notes(porting.EventIgnored), 1, "nothing to resume")
			require.NotContains(t, w.stages, string(porting.OnHold))
		})
	}
}

func extend(hours int) act {
	return signal(porting.MsgExtend, porting.Extend{By: "ana@desk", Hours: hours})
}

func TestExtend(t *testing.T) {
	t.Parallel()
	rejects := map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}}
	for _, c := range []struct {
		scenario
		outcome porting.Outcome
		reason  porting.Reason
		ends    time.Duration // the instant at which the clock ran out
	}{
		{
			scenario{name: "a decision", script: []beat{at(1*h, extend(24)), at(2*h, waits(porting.Verifying, porting.WaitingApprover, 4*day))}},
			porting.OutcomeExpired, porting.NoDecision, 4 * day,
		},
		{
			scenario{name: "a decision, twice", script: []beat{at(1*h, extend(24), extend(2))}},
			porting.OutcomeExpired, porting.NoDecision, 4*day + 2*h,
		},
		{
			scenario{name: "a decision on hold", script: []beat{at(1*h, hold), at(2*h, extend(24)), at(3*h, resume)}},
			porting.OutcomeExpired, porting.NoDecision, 4*day + 2*h,
		},
		{
			scenario{name: "a correction", replies: rejects, script: approved(at(2*h, extend(1)), at(3*h, waits(porting.Exception, porting.WaitingCustomer, 2*h+10*day)))},
			porting.OutcomeExpired, porting.NoCorrection, 2*h + 10*day,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := run(t, c.scenario)
			w.requireEnd(c.outcome, c.reason)
			for _, e := range w.status().Timeline {
				if e.Event == porting.EventWarned || e.Event == porting.EventExpired {
					require.Equal(t, start.Add(c.ends), e.At, e.Event)
				}
			}
		})
	}
}

// A carrier's clock is not ours to lengthen.
func TestExtendIsForPeoplesClocks(t *testing.T) {
	t.Parallel()
	for _, s := range stations {
		if s.stage == porting.Verifying || s.stage == porting.Exception {
			continue
		}
		t.Run(string(s.stage), func(t *testing.T) {
			t.Parallel()
			w, _ := s.meet(t, extend(24))
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Len(t, w.notes(porting.EventIgnored), 1)
		})
	}
}

func TestReassign(t *testing.T) {
	t.Parallel()
	for _, s := range stations {
		t.Run(string(s.stage), func(t *testing.T) {
			t.Parallel()
			w, before := s.meet(t, reassignToBen)
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Equal(t, "ben@desk", w.status().Owner)
			require.Equal(t, []string{"to ben@desk"}, w.notes(porting.EventReassigned))
			require.Equal(t, strings.Fields(withEnd(s.rest, porting.OutcomeCompleted)), w.steps[before:], "an owner changes nothing else")
		})
	}
}
