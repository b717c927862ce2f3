package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

var (
	anotherMoment = porting.Correction{Owner: "us", Fix: "send it again in business hours", Automatic: true}
	anotherDate   = porting.Correction{Owner: "us", Fix: "leave the date to the carrier", Automatic: true, AnyDate: true}
)

func rejectsTimes(n int) map[string][]reply {
	return map[string][]reply{porting.StepSubmit: times(n, reply{state: porting.CarrierRejected})}
}

func wishing(date string) func(*porting.Order) {
	return func(o *porting.Order) { o.Wishes.DueDate = date }
}

// What needs no people is sent again after the pack's pause: a new version, for which the decisions still hold.
func TestMendsItself(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{
		order: wishing("2026-03-06"), plan: anotherMoment, replies: rejectsTimes(1),
		script: approved(at(90*time.Minute, waits(porting.Exception, porting.WaitingNobody, 2*h)), at(110*time.Minute, lookAt("exception"))),
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Contains(t, w.pages["exception"], "the order is sent again by itself")
	require.Equal(t, "decision approved carrier-rejected deadline-near amended screened approved submitted foc-received activation-started activated verified", w.events(h))
	require.Equal(t, []string{"order version 2, sent again by itself: send it again in business hours"}, w.notes(porting.EventAmended))
	require.Empty(t, w.notes(porting.EventEscalated))

	require.Equal(t, []int{1, 2}, []int{w.sent[0].Version, w.sent[1].Version})
	require.Equal(t, "2026-03-06", w.sent[1].Wishes.DueDate, "the wish stays where the date is not at fault")
	require.Equal(t, 2, w.gate[0].Ref.Version)
	ruling, _ := w.gate[0].Policy.Decide(porting.Facts{Version: 2, Submitter: w.gate[0].Submitter}, w.gate[0].Decisions)
	require.Equal(t, porting.RulingApproved, ruling, "the gate gets the decision for the version that it activates")
}

func TestMendsItsDate(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{order: wishing("2026-03-03"), plan: anotherDate, replies: rejectsTimes(1), script: approved()})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Equal(t, "2026-03-03", w.sent[0].Wishes.DueDate)
	require.Empty(t, w.sent[1].Wishes.DueDate, "the carrier chooses")
	require.Empty(t, w.notes(porting.EventEscalated), "no wish is left that the FOC could miss")
}

// People may know better, and then they decide again.
func TestPeopleMendBeforeTheSagaDoes(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{plan: anotherDate, replies: rejectsTimes(1), script: approved(at(90*time.Minute, amend), at(5*h, func(w *world) {
		require.Equal(w.t, porting.Verifying, w.status().Stage)
		require.Len(w.t, w.sent, 1)
	}), at(6*h, approve))})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Equal(t, []string{"order version 2; earlier approvals are void"}, w.notes(porting.EventAmended))
	require.Equal(t, "4412-77", w.sent[1].Account.Number)
}

func TestMendsItselfNotOnHold(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{plan: anotherMoment, replies: rejectsTimes(1), script: approved(at(90*time.Minute, hold), at(9*h, func(w *world) { require.Len(w.t, w.sent, 1) }),
		at(10*h, resume), at(10*h+time.Minute, waits(porting.Exception, porting.WaitingNobody, 10*h+30*time.Minute)))})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Equal(t, "resumed deadline-near amended screened approved submitted foc-received activation-started activated verified", w.events(10*h))
}

func TestRevokedBeforeItMendsItself(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{plan: anotherMoment, replies: rejectsTimes(1), script: approved(at(90*time.Minute, revoke))})
	w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
	require.Len(t, w.sent, 1)
	require.Equal(t, []string{cancel, release}, w.undone())
}

// A pack sets a limit to the versions of an order. The last rejection is then the carrier's answer.
func TestVersionsRunOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scenario
		sent int
	}{
		"mended by itself":        {scenario{plan: anotherMoment, tries: 3, replies: rejectsTimes(3), script: approved()}, 3},
		"mended by people":        {scenario{tries: 2, replies: rejectsTimes(2), script: approved(at(2*h, amend), at(3*h, approve))}, 2},
		"no second try":           {scenario{tries: 1, replies: rejectsTimes(1), script: approved()}, 1},
		"rejected after a while":  {scenario{tries: 1, silent: true, script: approved(at(2*h, becomes(porting.CarrierRejected)))}, 1},
		"rejected after the FOC":  {scenario{tries: 1, script: approved(at(10*h, becomes(porting.CarrierRejected)))}, 1},
		"rejected before its try": {scenario{tries: 1, script: approved(at(10*h, hold), at(150*h, becomes(porting.CarrierRejected)))}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := run(t, c.scenario)
			w.requireEnd(porting.OutcomeRejected, porting.AccountNumberMismatch)
			require.Len(t, w.sent, c.sent)
			require.Len(t, w.notes(porting.EventCarrierRefused), 1)
			require.Contains(t, w.notes(porting.EventCarrierRefused)[0], "ACCOUNT_NUMBER_MISMATCH (8A)")
			require.Equal(t, []string{cancel, release}, w.undone())
		})
	}
}

// Who must mend the order is whom the port waits for.
func TestWhoMendsARejection(t *testing.T) {
	t.Parallel()
	for owner, who := range map[string]porting.Waiting{
		"": porting.WaitingCustomer, "customer": porting.WaitingCustomer, "donor": porting.WaitingCarrier, "carrier": porting.WaitingCarrier,
		"recipient": porting.WaitingOperator, "us": porting.WaitingOperator,
	} {
		t.Run("owner "+owner, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{
				plan: porting.Correction{Owner: owner, Fix: "ask for the latest bill"}, replies: rejectsTimes(1),
				script: approved(at(2*h, waits(porting.Exception, who, 1*h+10*day)), at(3*h, revoke)),
			})
			require.Equal(t, []string{"ACCOUNT_NUMBER_MISMATCH (8A); " + owner + ": ask for the latest bill"}, w.notes(porting.EventCarrierRejected))
		})
	}
}

// A carrier that rejects while a refused activation waits for its next try sends the order back to people.
func TestRejectedBetweenTwoTriesOfTheActivation(t *testing.T) {
	t.Parallel()
	refusal := &porting.Refusal{Reason: porting.NetworkNotReady, Note: "not ready"}
	w := run(t, scenario{
		replies: map[string][]reply{porting.StepActivate: {{refused: refusal}}},
		script:  approved(at(105*h, becomes(porting.CarrierRejected)), at(106*h, amend), at(107*h, approve)),
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Equal(t, "activation-started activation-failed escalated carrier-rejected amended screened decision approved submitted foc-received activation-started activated verified", w.events(50*h))
}
