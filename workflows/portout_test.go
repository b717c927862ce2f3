package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestPortOutOnAGoodDay(t *testing.T) {
	t.Parallel()
	w := letGo(t, leave{})
	w.requireEnd(porting.OutcomeCompleted, "")
	w.requireAnswer(porting.AnswerApprove, "", "checks")
	require.Less(t, w.answeredAfter(), time.Minute, "the rules allow no delay")
	require.Equal(t, "received accepted screened notified answered activated released note verified", w.events())
	require.Equal(t, []porting.NoticeEvent{porting.NoticeRequested, porting.NoticeReleased}, w.notices)
	require.Equal(t, porting.NumberMoved, w.status().Numbers[0].Status)
	require.False(t, w.attention)
}

func TestPortOutAnswers(t *testing.T) {
	t.Parallel()
	elsewhere := false
	for _, c := range []struct {
		leave
		kind      porting.AnswerKind
		why       porting.Reason
		by        string
		outcome   porting.Outcome
		attention bool
	}{
		{leave{name: "wrong PIN", blocked: porting.PINMismatch}, porting.AnswerRefuse, porting.PINMismatch, "checks", porting.OutcomeRejected, false},
		{leave{name: "locked", blocked: porting.PortProtected}, porting.AnswerRefuse, porting.PortProtected, "checks", porting.OutcomeRejected, false},
		{leave{name: "still arriving", claimed: porting.NumberInUse}, porting.AnswerRefuse, porting.NumberInUse, "checks", porting.OutcomeRejected, false},
		{leave{name: "reply no", risk: porting.RiskMedium, people: 1, script: []leaveBeat{then(h, sayNo)}}, porting.AnswerRefuse, porting.AuthorizationRevoked, "subscriber", porting.OutcomeRejected, false},
		{
			leave{name: "reply no without a ground", risk: porting.RiskMedium, people: 1, grounds: []porting.Reason{porting.PINMismatch}, script: []leaveBeat{then(h, sayNo)}},
			porting.AnswerApprove, "", "policy", porting.OutcomeCompleted, true,
		},
		{leave{name: "reply yes, nobody decides", risk: porting.RiskMedium, people: 1, script: []leaveBeat{then(h, sayYes)}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted, true},
		{leave{name: "confirmed as asked", confirm: true, script: []leaveBeat{then(h, sayYes)}}, porting.AnswerApprove, "", "checks", porting.OutcomeCompleted, false},
		{leave{name: "never confirmed", confirm: true}, porting.AnswerRefuse, porting.AuthorizationRevoked, "policy", porting.OutcomeRejected, false},
		{leave{name: "people approve", risk: porting.RiskHigh, people: 1, script: []leaveBeat{then(2*h, approveIt)}}, porting.AnswerApprove, "", "people", porting.OutcomeCompleted, false},
		{leave{name: "people reject", risk: porting.RiskHigh, people: 1, script: []leaveBeat{then(2*h, rejectIt(porting.PINMismatch))}}, porting.AnswerRefuse, porting.PINMismatch, "people", porting.OutcomeRejected, false},
		{leave{name: "people reject unlawfully", risk: porting.RiskHigh, people: 1, script: []leaveBeat{then(2*h, rejectIt(porting.UnpaidBalance))}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted, true},
		{leave{name: "high risk, nobody decides, no ground", risk: porting.RiskHigh, people: 2}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted, true},
		{
			leave{name: "high risk, nobody decides, a ground", risk: porting.RiskHigh, people: 2, grounds: []porting.Reason{porting.SuspectedFraud}},
			porting.AnswerRefuse, porting.SuspectedFraud, "policy", porting.OutcomeRejected, false,
		},
		{
			leave{name: "stopped before the answer", risk: porting.RiskHigh, people: 1, script: []leaveBeat{then(h, stopIt)}},
			porting.AnswerRefuse, porting.AuthorizationRevoked, "subscriber", porting.OutcomeRevoked, false,
		},
		{
			leave{name: "stopped where the recipient alone can", risk: porting.RiskMedium, people: 1, revoke: &elsewhere, script: []leaveBeat{then(h, stopIt)}},
			porting.AnswerApprove, "", "policy", porting.OutcomeCompleted, true,
		},
		{leave{name: "on hold until the last moment", risk: porting.RiskMedium, people: 1, script: []leaveBeat{then(h, holdIt)}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted, true},
		{leave{name: "held and resumed", risk: porting.RiskMedium, people: 1, script: []leaveBeat{then(h, holdIt), then(2*h, resumeIt), then(3*h, approveIt)}}, porting.AnswerApprove, "", "people", porting.OutcomeCompleted, false},
		{leave{name: "never activated", idle: true}, porting.AnswerApprove, "", "checks", porting.OutcomeExpired, false},
		{leave{name: "the gate does not believe the checks", withheld: []porting.Refusal{{Reason: porting.ApprovalVoid, Note: "screened anew"}}}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted, true},
		{
			leave{name: "worse at the gate, and people look again", risk: porting.RiskMedium, people: 1, worse: worse(), script: []leaveBeat{then(2*h, approveIt), then(4*h, approveIt)}},
			porting.AnswerApprove, "", "people", porting.OutcomeCompleted, false,
		},
		{
			leave{name: "worse at the gate, and nobody looks again", risk: porting.RiskMedium, people: 1, worse: worse(), grounds: []porting.Reason{porting.SuspectedFraud}, script: []leaveBeat{then(2*h, approveIt)}},
			porting.AnswerRefuse, porting.SuspectedFraud, "policy", porting.OutcomeRejected, false,
		},
		{leave{name: "worse at the gate than the checks found", worse: worse()}, porting.AnswerApprove, "", "policy", porting.OutcomeCompleted, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := letGo(t, c.leave)
			w.requireAnswer(c.kind, c.why, c.by)
			require.Equal(t, c.outcome, w.status().Outcome, "%s", w.events())
			require.Equal(t, c.attention, w.attention, "%s", w.events())
		})
	}
}

// worse is what the gate finds when something changed after the decision.
func worse() *porting.Findings {
	return &porting.Findings{Risk: porting.RiskHigh, Notes: []string{"fraud policy: the contact changed"}, Policy: &porting.Policy{People: 1}, Nonce: "anew"}
}

// The operator's page says who is waited for, what can be done, and what happens if nobody acts.
func TestPortOutPage(t *testing.T) {
	t.Parallel()
	pages := map[string]string{}
	look := func(name string) leaveBeat {
		return then(map[string]time.Duration{"deciding": h, "answered": 3 * h, "releasing": 6 * h}[name], func(w *leaveWorld) { pages[name] = w.page() })
	}
	letGo(t, leave{risk: porting.RiskHigh, people: 1, script: []leaveBeat{look("deciding"), then(2*h, approveIt), look("answered"), look("releasing")}})
	for _, want := range []string{"In deciding, waiting for the approver", "`decide`", "`customer-reply`", "`revoke`", "authority_at", "`hold`", "If nobody acts", "policy answers"} {
		require.Contains(t, pages["deciding"], want)
	}
	require.NotContains(t, pages["deciding"], "`amend`")
	require.Contains(t, pages["answered"], "waiting for the carrier")
	require.NotContains(t, pages["answered"], "`decide`")
	require.Contains(t, pages["releasing"], "`dispute`")
	require.NotContains(t, pages["releasing"], "`revoke`")
}

// Without rules nothing lawful can be answered: a person must call the recipient, and sees it.
func TestNumbersWithoutRules(t *testing.T) {
	t.Parallel()
	w := letGo(t, leave{ruleless: true})
	w.requireEnd(porting.OutcomeRejected, porting.OrderInvalid)
	require.Empty(t, w.answers)
	require.True(t, w.attention)
}

func TestWithdrawnByTheRecipient(t *testing.T) {
	t.Parallel()
	before := letGo(t, leave{risk: porting.RiskHigh, people: 1, script: []leaveBeat{then(h, withdrawIt)}})
	before.requireEnd(porting.OutcomeCancelled, porting.WithdrawnByCustomer)
	require.Empty(t, before.answers, "nothing is left to answer")

	after := letGo(t, leave{idle: true, script: []leaveBeat{then(h, withdrawIt)}})
	after.requireEnd(porting.OutcomeCancelled, porting.WithdrawnByCustomer)
	require.Zero(t, after.released)
}

// The subscriber revokes while an approval is under way, and the ledger is away. What was approved is taken back when the
// ledger knows why: before, the gate takes nothing back.
func TestPortOutStoppedWhileItIsApproved(t *testing.T) {
	t.Parallel()
	w := letGo(t, leave{
		down: map[string]down{
			porting.StepAnswer:     {0, 65 * time.Second},
			porting.StepCloseFence: {0, 2 * time.Minute},
		},
		risk: porting.RiskMedium, people: 1,
		script: []leaveBeat{then(time.Minute, approveIt), then(61*time.Second, stopIt)},
	})
	w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
	w.requireAnswer(porting.AnswerApprove, "", "people")
	require.Equal(t, porting.AnswerCancel, w.answers[1].Kind)
	require.Zero(t, w.released)
}

func TestRevokedAfterTheApproval(t *testing.T) {
	t.Parallel()
	w := letGo(t, leave{script: []leaveBeat{then(h, stopIt)}})
	w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
	require.Equal(t, porting.AnswerCancel, w.answers[1].Kind)
	require.Zero(t, w.released)
	require.Empty(t, w.backs)

	no := letGo(t, leave{script: []leaveBeat{then(h, sayNo)}})
	no.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
}

// A saga that was reset to before the subscriber revoked finds its approval given. The ledger has not forgotten.
func TestAnApprovalOfAnotherRunIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newLeaveWorld(t, leave{idle: true})
	w.fence, w.stopped, w.carrier.State = "leaving", true, porting.CarrierConfirmed
	w.execute()
	w.requireLaws()
	w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
	require.Equal(t, porting.AnswerCancel, w.answers[0].Kind)
}

func TestNumbersThatLeftAlthoughRevokedComeBack(t *testing.T) {
	t.Parallel()
	w := letGo(t, leave{defiant: true, idle: true, script: []leaveBeat{then(h, stopIt)}})
	w.requireEnd(porting.OutcomeReversed, porting.AuthorizationRevoked)
	require.Zero(t, w.released, "they work here until they are back")
	require.Len(t, w.backs, 1)
}

func TestADisputedPortOutComesBack(t *testing.T) {
	t.Parallel()
	w := letGo(t, leave{script: []leaveBeat{then(5*h, dispute)}})
	w.requireEnd(porting.OutcomeReversed, porting.UnauthorisedPort)
	require.Len(t, w.backs, 1)
	back := w.backs[0]
	require.Equal(t, &porting.Return{Port: "po-test", Reason: porting.UnauthorisedPort}, back.Returns)
	require.Equal(t, []string{"Other Mobile", "Acme Voice"}, []string{back.Donor.Name, back.Recipient.Name})
	require.Equal(t, []porting.Number{"+12025550123"}, back.Numbers)
	require.NotEmpty(t, w.status().Leaving.PortBack)
	require.Equal(t, porting.NumberMovedBack, w.status().Numbers[0].Status)

	stays := letGo(t, leave{back: porting.OutcomeRejected, script: []leaveBeat{then(5*h, dispute)}})
	stays.requireEnd(porting.OutcomeDisputed, porting.UnauthorisedPort)

	late := letGo(t, leave{script: []leaveBeat{then(40*h, asks(porting.MsgDispute, porting.Dispute{By: "ben@care"}))}})
	late.requireEnd(porting.OutcomeCompleted, "")
}

// A port-back has the clock of a reverse port, then that of a dispute; a person hears of each that ends. The number may be back
// after the first, and what is not back after the second is lost to this port.
func TestTheClocksOfADispute(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takes   time.Duration
		called  int
		outcome porting.Outcome
	}{
		"back in time":                   {day, 0, porting.OutcomeReversed},
		"back after the reverse clock":   {pack["reverse"] + h, 1, porting.OutcomeReversed},
		"not back after the dispute":     {pack["reverse"] + pack["dispute"] + 30*day, 2, porting.OutcomeDisputed},
		"back at the end of the dispute": {pack["reverse"] + pack["dispute"] - h, 1, porting.OutcomeReversed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLeaveWorld(t, leave{backIn: c.takes, script: []leaveBeat{then(5*h, dispute)}})
			w.execute()
			w.requireEnd(c.outcome, porting.UnauthorisedPort)
			called := 0
			for _, e := range w.status().Timeline {
				if strings.Contains(e.Note, "the numbers are not back") {
					called++
				}
			}
			require.Equal(t, c.called, called, "%v", w.status().Timeline)
			require.Equal(t, c.called > 0, w.attention)
		})
	}
}

