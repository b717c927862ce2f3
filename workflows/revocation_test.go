package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// slowly makes every step take an hour, so that each begins and ends at an instant of its own.
func slowly(replies map[string][]reply) map[string][]reply {
	for _, step := range []string{porting.StepReceive, porting.StepScreen, porting.StepSubmit, porting.StepRead, porting.StepActivate, porting.StepVerify} {
		for len(replies[step]) < 2 {
			replies[step] = append(replies[step], reply{})
		}
		for i := range replies[step] {
			replies[step][i].late = h
		}
	}
	return replies
}

// goldenRuns are the two runs that are interrupted at every event.
func goldenRuns() []scenario {
	return []scenario{
		{name: "happy", replies: slowly(map[string][]reply{}), script: []beat{at(5*h, approve)}},
		{
			name:    "carrier rejects, then fix",
			replies: slowly(map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}}),
			script:  []beat{at(5*h, approve), at(10*h, amend), at(15*h, approve)},
		},
	}
}

// interrupted runs a scenario and does something at its nth event. With n = 0 nothing is done; the events are counted.
func interrupted(t *testing.T, s scenario, n int, do act) (w *world, events []string) {
	t.Helper()
	w = newWorld(t, s)
	w.happened = func(event string) {
		if events = append(events, event); len(events) == n {
			do(w)
		}
	}
	w.execute()
	w.requireHouseInOrder()
	return w, events
}

// Nothing that happens to a port is a bad moment to stop it: at every event of a whole run a revocation, and a cancellation
// in Temporal, is answered by exactly the carrier calls that undo what was begun.
func TestStoppedAtEveryEvent(t *testing.T) {
	t.Parallel()
	stops := map[string]struct {
		do      act
		outcome porting.Outcome
		reason  porting.Reason
	}{
		"revoked by signal":     {revoke, porting.OutcomeRevoked, porting.AuthorizationRevoked},
		"revoked by update":     {update(porting.MsgRevoke, porting.Revoke{By: "ben@care"}), porting.OutcomeRevoked, porting.AuthorizationRevoked},
		"cancelled in Temporal": {cancelInTemporal, porting.OutcomeCancelled, porting.CancelledInTemporal},
	}
	for i, s := range goldenRuns() {
		golden, events := interrupted(t, s, 0, nil)
		golden.requireEnd(porting.OutcomeCompleted, "")
		require.Greater(t, len(events), 40)
		for name, stop := range stops {
			t.Run(s.name+", "+name, func(t *testing.T) {
				t.Parallel()
				seen := map[porting.Outcome]int{}
				for n := 1; n <= len(events); n++ {
					w, met := interrupted(t, goldenRuns()[i], n, stop.do)
					seen[w.status().Outcome]++
					require.Equal(t, events[:n], met[:n], "the same run up to here")
					w.requireStoppedWell(golden, fmt.Sprintf("stopped at event %d: %s", n, met[n-1]), stop.outcome, stop.reason)
				}
				require.Len(t, seen, 3, "before the point of no return, after it, and too late: %v", seen)
			})
		}
	}
}

// requireStoppedWell checks a run that was stopped against the undisturbed one.
func (w *world) requireStoppedWell(golden *world, where string, outcome porting.Outcome, reason porting.Reason) {
	w.t.Helper()
	s := w.status()
	if s.Outcome == porting.OutcomeCompleted {
		require.Equal(w.t, golden.steps, without(w.steps, porting.StepCloseFence), where)
		return
	}
	if w.moved {
		outcome = porting.OutcomeReversed
	}
	require.Equal(w.t, outcome, s.Outcome, where)
	forward, back := w.split()
	require.Equal(w.t, golden.steps[:len(forward)], forward, "%s: nothing new is begun", where)
	require.Equal(w.t, rollbackOf(forward, s), back, where)
	require.Equal(w.t, 1, count(w.steps, porting.StepCloseFence), where)
	require.Equal(w.t, reason, s.Reason, where)
	for _, told := range w.reasons {
		require.Equal(w.t, reason, told, where)
	}
	for _, n := range s.Numbers {
		require.Equal(w.t, map[bool]string{true: porting.NumberMovedBack, false: porting.NumberNotMoved}[s.Outcome == porting.OutcomeReversed], n.Status, where)
	}
	for _, a := range w.answers {
		require.NoError(w.t, a.err, where)
		require.True(w.t, a.says.Accepted, where)
	}
}

// split tells the steps of the story from those of its rollback, by the number of steps that undos may ask for.
func (w *world) split() (forward, back []string) {
	steps := without(w.steps, porting.StepCloseFence)
	undos := map[string]int{portBack: 1, cancel: 1, release: 1} // a read-back, the cancel, the end
	if w.status().Outcome == porting.OutcomeReversed {
		undos = map[string]int{portBack: 3, release: 1} // a read-back, the reversal, its end
	}
	n := 0
	for _, name := range w.undone() {
		n += undos[name]
	}
	return steps[:len(steps)-n], steps[len(steps)-n:]
}

// rollbackOf is what the rules demand after a beginning, whatever was on its way when the port was stopped.
func rollbackOf(begun []string, s porting.Status) []string {
	end := porting.StepClose + ":" + string(s.Outcome)
	dated := slices.ContainsFunc(s.Undone, func(e porting.Entry) bool { return e.Note == portBack })
	switch {
	case s.Outcome == porting.OutcomeReversed:
		return []string{porting.StepRead, porting.StepReverse, porting.StepRead, end}
	case dated: // the date had come, so it is looked whether anything moved
		return []string{porting.StepRead, porting.StepCancel, end}
	case slices.Contains(begun, porting.StepSubmit):
		return []string{porting.StepCancel, end}
	default:
		return []string{end}
	}
}

func without(steps []string, step string) []string {
	return slices.DeleteFunc(slices.Clone(steps), func(s string) bool { return s == step })
}

func count(steps []string, step string) int {
	return strings.Count(" "+strings.Join(steps, "  ")+" ", " "+step+" ")
}

// A ledger that is slow to close the fence gives nobody time for another step.
func TestNothingIsBegunWhileTheFenceCloses(t *testing.T) {
	t.Parallel()
	slowFence := map[string][]reply{porting.StepCloseFence: {{late: 2 * h}}}
	for name, c := range map[string]struct {
		script []beat
		steps  []string
	}{
		"before the LSR":        {[]beat{at(1*h, revoke), at(2*h, approve)}, []string{porting.StepCloseFence}},
		"before the activation": {approved(at(99*h, revoke)), []string{porting.StepSubmit, porting.StepRead, porting.StepCloseFence, porting.StepRead, porting.StepCancel}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{replies: slowFence, script: c.script})
			w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
			require.Equal(t, append(c.steps, "ClosePort:revoked"), w.steps[2:])
		})
	}
}

// A no by SMS stops a port as a revocation does, and is answered when the fence is closed.
func TestSubscriberSaysNo(t *testing.T) {
	t.Parallel()
	no := porting.CustomerReply{ID: "sms-1", By: "subscriber", Reply: porting.ReplyNo, Channel: "sms"}
	w := run(t, scenario{script: approved(at(5*h, update(porting.MsgCustomerReply, no)))})
	w.requireEnd(porting.OutcomeRevoked, porting.UnauthorisedPort)
	require.Contains(t, w.answers[0].says.Says, "revoked")
	require.Equal(t, []string{"no"}, w.notes(porting.EventReply))
}
