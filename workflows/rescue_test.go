package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// lost is a port whose saga is gone, as the ledger and the carrier have it.
type lost struct {
	scenario
	fence   string // open, activating, active or closed
	carrier porting.CarrierState
	revoked bool            // by a person, in time or not
	saga    porting.Outcome // with which the saga ended, where it ended by itself
	live    func(look int) bool
	ended   bool // in good order
}

// rescued lives through a rescue.
func rescued(t *testing.T, l lost) *world {
	t.Helper()
	w := newWorld(t, l.scenario)
	w.fence, w.revoked = l.fence, l.revoked
	w.carrierIs(porting.Ref{Port: "pi-test", Version: 2}, l.carrier)
	if l.carrier != porting.CarrierNothing {
		w.carrier.Numbers = []porting.NumberState{{Number: "+12025550123", State: l.carrier}, {Number: "+12025550124", State: l.carrier}}
	}
	looks := 0
	register(w, porting.StepLook, func(porting.LookInput, reply) porting.Record {
		looks++
		record := porting.Record{
			Open: !l.ended, Live: l.live != nil && l.live(looks), Active: w.fence == "active", Outcome: l.saga,
			Jurisdiction: "us-wireline", Tenant: "default", Reference: "ORDER-1", Carrier: "simulator", Pack: "us-wireline@2026.1", Version: 2, Epoch: 1,
			Tokens: []string{"t-1", "t-2"},
		}
		if l.revoked {
			record.Revoke = &porting.Revoke{ID: "ledger-1", By: "ben@care", Reason: porting.UnauthorisedPort}
		}
		return record
	})
	w.play(l.script)
	w.env.ExecuteWorkflow(workflows.Rescue, porting.RescueInput{Port: "pi-test", Saga: "terminated", Grace: porting.DefaultGrace})
	require.True(t, w.env.IsWorkflowCompleted())
	return w
}

var (
	goesBack = []beat{at(5*h, becomes(porting.CarrierReversed))}
	worksOn  = []beat{at(3*day, becomes(porting.CarrierActive))}
)

// Every state of the fence, with and without a revocation, against every state at the carrier.
func TestRescue(t *testing.T) {
	t.Parallel()
	states := []porting.CarrierState{
		porting.CarrierNothing, porting.CarrierPending, porting.CarrierRejected, porting.CarrierConfirmed, porting.CarrierCancelPending, porting.CarrierCancelled,
		porting.CarrierRefused, porting.CarrierUnknown, porting.CarrierActive, porting.CarrierReversing, porting.CarrierReversed,
	}
	for _, row := range []struct {
		fence   string
		revoked bool
		still   porting.Outcome // where nothing moved
		active  porting.Outcome // where the numbers work with us
		back    porting.Outcome // where the donor has them, or will
	}{
		{"open", false, porting.OutcomeCancelled, porting.OutcomeCompleted, porting.OutcomeReversed},
		{"activating", false, porting.OutcomeCancelled, porting.OutcomeCompleted, porting.OutcomeReversed},
		{"active", false, porting.OutcomeCompleted, porting.OutcomeCompleted, porting.OutcomeReversed}, // a person sees to it that they work
		{"closed", true, porting.OutcomeRevoked, porting.OutcomeReversed, porting.OutcomeReversed},
		{"activating", true, porting.OutcomeRevoked, porting.OutcomeReversed, porting.OutcomeReversed},
		{"active", true, porting.OutcomeRevoked, porting.OutcomeReversed, porting.OutcomeReversed},
	} {
		for _, state := range states {
			t.Run(fmt.Sprintf("%s, revoked %t, %s", row.fence, row.revoked, state), func(t *testing.T) {
				t.Parallel()
				l := lost{fence: row.fence, carrier: state, revoked: row.revoked}
				want := row.still
				switch state {
				case porting.CarrierActive:
					want = row.active
				case porting.CarrierReversing, porting.CarrierReversed:
					want, l.script = row.back, goesBack
				default:
					if want == porting.OutcomeCompleted {
						l.script = worksOn
					}
				}
				w := rescued(t, l)
				w.requireHouseInOrder()
				require.Equal(t, want, w.status().Outcome)
				require.NoError(t, w.env.GetWorkflowError())
				if want == porting.OutcomeCompleted {
					require.NotContains(t, w.steps, porting.StepReverse, "numbers that work stay")
					require.NotContains(t, w.steps, porting.StepCancel)
					require.True(t, w.status().NeedsAttention)
					return
				}
				require.Contains(t, w.stages, string(porting.RollingBack))
			})
		}
	}
}

// The order of a rescue: nothing is touched before the last steps of the saga have ended, and nothing is cancelled before
// the fence is closed.
func TestRescueClosesTheFenceBeforeItCancels(t *testing.T) {
	t.Parallel()
	w := rescued(t, lost{fence: "open", carrier: porting.CarrierConfirmed})
	require.Equal(t, []string{
		"LookAtPort", "LookAtPort", "ReadCarrier", "CloseFence", "ReadCarrier", "CancelPort", "ClosePort:cancelled",
	}, w.steps)
	require.Equal(t, []string{portBack, cancel, release}, w.undone())
	require.Equal(t, []time.Duration{porting.DefaultGrace}, w.asked)
	s := w.status()
	require.Equal(t, 2, s.OrderVersion)
	require.Len(t, s.Numbers, 2)
	require.Equal(t, porting.NumberNotMoved, s.Numbers[0].Status)
	shown, _ := w.shown.GetKeywordList(temporal.NewSearchAttributeKeyKeywordList(porting.AttrNumbers))
	require.Equal(t, []string{"t-1", "t-2"}, shown)
}

