package workflows_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

// legal are the stages that may follow a stage, written down a second time and by hand.
var legal = map[string][]string{
	"received":   {"screening", "rolling-back"},
	"screening":  {"verifying", "on-hold", "rolling-back"},
	"verifying":  {"submitting", "on-hold", "rolling-back"},
	"submitting": {"submitted", "exception", "on-hold", "rolling-back"},
	"submitted":  {"confirmed", "exception", "on-hold", "rolling-back"},
	"exception":  {"screening", "on-hold", "rolling-back"},
	"confirmed":  {"activating", "exception", "on-hold", "rolling-back"},
	"activating": {"active", "confirmed", "rolling-back"},
	"active":     {"completed", "rolling-back"},
	"on-hold":    {"screening", "verifying", "submitting", "submitted", "exception", "confirmed", "rolling-back"},
}

// requireLaws checks a port that has ended.
func (m *model) requireLaws() {
	m.t.Helper()
	s := m.status()
	maps.DeleteFunc(m.flying, func(_, step string) bool { return step == porting.StepCloseFence }) // a revocation may come while the port ends
	m.requireShown(s)
	m.mu.Lock() // a fence that is closed on the way out may still be told of
	defer m.mu.Unlock()
	m.law(m.env.GetWorkflowError() == nil || temporal.IsCanceledError(m.env.GetWorkflowError()) || m.fate.broken, "failed: %v", m.env.GetWorkflowError())
	m.lawsOfStory(s)
	if s.Outcome == "" {
		m.law(m.fate.broken && s.NeedsAttention, "it ended without an outcome")
	} else {
		m.lawsOfEnd(s)
		m.lawsOfNumbers(s)
		m.lawsOfUndos(s)
	}
	if len(m.broken) > 0 {
		m.t.Errorf("broken laws:\n  %s\n%s", strings.Join(m.broken, "\n  "), m.tell(s))
		m.t.FailNow()
	}
}

// lawsOfStory: legal moves only, and time that runs forward. A clock's marks bear their own instants.
func (m *model) lawsOfStory(s porting.Status) {
	stages := stagesOf(s.Timeline)
	for i := range len(stages) - 1 {
		m.law(slices.Contains(legal[stages[i]], stages[i+1]), "from %s to %s", stages[i], stages[i+1])
	}
	last := start
	for _, e := range s.Timeline {
		if e.Event != porting.EventWarned {
			m.law(!e.At.Before(last), "%s at %s, after %s", e.Event, e.At, last)
			last = e.At
		}
		m.law(!e.At.After(m.env.Now()), "%s in the future", e.Event)
	}
}

// lawsOfEnd: the outcome is what the reason for the end and the whereabouts of the numbers make of it, the claims are
// freed in the end and not before, and everybody who was promised an answer has it.
func (m *model) lawsOfEnd(s porting.Status) {
	m.law(s.Outcome == m.outcome(s), "the outcome is %s, not %s", m.outcome(s), s.Outcome)
	m.law(s.DueAt == nil && s.WaitingOn == porting.WaitingNobody, "an ended port waits for %s", s.WaitingOn)
	m.law(m.fence == "closed", "the fence is left %s", m.fence)
	m.law(s.Outcome != porting.OutcomePartial || s.NeedsAttention, "nobody is called for a partial result")

	last := porting.StepClose
	if s.Stage != porting.RollingBack {
		last = porting.StepVerify
	}
	steps := without(m.steps, porting.StepCloseFence)
	i := slices.IndexFunc(steps, func(step string) bool { return strings.HasPrefix(step, porting.StepClose) })
	m.law(strings.HasPrefix(steps[len(steps)-1], last), "the last step is %s", steps[len(steps)-1])
	m.law(i < 0 || !slices.ContainsFunc(steps[i:], func(step string) bool { return step != steps[i] }), "steps after the claims are freed")
	m.law(m.verified != (m.closedAs != "") || m.verified && m.closedAs != "" && m.revoked, "closed in the ledger as %q, verified %v", m.closedAs, m.verified)
	for _, a := range m.answers {
		m.law(!a.accepted || a.err == nil, "an accepted %s is answered with %v", a.update, a.err)
		m.law(!a.accepted || a.update != porting.MsgRevoke || s.Stage == porting.RollingBack, "a revocation was taken, and the port ended as %s", s.Outcome)
	}
}

// outcome is the small model of DESIGN section 5.
func (m *model) outcome(s porting.Status) porting.Outcome {
	i := slices.IndexFunc(s.Timeline, func(e porting.Entry) bool { return e.Stage == porting.RollingBack })
	switch {
	case i < 0 && len(m.us) == m.fate.numbers:
		return porting.OutcomeCompleted
	case i < 0:
		return porting.OutcomePartial
	case len(m.us) > 0:
		return porting.OutcomeDisputed
	case len(m.were) > 0:
		return porting.OutcomeReversed
	}
	switch s.Timeline[i].Event {
	case porting.EventRevoked:
		return porting.OutcomeRevoked
	case porting.EventCancelled:
		return porting.OutcomeCancelled
	case porting.EventExpired:
		return porting.OutcomeExpired
	default:
		return porting.OutcomeRejected
	}
}

// lawsOfNumbers: every number is where the port says it is.
func (m *model) lawsOfNumbers(s porting.Status) {
	for _, n := range s.Numbers {
		truth := porting.NumberNotMoved
		switch {
		case m.us[n.Number]:
			truth = porting.NumberMoved
		case m.were[n.Number]:
			truth = porting.NumberMovedBack
		}
		m.law(n.Status == truth, "%s is %s, not %s", n.Number, truth, n.Status)
		m.law(n.Status == porting.NumberMoved || n.Reason != "", "%s is %s for no reason", n.Number, n.Status)
	}
}

// lawsOfUndos: what was begun is undone, the latest first, each once, and nothing else is.
func (m *model) lawsOfUndos(s porting.Status) {
	want := []string{}
	if s.Stage == porting.RollingBack {
		if m.asked(porting.StepActivate) || slices.Contains(m.undone(), portBack) && m.asked(porting.StepSubmit) { // the date may have come, and the port been stopped at its door
			want = append(want, portBack)
		}
		if m.asked(porting.StepSubmit) {
			want = append(want, cancel)
		}
		want = append(want, release)
	}
	m.law(slices.Equal(want, m.undone()), "undone is %v, not %v", m.undone(), want)
}

// tell is the port's story for people, when a law is broken.
func (m *model) tell(s porting.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "steps: %v\nfence %s, carrier %s, with us %v, ever with us %v, error %v\n", m.steps, m.fence, m.carrier.State, m.us, m.were, m.env.GetWorkflowError())
	fmt.Fprintf(&b, "outcome %s, reason %s, numbers %v, undone %v\n", s.Outcome, s.Reason, s.Numbers, m.undone())
	for _, e := range s.Timeline {
		fmt.Fprintf(&b, "  %8s %-12s %s: %s (%s)\n", e.At.Sub(start), e.Stage, e.Event, e.Note, e.Actor)
	}
	return b.String()
}
