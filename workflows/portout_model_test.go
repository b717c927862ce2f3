package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

// whatHappens is all that can reach a port-out from outside, at any moment.
var whatHappens = map[string]func(*leaveWorld){
	"yes": sayYes, "no": sayNo, "stop": stopIt, "dispute": dispute, "hold": holdIt, "resume": resumeIt, "approve": approveIt,
	"reject": rejectIt(porting.PINMismatch), "reject unlawfully": rejectIt(porting.UnpaidBalance), "withdraw": withdrawIt, "cancel": cancelIt,
	"hint": sends(porting.MsgCarrierEvent, porting.CarrierEvent{By: "webhook"}),
}

// moments are instants of the story and of its clocks: at once, while people decide, around the last moment and the silence,
// after the activation, in the guard, and after the end.
var moments = []time.Duration{0, time.Second, h, 21*h + 36*time.Minute, 23 * h, day, 27 * h, 3 * day}

// stages of the story that a message can meet; each takes the port to where it waits there.
var meetings = map[string]leave{
	"at once":            {},
	"deciding":           {risk: porting.RiskHigh, people: 2},
	"confirming":         {confirm: true},
	"answered":           {idle: true},
	"refused":            {blocked: porting.PINMismatch},
	"nothing answers":    {down: map[string]down{porting.StepClaimLeaving: {0, 10 * h}, porting.StepScreenLeaving: {0, 20 * h}, porting.StepNotify: {0, 30 * h}}},
	"answer step away":   {risk: porting.RiskMedium, people: 1, down: map[string]down{porting.StepAnswer: {21 * h, day - time.Minute}}},
	"no lawful ground":   {risk: porting.RiskHigh, people: 1, grounds: []porting.Reason{porting.PINMismatch}},
	"a defiant carrier":  {defiant: true, idle: true},
	"half an hour alone": {time: 30 * time.Minute, risk: porting.RiskMedium, people: 1},
}

// Whatever message meets a port-out wherever it is, the laws hold: one answer, before the counterparty's silence, lawful, and
// nothing is switched off that does not work elsewhere.
func TestEveryMessageAtEveryMoment(t *testing.T) {
	t.Parallel()
	for where, c := range meetings {
		for what, do := range whatHappens {
			t.Run(where+"/"+what, func(t *testing.T) {
				t.Parallel()
				for _, when := range moments {
					met := c
					met.script = []leaveBeat{then(when, do)}
					w := letGo(t, met)
					w.requireOutcomeFits()
				}
			})
		}
	}
}

// Any number of messages in any order keep the laws, too.
func TestAnyStoryOfAPortOutKeepsTheLaws(t *testing.T) {
	t.Parallel()
	step := rapid.SampledFrom([]string{porting.StepClaimLeaving, porting.StepScreenLeaving, porting.StepNotify, porting.StepAnswer})
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(sortedKeys(meetings)).Draw(t, "meeting")
		l := meetings[c]
		l.people = rapid.IntRange(0, 2).Draw(t, "people")
		l.idle = rapid.Bool().Draw(t, "idle")
		l.down = map[string]down{}
		for range rapid.IntRange(0, 3).Draw(t, "steps away") {
			from := time.Duration(rapid.Int64Range(0, int64(l.length())).Draw(t, "from"))
			until := from + time.Duration(rapid.Int64Range(0, int64(2*h)).Draw(t, "for"))
			l.down[step.Draw(t, "step")] = down{from, min(until, l.length()-time.Minute)}
		}
		for range rapid.IntRange(0, 6).Draw(t, "messages") {
			what := rapid.SampledFrom(sortedKeys(whatHappens)).Draw(t, "what")
			when := time.Duration(rapid.Int64Range(0, int64(4*l.length())).Draw(t, "when"))
			l.script = append(l.script, then(when, whatHappens[what]))
		}
		w := newLeaveWorld(t, l)
		w.execute()
		w.requireLaws()
		w.requireOutcomeFits()
	})
}

// requireOutcomeFits checks that the outcome says what became of the numbers.
func (w *leaveWorld) requireOutcomeFits() {
	w.t.Helper()
	s := w.status()
	gone := w.carrier.State == porting.CarrierActive
	switch s.Outcome {
	case porting.OutcomeCompleted:
		require.True(w.t, gone && !w.released.IsZero(), "%s", w.events())
	case porting.OutcomeRejected, porting.OutcomeRevoked, porting.OutcomeCancelled, porting.OutcomeExpired:
		require.False(w.t, gone, "%s", w.events())
		require.Zero(w.t, w.released)
	case porting.OutcomeReversed, porting.OutcomeDisputed:
		require.True(w.t, gone)
		require.Len(w.t, w.backs, 1)
	default:
		require.Fail(w.t, "no outcome", s.Outcome)
	}
	for _, n := range s.Numbers {
		require.NotEqual(w.t, porting.NumberPending, n.Status)
	}
}
