package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

func TestUpdatesAreAnswered(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}}, script: []beat{
		at(1*h, update(porting.MsgNote, porting.Note{By: "ana@desk", Text: "called"})),
		at(2*h, update(porting.MsgDecide, porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk", OrderVersion: 1})),
		at(3*h, update(porting.MsgAmend, porting.Amend{By: "ana@desk", AccountNumber: "4412-77"})),
		at(4*h, update(porting.MsgDecide, porting.Decide{ID: "d-2", Decision: porting.Approve, By: "ana@desk", OrderVersion: 2})),
		at(5*h, update(porting.MsgCarrierEvent, porting.CarrierEvent{By: "webhook"})),
	}})
	w.requireEnd(porting.OutcomeCompleted, "")

	var said []porting.Answer
	for _, a := range w.answers {
		require.True(t, a.accepted)
		require.NoError(t, a.err)
		said = append(said, a.says)
	}
	require.Equal(t, []porting.Answer{
		{ID: "pi-test", Accepted: true, Stage: porting.Verifying, Says: "noted"},
		{ID: "pi-test", Accepted: true, Stage: porting.Verifying, Says: "decision recorded: approve"},
		{ID: "pi-test", Accepted: true, Stage: porting.Exception, Says: "amended: order version 2"},
		{ID: "pi-test", Accepted: true, Stage: porting.Verifying, Says: "decision recorded: approve"},
		{ID: "pi-test", Accepted: true, Stage: porting.Submitted, Says: "heard; the carrier is read back"},
	}, said)
	require.Equal(t, "4412-77", w.sent[1].Account.Number)
	require.Equal(t, 2, w.sent[1].Version)
}

// A validator's refusal travels as a typed error, so that the command line can print it and exit with its code.
func TestUpdatesAreRefusedWithTheirCode(t *testing.T) {
	t.Parallel()
	approveAs := func(d porting.Decide) act {
		d.Decision = porting.Approve
		return update(porting.MsgDecide, d)
	}
	for _, c := range []struct {
		code string
		send act
		exit int
	}{
		{"decision-unknown", update(porting.MsgDecide, porting.Decide{Decision: "maybe", By: "ana@desk"}), 2},
		{"by-missing", approveAs(porting.Decide{}), 2},
		{"submitter-may-not-decide", approveAs(porting.Decide{By: "sue@shop"}), 3},
		{"stage-moved-on", approveAs(porting.Decide{By: "ana@desk", Stage: porting.Exception}), 3},
		{"order-moved-on", approveAs(porting.Decide{By: "ana@desk", OrderVersion: 7}), 3},
		{"port-not-in-exception", update(porting.MsgAmend, porting.Amend{By: "ana@desk"}), 3},
		{"note-length", update(porting.MsgNote, porting.Note{By: "ana@desk"}), 2},
	} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{script: []beat{at(1*h, c.send), at(2*h, approve)}})
			w.requireEnd(porting.OutcomeCompleted, "")
			require.Equal(t, "received accepted screened decision approved submitted foc-received activation-started activated verified", w.events(0),
				"a refused update leaves no trace")

			require.Len(t, w.answers, 1)
			require.False(t, w.answers[0].accepted)
			var typed *temporal.ApplicationError
			require.ErrorAs(t, w.answers[0].err, &typed)
			require.Equal(t, c.code, typed.Type())
			require.True(t, typed.NonRetryable())
			require.Equal(t, temporal.ApplicationErrorCategoryBenign, typed.Category())
			var refusal *porting.Error
			require.NoError(t, typed.Details(&refusal))
			require.Equal(t, c.code, refusal.Code)
			require.Equal(t, "pi-test", refusal.Object)
			require.Equal(t, c.exit, porting.ExitCode(refusal))
		})
	}
}

