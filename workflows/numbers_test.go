package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

const (
	numberOne porting.Number = "+12025550123"
	numberTwo porting.Number = "+12025550124"
)

func says(n porting.Number, state porting.CarrierState, why porting.Reason) porting.NumberState {
	return porting.NumberState{Number: n, State: state, Reason: why}
}

func allOrNothing(o *porting.Order) { o.Wishes.AllOrNothing = true }

// numbers are the states of the two numbers, with their reasons.
func (w *world) numbers() [2]porting.NumberStatus {
	numbers := w.status().Numbers
	require.Len(w.t, numbers, 2)
	for i, n := range []porting.Number{numberOne, numberTwo} {
		require.Equal(w.t, n.String(), numbers[i].Number)
		numbers[i].Number = ""
	}
	return [2]porting.NumberStatus{numbers[0], numbers[1]}
}

func is(status string, why porting.Reason) porting.NumberStatus {
	return porting.NumberStatus{Status: status, Reason: why}
}

// What a carrier says of single numbers, and what becomes of the port.
func TestPartialResults(t *testing.T) {
	t.Parallel()
	leftOut := at(2*h, tells(says(numberTwo, porting.CarrierRejected, porting.NumberInactive)))
	didNotMove := at(99*h, tells(says(numberOne, porting.CarrierActive, ""), says(numberTwo, porting.CarrierPending, porting.PortProtected)))
	for _, c := range []struct {
		scenario
		outcome porting.Outcome
		reason  porting.Reason
		numbers [2]porting.NumberStatus
		events  string // since the FOC
		undone  []string
	}{
		{
			scenario: scenario{name: "best effort: one is left out of the FOC", script: approved(leftOut)},
			outcome:  porting.OutcomePartial, reason: porting.NumberInactive,
			numbers: [2]porting.NumberStatus{is(porting.NumberMoved, ""), is(porting.NumberNotMoved, porting.NumberInactive)},
			events:  "foc-received activation-started activated escalated partly-verified escalated",
		},
		{
			scenario: scenario{name: "best effort: one does not move", script: approved(didNotMove)},
			outcome:  porting.OutcomePartial, reason: porting.PortProtected,
			numbers: [2]porting.NumberStatus{is(porting.NumberMoved, ""), is(porting.NumberNotMoved, porting.PortProtected)},
			events:  "foc-received activation-started activated escalated partly-verified escalated",
		},
		{
			scenario: scenario{name: "best effort: all are left out of the FOC", script: approved(at(2*h, tells(
				says(numberOne, porting.CarrierRefused, porting.NumberNotFound), says(numberTwo, porting.CarrierCancelled, ""))))},
			outcome: porting.OutcomeRejected, reason: porting.NumberNotFound,
			numbers: [2]porting.NumberStatus{is(porting.NumberNotMoved, porting.NumberNotFound), is(porting.NumberNotMoved, porting.OtherReason)},
			events:  "carrier-refused undone undone rolled-back", undone: []string{cancel, release},
		},
		{
			scenario: scenario{name: "all or nothing: one is left out of the FOC", order: allOrNothing, script: approved(leftOut)},
			outcome:  porting.OutcomeRejected, reason: porting.NumberInactive,
			numbers: [2]porting.NumberStatus{is(porting.NumberNotMoved, porting.NumberInactive), is(porting.NumberNotMoved, porting.NumberInactive)},
			events:  "carrier-refused undone undone rolled-back", undone: []string{cancel, release},
		},
		{
			scenario: scenario{name: "all or nothing: one does not move", order: allOrNothing, script: approved(didNotMove)},
			outcome:  porting.OutcomeReversed, reason: porting.PortProtected,
			numbers: [2]porting.NumberStatus{is(porting.NumberMovedBack, porting.PortProtected), is(porting.NumberNotMoved, porting.PortProtected)},
			events:  "foc-received activation-started activated incomplete undone undone undone rolled-back", undone: []string{portBack, cancel, release},
		},
		{
			scenario: scenario{name: "one is left out, and the port is revoked before its date", script: approved(leftOut, at(10*h, revoke))},
			outcome:  porting.OutcomeRevoked, reason: porting.AuthorizationRevoked,
			numbers: [2]porting.NumberStatus{is(porting.NumberNotMoved, porting.AuthorizationRevoked), is(porting.NumberNotMoved, porting.NumberInactive)},
			events:  "foc-received revoked undone undone rolled-back", undone: []string{cancel, release},
		},
		{
			scenario: scenario{name: "one does not move, and the other is taken back", script: approved(didNotMove, at(110*h, revoke))},
			outcome:  porting.OutcomeReversed, reason: porting.AuthorizationRevoked,
			numbers: [2]porting.NumberStatus{is(porting.NumberMovedBack, porting.AuthorizationRevoked), is(porting.NumberNotMoved, porting.PortProtected)},
			events:  "foc-received activation-started activated escalated revoked undone undone undone rolled-back", undone: []string{portBack, cancel, release},
		},
		{
			scenario: scenario{
				name: "one does not move, and the other does not come back", script: approved(didNotMove, at(110*h, revoke)),
				replies: map[string][]reply{porting.StepReverse: {{state: porting.CarrierReversing}}},
				clocks:  map[string]time.Duration{"reverse": 0, "dispute": 0},
			},
			outcome: porting.OutcomeDisputed, reason: porting.AuthorizationRevoked,
			numbers: [2]porting.NumberStatus{is(porting.NumberMoved, porting.AuthorizationRevoked), is(porting.NumberNotMoved, porting.PortProtected)},
			undone:  []string{portBack, cancel, release},
		},
		{
			scenario: scenario{name: "the carrier takes back what it confirmed in part, and confirms all of the next version", replies: map[string][]reply{}, script: approved(
				leftOut, at(10*h, tells(), becomes(porting.CarrierRejected)), at(11*h, amend), at(12*h, approve))},
			outcome: porting.OutcomeCompleted,
			numbers: [2]porting.NumberStatus{is(porting.NumberMoved, ""), is(porting.NumberMoved, "")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := run(t, c.scenario)
			w.requireEnd(c.outcome, c.reason)
			require.Equal(t, c.numbers, w.numbers())
			require.Equal(t, c.undone, w.undone())
			if c.events != "" {
				require.Equal(t, c.events, w.events(3*h))
			}
			if c.outcome == porting.OutcomePartial {
				require.True(t, w.status().NeedsAttention)
				require.Equal(t, "1 of 2 numbers did not move; see why with each number", w.status().Attention)
				require.Contains(t, w.page(), "Ended: partial ("+string(c.reason)+")")
			}
			if c.outcome != porting.OutcomeCompleted {
				require.NotContains(t, w.stages, string(porting.Completed))
			}
		})
	}
}

