package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// orphaned is a port-out whose saga is gone, as the ledger and the counterparty have it.
type orphaned struct {
	leave
	state   porting.CarrierState // pending when empty
	silent  bool                 // the counterparty approved by itself
	known   porting.Known
	revoked bool // in the ledger
	live    func(look int) bool
	ended   bool
	unasked bool // the counterparty has no such request
}

// taken lives through the rescue of a port-out.
func (c orphaned) taken(t *testing.T) *leaveWorld {
	t.Helper()
	w := newLeaveWorld(t, c.leave)
	w.fence = "open"
	if c.state != "" {
		w.carrierIs(c.state)
	}
	if c.silent {
		w.silence = start.Add(-h)
	}
	looks := 0
	outStep(w, porting.StepLook, func(porting.LookInput) porting.Record {
		looks++
		r := porting.Record{
			Open: !c.ended, Live: c.live != nil && c.live(looks), Jurisdiction: "us-wireless", Tenant: "default", Reference: "simulator:WPR-7",
			Carrier: "simulator", Pack: "us-wireless@2026.1", Epoch: 1, Tokens: []string{"t-1"},
			Leaving: &porting.Orphan{Request: leavingRequest(), Known: c.known, Answers: &porting.AnswerPolicy{Ref: "sha256:aa"}},
		}
		if c.unasked {
			r.Leaving.Request.Numbers = nil
		}
		if c.revoked {
			r.Revoke = &porting.Revoke{By: "ben@care", Reason: porting.AuthorizationRevoked}
		}
		return r
	})
	w.env.RegisterDelayedCallback(w.byItself, w.plays.length())
	for _, b := range c.script {
		w.env.RegisterDelayedCallback(func() { b.do(w) }, b.after)
	}
	w.env.ExecuteWorkflow(workflows.Rescue, porting.RescueInput{Port: "po-test", Saga: "terminated", Grace: porting.DefaultGrace})
	require.True(t, w.env.IsWorkflowCompleted())
	return w
}