// Whoever is to decide is warned when half and four fifths of the time are gone, and told of the last moment.
func TestTheAnswersClockWarns(t *testing.T) {
	t.Parallel()
	w := letGo(t, leave{risk: porting.RiskMedium, people: 1})
	var warned []time.Duration
	for _, e := range w.status().Timeline {
		if e.Event == porting.EventWarned {
			warned = append(warned, e.At.Sub(start))
		}
	}
	require.Equal(t, []time.Duration{day / 2, day * 4 / 5, day * 9 / 10}, warned)
	require.Equal(t, day*9/10, w.answeredAfter().Round(time.Minute))
}

// A request is the recipient's, so cancelling the saga does not leave it without an answer.
func TestCancelledInTemporalStillAnswers(t *testing.T) {
	t.Parallel()
	for _, when := range []time.Duration{time.Second, h, 23 * h, 25 * h} {
		w := letGo(t, leave{risk: porting.RiskMedium, people: 1, script: []leaveBeat{then(when, cancelIt)}})
		w.requireAnswer(porting.AnswerApprove, "", "policy")
		w.requireEnd(porting.OutcomeCompleted, "")
	}
}

// Whoever is away for most of the time, the answer goes out before the counterparty would answer for us.
func TestAnswersAlthoughStepsWereDown(t *testing.T) {
	t.Parallel()
	almost := day - time.Minute
	for name, away := range map[string]map[string]down{
		"claim":             {porting.StepClaimLeaving: {0, 10 * day}},
		"screening":         {porting.StepScreenLeaving: {0, 10 * day}},
		"notices":           {porting.StepNotify: {0, 10 * day}},
		"the whole gate":    {porting.StepClaimLeaving: {0, almost}, porting.StepScreenLeaving: {0, almost}, porting.StepNotify: {0, almost}, porting.StepAnswer: {0, almost}},
		"the answer's step": {porting.StepAnswer: {0, almost}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := letGo(t, leave{down: away})
			require.Equal(t, porting.AnswerApprove, w.answers[0].Kind)
			require.Less(t, w.answeredAfter(), day)
			require.Equal(t, porting.OutcomeCompleted, w.status().Outcome)
		})
	}
}

// Where nobody could answer in time, the breach is written down at its instant, a person is called, and what our answer
// would have kept comes back.
func TestABreachIsRecordedAndMended(t *testing.T) {
	t.Parallel()
	c := leave{down: map[string]down{porting.StepAnswer: {0, day + h}}, blocked: porting.PINMismatch}
	w := newLeaveWorld(t, c)
	w.execute()
	s := w.status()
	require.Equal(t, porting.OutcomeReversed, s.Outcome, "%s", w.events())
	require.Len(t, w.backs, 1)
	require.Empty(t, w.answers, "the counterparty had answered by itself")
	for _, e := range s.Timeline {
		if e.Event == porting.EventBreached {
			require.Equal(t, start.Add(day), e.At)
			return
		}
	}
	require.Fail(t, "no breach", "%s", w.events())
}