// Numbers change hands in the pack's window only, however the FOC reads and moves.
func TestActivationWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		script    []beat
		activated time.Duration
	}{
		{"the window opens after the FOC", approved(at(5*h, waits(porting.Confirmed, porting.WaitingDate, 110*h))), 110 * h},
		{"the FOC slips, and the window with it", approved(at(10*h, confirms(8*day)), at(11*h, waits(porting.Confirmed, porting.WaitingDate, 212*h))), 212 * h},
		{"the FOC slips between its date and the window", approved(at(105*h, confirms(2*day)), at(106*h, waits(porting.Confirmed, porting.WaitingDate, 163*h))), 163 * h},
		{"the FOC moves forward", approved(at(10*h, confirms(1*day)), at(11*h, waits(porting.Confirmed, porting.WaitingDate, 44*h))), 44 * h},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{window: 10 * h, script: c.script})
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Len(t, w.gate, 1)
			require.Equal(t, start.Add(c.activated), w.gate[0].At)
			require.Equal(t, start.Add(c.activated-10*h), w.gate[0].FOC, "the gate is told the FOC, not the window")
		})
	}
}

// A customer who wished another date hears of it from people.
func TestFOCOtherThanTheWish(t *testing.T) {
	t.Parallel()
	for wish, called := range map[string]bool{"": false, "2026-03-06": false, "2026-03-05": true} {
		t.Run("wish "+wish, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{order: wishing(wish), script: approved(at(5*h, func(w *world) {
				require.Equal(w.t, called, w.status().NeedsAttention)
			}))})
			w.requireEnd(porting.OutcomeCompleted, "")
			if called {
				require.Equal(t, []string{"the carrier confirmed 2026-03-06, the customer wished 2026-03-05; confirm the date with the customer"}, w.notes(porting.EventEscalated))
			}
		})
	}
}