// An orphaned port-out is answered lawfully before the counterparty's silence, and a person is called.
func TestAnOrphanedPortOutIsAnswered(t *testing.T) {
	t.Parallel()
	no, high := porting.Known{Reply: porting.ReplyNo}, porting.RiskHigh
	for name, c := range map[string]struct {
		orphaned
		kind    porting.AnswerKind
		why     porting.Reason
		by      string
		outcome porting.Outcome
	}{
		"all in order":         {orphaned{}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted},
		"wrong PIN":            {orphaned{leave: leave{blocked: porting.PINMismatch}}, porting.AnswerRefuse, porting.PINMismatch, "checks", porting.OutcomeRejected},
		"the subscriber's no":  {orphaned{known: no}, porting.AnswerRefuse, porting.AuthorizationRevoked, "subscriber", porting.OutcomeRejected},
		"a no without ground":  {orphaned{known: no, leave: leave{grounds: []porting.Reason{porting.PINMismatch}}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted},
		"no yes where it must": {orphaned{leave: leave{confirm: true}}, porting.AnswerRefuse, porting.AuthorizationRevoked, "policy", porting.OutcomeRejected},
		"revoked":              {orphaned{revoked: true}, porting.AnswerRefuse, porting.AuthorizationRevoked, "subscriber", porting.OutcomeRevoked},
		"high risk, a ground":  {orphaned{leave: leave{risk: high, grounds: []porting.Reason{porting.SuspectedFraud}}}, porting.AnswerRefuse, porting.SuspectedFraud, "policy", porting.OutcomeRejected},
		"high risk, no ground": {orphaned{leave: leave{risk: high}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted},
		"ten minutes left":     {orphaned{leave: leave{time: 10 * time.Minute}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted},
		"a minute left":        {orphaned{leave: leave{time: time.Minute}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted},
		"the gate is away":     {orphaned{leave: leave{down: map[string]down{porting.StepScreenLeaving: {0, 10 * day}, porting.StepAnswer: {0, 23 * h}}}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted},
		"people reject":        {orphaned{leave: leave{script: []leaveBeat{then(h, rejectIt(porting.PINMismatch))}}}, porting.AnswerRefuse, porting.PINMismatch, "people", porting.OutcomeRejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := c.taken(t)
			w.requireLaws()
			w.requireAnswer(c.kind, c.why, c.by)
			require.Equal(t, c.outcome, w.status().Outcome, "%s", w.events())
			require.True(t, w.attention, "a person is called")
			if c.kind == porting.AnswerApprove {
				require.GreaterOrEqual(t, w.answeredAfter(), w.plays.length()*8/10, "not before people had their time")
			}
		})
	}
}

// What the counterparty has already is never answered anew; the port goes on from there.
func TestAnOrphanedPortOutThatWasAnswered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		orphaned
		outcome porting.Outcome
	}{
		"approved, and activated later": {orphaned{state: porting.CarrierConfirmed, leave: leave{script: []leaveBeat{then(3*h, moves)}}}, porting.OutcomeCompleted},
		"approved, and never activated": {orphaned{state: porting.CarrierConfirmed}, porting.OutcomeExpired},
		"the numbers moved":             {orphaned{state: porting.CarrierActive}, porting.OutcomeCompleted},
		"refused":                       {orphaned{state: porting.CarrierRefused}, porting.OutcomeRejected},
		"withdrawn":                     {orphaned{state: porting.CarrierCancelled}, porting.OutcomeCancelled},
		"never asked":                   {orphaned{unasked: true}, porting.OutcomeCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := c.taken(t)
			require.Empty(t, w.answers, "%s", w.events())
			require.Equal(t, c.outcome, w.status().Outcome, "%s", w.events())
			require.Equal(t, "closed", w.fence)
			require.True(t, w.attention)
			require.NoError(t, w.env.GetWorkflowError())
		})
	}
}

var moves = func(w *leaveWorld) { w.becomes(porting.CarrierActive) }

// Where silence was faster than any rescue, what we would have refused comes back.
func TestAnOrphanedPortOutThatSilenceAnswered(t *testing.T) {
	t.Parallel()
	w := orphaned{silent: true, state: porting.CarrierConfirmed, leave: leave{blocked: porting.PINMismatch, script: []leaveBeat{then(3*h, moves)}}}.taken(t)
	require.Equal(t, porting.OutcomeReversed, w.status().Outcome, "%s", w.events())
	require.Len(t, w.backs, 1)
	require.Contains(t, w.events(), string(porting.EventBreached))

	w = orphaned{silent: true, state: porting.CarrierConfirmed, leave: leave{script: []leaveBeat{then(3*h, moves)}}}.taken(t)
	require.Equal(t, porting.OutcomeCompleted, w.status().Outcome, "everything was in order: %s", w.events())
	require.Empty(t, w.backs)
}

// A revocation that came after the approval takes it back.
func TestAnOrphanedApprovalIsTakenBack(t *testing.T) {
	t.Parallel()
	w := orphaned{state: porting.CarrierConfirmed, revoked: true}.taken(t)
	require.Equal(t, porting.OutcomeRevoked, w.status().Outcome, "%s", w.events())
	require.Equal(t, []porting.AnswerKind{porting.AnswerCancel}, kinds(w.answers))
}

func kinds(answers []porting.PortOutAnswer) (all []porting.AnswerKind) {
	for _, a := range answers {
		all = append(all, a.Kind)
	}
	return all
}

func TestARescueLeavesAPortOutAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]orphaned{
		"its saga runs":       {live: func(int) bool { return true }},
		"its saga runs again": {live: func(look int) bool { return look == 2 }},
		"it has ended":        {ended: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := c.taken(t)
			require.NoError(t, w.env.GetWorkflowError())
			require.Empty(t, w.answers)
			require.Equal(t, "open", w.fence)
			require.Subset(t, []string{porting.StepLook}, w.steps)
			require.False(t, w.attention, "nobody need come")
		})
	}
}

// A ledger that does not answer calls a person, and the rescue goes on when it does.
func TestARescueOfAPortOutWaitsForTheLedger(t *testing.T) {
	t.Parallel()
	w := orphaned{leave: leave{down: map[string]down{porting.StepLook: {0, 2 * time.Minute}}}}.taken(t)
	w.requireLaws()
	w.requireAnswer(porting.AnswerApprove, "", "policy")
}

// The gate knows what a saga that was reset, or lied to, does not: it is believed, and the answer is another.
func TestWhatTheLedgerKnowsComesFirst(t *testing.T) {
	t.Parallel()
	no := &porting.Known{Reply: porting.ReplyNo, Risk: porting.RiskLow}
	w := letGo(t, leave{knows: no})
	w.requireAnswer(porting.AnswerRefuse, porting.AuthorizationRevoked, "subscriber")
	w.requireEnd(porting.OutcomeRejected, porting.AuthorizationRevoked)

	forged := letGo(t, leave{confirm: true, knows: &porting.Known{}, script: []leaveBeat{then(h, sayYes)}})
	forged.requireAnswer(porting.AnswerRefuse, porting.AuthorizationRevoked, "policy")
}