func TestReceiveUpdate(t *testing.T) {
	t.Parallel()
	ask := at(1*h, update(porting.UpdateReceive))
	hanging := map[string][]reply{porting.StepReceive: {{late: 2 * h}}}
	t.Run("accepted", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{replies: hanging, script: []beat{ask, at(5*h, approve)}})
		require.Equal(t, porting.Answer{ID: "pi-test", Accepted: true, Stage: porting.Screening, Says: "wireline in the US"}, w.answers[0].says)
		require.Equal(t, start.Add(2*h), w.answers[0].at, "the answer waits for the ledger, and for nothing else")
	})
	t.Run("accepted long ago", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{script: []beat{ask, at(5*h, approve)}})
		require.Equal(t, porting.Answer{ID: "pi-test", Accepted: true, Stage: porting.Verifying, Says: "wireline in the US"}, w.answers[0].says)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		held := &porting.Refusal{Reason: porting.NumberInUse, Note: "pi-other holds +1…0123"}
		w := run(t, scenario{replies: map[string][]reply{porting.StepReceive: {{late: 2 * h, refused: held}}}, script: []beat{ask}})
		w.requireEnd(porting.OutcomeRejected, porting.NumberInUse)
		require.Equal(t, []string{"ReceiveOrder", "ClosePort:rejected"}, w.steps)
		require.Equal(t, "received refused undone rolled-back", w.events(0))
		require.False(t, w.answers[0].says.Accepted)
		require.Equal(t, porting.NumberInUse, w.answers[0].says.Reason)
		require.Equal(t, "pi-other holds +1…0123", w.answers[0].says.Says)
	})
	t.Run("cancelled in Temporal meanwhile", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{replies: hanging, script: []beat{ask, at(90*time.Minute, cancelInTemporal)}})
		w.requireCanceled()
		require.NoError(t, w.answers[0].err)
		require.False(t, w.answers[0].says.Accepted, "what is rolled back was not accepted")
	})
	t.Run("revoked meanwhile", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{replies: hanging, script: []beat{ask, at(90*time.Minute, revoke)}})
		w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
		require.NoError(t, w.answers[0].err)
		require.False(t, w.answers[0].says.Accepted, "what is rolled back was not accepted")
	})
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	approvedBy := func(by string) act {
		return signal(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: by})
	}
	declined := "declined undone rolled-back"
	for _, c := range []struct {
		name    string
		script  []beat
		replies map[string][]reply
		outcome porting.Outcome
		reason  porting.Reason
		events  string
	}{
		{
			name: "a person rejects", script: []beat{at(1*h, reject)},
			outcome: porting.OutcomeRejected, reason: porting.Declined, events: "received accepted screened decision " + declined,
		},
		{
			name:    "a reject wins over an approval of the same moment",
			script:  []beat{at(1*h, inPassing(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ana@desk"}), reject)},
			outcome: porting.OutcomeRejected, reason: porting.Declined, events: "received accepted screened decision decision " + declined,
		},
		{
			name: "the submitter's approval does not count", script: []beat{at(1*h, approvedBy("sue@shop")), at(2*h, reject)},
			outcome: porting.OutcomeRejected, reason: porting.Declined, events: "received accepted screened message-ignored decision " + declined,
		},
		{
			name:    "too early is recorded and forgotten",
			replies: map[string][]reply{porting.StepScreen: {{late: 2 * h}}}, script: []beat{at(1*h, approve), at(3*h, reject)},
			outcome: porting.OutcomeRejected, reason: porting.Declined, events: "received accepted message-ignored screened decision " + declined,
		},
		{
			name:    "screening finds a lawful ground to refuse",
			replies: map[string][]reply{porting.StepScreen: {{refused: &porting.Refusal{Reason: porting.NumberNotPortable, Note: "not portable"}}}},
			outcome: porting.OutcomeRejected, reason: porting.NumberNotPortable, events: "received accepted blocked undone rolled-back",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{replies: c.replies, script: c.script})
			w.requireEnd(c.outcome, c.reason)
			require.Equal(t, c.events, w.events(0))
			require.NotContains(t, w.steps, porting.StepSubmit)
		})
	}
}

// An approval is for one version of the order: after a correction people decide again.
func TestEarlierApprovalIsVoid(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{
		replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}},
		script: []beat{at(1*h, approve), at(2*h, amend), at(3*h, func(w *world) {
			require.Equal(w.t, porting.Verifying, w.status().Stage)
			require.Len(w.t, w.sent, 1)
		}), at(4*h, approve)},
	})
	w.requireEnd(porting.OutcomeCompleted, "")

	require.Equal(t, []string{"order version 2; earlier approvals are void"}, w.notes(porting.EventAmended))
	require.Equal(t, []string{"order version 1", "order version 2"}, w.notes(porting.EventApproved))
	require.Equal(t, []int{1, 2}, []int{w.sent[0].Version, w.sent[1].Version})
	require.Equal(t, []string{"LSR pi-test/2"}, w.notes(porting.EventSubmitted))
}