// A FOC that slips after a refused activation has its own grace.
func TestFOCThatSlipsAfterARefusedActivation(t *testing.T) {
	t.Parallel()
	refused := reply{refused: &porting.Refusal{Reason: porting.NetworkNotReady, Note: "not ready"}}
	w := run(t, scenario{
		replies: map[string][]reply{porting.StepActivate: {refused, refused}},
		script:  approved(at(105*h, confirms(20*day)), at(105*h+25*day, pokeAgain)),
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Equal(t, []time.Time{start.Add(100 * h), start.Add(105*h + 20*day), start.Add(105*h + 25*day)}, []time.Time{w.gate[0].At, w.gate[1].At, w.gate[2].At})
	require.Len(t, w.gate, 3)
}

// A FOC slips and the news of it gets lost: the gate reads the later date back, and the port waits for that one. A port that
// was refused under a build that did not know this goes on waiting for a person.
func TestFOCThatSlipsWithoutNews(t *testing.T) {
	t.Parallel()
	const slipped = 300 * h
	slips := func(w *world) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.carrier.FOC = start.Add(slipped)
	}
	early := reply{refused: &porting.Refusal{Reason: porting.DueDateInvalid, Note: "the FOC date is not reached"}}
	for name, c := range map[string]struct {
		version workflow.Version
		tries   []time.Duration
		events  string
	}{
		"now":    {1, []time.Duration{100 * h, slipped}, "activation-started activation-failed foc-changed escalated activation-started activated verified"},
		"before": {workflow.DefaultVersion, []time.Duration{100 * h, slipped + h}, "activation-started activation-failed escalated foc-changed escalated activation-started activated verified"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, scenario{
				replies: map[string][]reply{porting.StepActivate: {early}}, clocks: map[string]time.Duration{"confirmed-grace": 20 * day},
				script: approved(at(50*h, slips), at(slipped+h, pokeAgain)),
			})
			w.env.OnGetVersion(mock.Anything, workflow.DefaultVersion, workflow.Version(1)).Return(c.version)
			w.execute()
			w.requireHouseInOrder()
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Equal(t, c.events, w.events(5*h))
			var tries []time.Duration
			for _, in := range w.gate {
				tries = append(tries, in.At.Sub(start))
			}
			require.Equal(t, c.tries, tries)
		})
	}
}

// Some carriers move SMS and MMS later than voice. The port completes when its time has come, and never hides that
// messaging does not work yet.
func TestMessagingComesLaterThanVoice(t *testing.T) {
	t.Parallel()
	late := func(then ...beat) scenario {
		pending := func(w *world) { w.carrier.Messaging = porting.CarrierPending }
		return scenario{replies: map[string][]reply{porting.StepSubmit: {{meanwhile: []act{pending}}}}, script: approved(then...)}
	}
	works := func(w *world) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.carrier.Messaging = porting.CarrierActive
	}
	t.Run("in time", func(t *testing.T) {
		t.Parallel()
		w := run(t, late(at(4*day+10*h, func(w *world) { require.Equal(w.t, porting.CarrierPending, w.status().Messaging) },
			works, signal(porting.MsgCarrierEvent, porting.CarrierEvent{Hint: "messaging"}))))
		w.requireEnd(porting.OutcomeCompleted, "")
		require.Equal(t, porting.CarrierActive, w.status().Messaging)
		require.False(t, w.status().NeedsAttention)
	})
	t.Run("not in time", func(t *testing.T) {
		t.Parallel()
		w := run(t, late())
		w.requireEnd(porting.OutcomeCompleted, "")
		require.Equal(t, porting.CarrierPending, w.status().Messaging)
		require.Contains(t, w.status().Attention, "messaging does not yet")
	})
}