// A port that is looked after is left alone, also where its saga was reset while the rescue waited.
func TestRescueLeavesAPortAlone(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]lost{
		"its saga runs":             {live: func(int) bool { return true }},
		"its saga runs again":       {live: func(look int) bool { return look == 2 }},
		"it has ended in the order": {ended: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l.fence, l.carrier = "open", porting.CarrierConfirmed
			w := rescued(t, l)
			require.NoError(t, w.env.GetWorkflowError())
			require.Empty(t, w.status().Outcome)
			require.Subset(t, []string{porting.StepLook}, w.steps)
			require.Equal(t, "open", w.fence)
			require.Equal(t, porting.CarrierConfirmed, w.carrier.State)
			w.requireShown(w.status())
		})
	}
}

// Who revokes while the rescue stands guard has the numbers ported back.
func TestRescueHearsARevocation(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"in the guard": 5 * h, "while the last steps are waited for": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := rescued(t, lost{fence: "active", carrier: porting.CarrierActive, scenario: scenario{script: []beat{at(after, update(porting.MsgRevoke, porting.Revoke{By: "ben@care"}))}}})
			w.requireHouseInOrder()
			w.requireEnd(porting.OutcomeReversed, porting.AuthorizationRevoked)
			require.Len(t, w.answers, 1)
			require.NoError(t, w.answers[0].err)
		})
	}
}

// A revocation that reached the ledger alone is found by the last look at the numbers.
func TestRescueFindsARevocationInTheLedger(t *testing.T) {
	t.Parallel()
	w := rescued(t, lost{fence: "active", carrier: porting.CarrierActive, scenario: scenario{script: []beat{at(5*h, func(w *world) { w.revoked = true })}}})
	w.requireHouseInOrder()
	w.requireEnd(porting.OutcomeReversed, porting.AuthorizationRevoked)
}

// A saga that had ended by itself keeps its outcome, where the carrier does not say otherwise.
func TestRescueKeepsTheSagasOutcome(t *testing.T) {
	t.Parallel()
	for outcome, c := range map[porting.Outcome]struct {
		carrier porting.CarrierState
		ends    porting.Outcome
	}{
		porting.OutcomeRevoked:   {porting.CarrierCancelled, porting.OutcomeRevoked},
		porting.OutcomeExpired:   {porting.CarrierNothing, porting.OutcomeExpired},
		porting.OutcomeCompleted: {porting.CarrierActive, porting.OutcomeCompleted},
		porting.OutcomePartial:   {porting.CarrierCancelled, porting.OutcomeCancelled},
	} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			w := rescued(t, lost{fence: "open", carrier: c.carrier, saga: outcome})
			require.Equal(t, c.ends, w.status().Outcome)
		})
	}
}

// A stuck compensation calls a person and is tried again.
func TestRescueCallsAPersonWhenItIsStuck(t *testing.T) {
	t.Parallel()
	w := rescued(t, lost{fence: "open", carrier: porting.CarrierConfirmed, scenario: scenario{replies: map[string][]reply{porting.StepCancel: times(2, broken)}}})
	w.requireHouseInOrder()
	w.requireEnd(porting.OutcomeCancelled, porting.CancelledInTemporal)
	require.Equal(t, []bool{true}, w.attention)
}

// What cannot be read is not decided: nothing is undone on a guess, and the rescue is red in the Web UI.
func TestRescueDecidesNothingBlindly(t *testing.T) {
	t.Parallel()
	for name, replies := range map[string]map[string][]reply{
		"the carrier cannot be read": {porting.StepRead: {broken}},
		"the ledger cannot be read":  {porting.StepLook: {{}, broken}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := rescued(t, lost{fence: "open", carrier: porting.CarrierActive, scenario: scenario{replies: replies}})
			require.Error(t, w.env.GetWorkflowError())
			require.True(t, w.status().NeedsAttention)
			require.Subset(t, []string{porting.StepLook, porting.StepRead}, w.steps)
			require.Equal(t, "open", w.fence)
		})
	}
}

// A carrier that ports the numbers although they were cancelled has them ported back.
func TestRescueOfAPortThatTheCarrierMovesAllTheSame(t *testing.T) {
	t.Parallel()
	w := rescued(t, lost{fence: "open", carrier: porting.CarrierConfirmed, scenario: scenario{replies: map[string][]reply{
		porting.StepCancel: {{state: porting.CarrierCancelPending, then: []beat{at(h, becomes(porting.CarrierActive))}}},
	}}})
	w.requireHouseInOrder()
	require.Equal(t, porting.OutcomeReversed, w.status().Outcome)
}