func TestRepeatedMessages(t *testing.T) {
	t.Parallel()
	decide := signal(porting.MsgDecide, porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk"})
	amendOnce := signal(porting.MsgAmend, porting.Amend{ID: "a-1", By: "ana@desk", AccountNumber: "4412-77"})
	w := run(t, scenario{
		replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}},
		script:  []beat{at(1*h, decide, decide), at(2*h, amendOnce, amendOnce), at(3*h, approve)},
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Len(t, w.status().Decisions, 2)
	require.Equal(t, 2, w.status().OrderVersion)
}

func TestRevokedTwice(t *testing.T) {
	t.Parallel()
	revokeAs := func(by string, why porting.Reason) act {
		return update(porting.MsgRevoke, porting.Revoke{By: by, Reason: why})
	}
	w := run(t, scenario{
		replies: map[string][]reply{porting.StepCancel: {{state: porting.CarrierCancelPending, then: []beat{at(2*h, becomes(porting.CarrierCancelled))}}}},
		script:  []beat{at(1*h, approve), at(10*h, revokeAs("ben@care", porting.WithdrawnByCustomer)), at(11*h, revokeAs("eve", porting.UnauthorisedPort))},
	})
	w.requireEnd(porting.OutcomeRevoked, porting.WithdrawnByCustomer)
	require.Equal(t, "revoked undone undone rolled-back", w.events(10*h))
	require.Len(t, w.answers, 2)
	for _, a := range w.answers {
		require.NoError(t, a.err)
		require.True(t, a.says.Accepted)
		require.Equal(t, "revoked: no activation from now on; the port is rolled back", a.says.Says)
	}
}

// The answer to a revocation waits until the fence is closed, however long that takes.
func TestRevocationIsAnsweredAfterTheFence(t *testing.T) {
	t.Parallel()
	slowFence := map[string][]reply{porting.StepCloseFence: {{late: 2 * h}}}
	revokeAt := at(10*h, update(porting.MsgRevoke, porting.Revoke{By: "ben@care"}))
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{replies: slowFence, script: []beat{at(1*h, approve), revokeAt}})
		w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
		require.Equal(t, start.Add(12*h), w.answers[0].at)
	})
	t.Run("and cancelled in Temporal meanwhile", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{replies: slowFence, script: []beat{at(1*h, approve), revokeAt, at(11*h, cancelInTemporal)}})
		w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
		require.NoError(t, w.answers[0].err)
		require.True(t, w.answers[0].says.Accepted)
		require.Equal(t, start.Add(12*h), w.answers[0].at)
	})
	t.Run("after Temporal cancelled", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{replies: slowFence, script: []beat{at(1*h, approve), at(9*h, cancelInTemporal), revokeAt}})
		require.Equal(t, porting.OutcomeRevoked, w.status().Outcome)
		require.Len(t, w.answers, 1)
		require.NoError(t, w.answers[0].err)
		require.Equal(t, start.Add(11*h), w.answers[0].at)
	})
	t.Run("the fence cannot be closed", func(t *testing.T) {
		t.Parallel()
		broken := map[string][]reply{porting.StepCloseFence: {{err: temporal.NewNonRetryableApplicationError("no such port", "port-unknown", nil)}}}
		w := run(t, scenario{replies: broken, script: []beat{at(1*h, approve), revokeAt}})
		w.requireEnd(porting.OutcomeRevoked, porting.AuthorizationRevoked)
		require.Contains(t, w.events(10*h), "escalated")
		require.NotContains(t, w.answers[0].says.Says, "report an unauthorised port")
	})
}

// A revocation that comes while the port is verified and closed was promised the way back, and gets it.
func TestRevokedInTheLastMoment(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]act{"signal": revoke, "update": update(porting.MsgRevoke, porting.Revoke{By: "ben@care"})} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := run(t, scenario{replies: map[string][]reply{porting.StepVerify: {{late: 2 * h}}}, script: []beat{at(1*h, approve), at(125*h, send)}})
			w.requireEnd(porting.OutcomeReversed, porting.AuthorizationRevoked)
			require.Equal(t, "revoked undone undone undone rolled-back", w.events(125*h))
		})
	}
	t.Run("cancelled in Temporal", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{replies: map[string][]reply{porting.StepVerify: {{late: 2 * h}}}, script: []beat{at(1*h, approve), at(125*h, cancelInTemporal)}})
		w.requireCanceled()
		require.Equal(t, porting.OutcomeReversed, w.status().Outcome)
	})
	t.Run("together with the answer", func(t *testing.T) {
		t.Parallel()
		w := run(t, scenario{script: []beat{at(1*h, approve)}, replies: map[string][]reply{
			porting.StepVerify: {{meanwhile: []act{inPassing(porting.MsgRevoke, porting.Revoke{By: "ben@care"})}}},
		}})
		w.requireEnd(porting.OutcomeCompleted, "")
		require.Equal(t, "verified message-ignored", w.events(101*h), "too late, and told so")
	})
}

// What arrives together with the last answer of the world is still heard.
func TestDrain(t *testing.T) {
	t.Parallel()
	note := inPassing(porting.MsgNote, porting.Note{By: "ana@desk", Text: "in time?"})
	w := run(t, scenario{
		replies: map[string][]reply{porting.StepVerify: {{meanwhile: []act{note, note, inPassing(porting.MsgCarrierEvent, porting.CarrierEvent{})}}}},
		script:  []beat{at(1*h, approve)},
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Len(t, w.notes(porting.EventIgnored), 3, "every message is in the timeline: %s", w.events(100*h))
}

func TestOpenMessages(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{script: []beat{at(1*h, reject)}})
	offered := map[string]string{}
	for _, s := range w.metadata().GetDefinition().GetSignalDefinitions() {
		offered["signal "+s.GetName()] = s.GetDescription()
	}
	for _, u := range w.metadata().GetDefinition().GetUpdateDefinitions() {
		offered["update "+u.GetName()] = u.GetDescription()
	}
	for _, doc := range porting.MessageDocs {
		for _, as := range []string{"signal ", "update "} {
			require.Contains(t, offered[as+doc.Name], doc.Description)
			require.Contains(t, offered[as+doc.Name], doc.Example, "a body to paste")
		}
	}
	require.NotEmpty(t, offered["update "+porting.UpdateReceive])
}
