package workflows_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// signs is a signed decision of a person; in this world the statement is their name.
func signs(person, decision string) porting.Decide {
	return porting.Decide{ID: person + "-" + decision, Decision: decision, Statement: []byte(person), Signature: "armor"}
}

// reset makes another run of the saga, as the engine does on a Reset.
func reset(w *world) { w.run = "run-2" }

var void = &porting.Refusal{Reason: porting.ApprovalVoid, Note: "1 more person must approve"}

func TestSignedDecisionApproves(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{signed: true, script: []beat{
		at(1*h, update(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ben@desk"})),
		at(2*h, update(porting.MsgDecide, signs("ben", porting.Approve))),
	}})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.ErrorContains(t, w.answers[0].err, "signed decisions only")
	require.NoError(t, w.answers[1].err)
	require.Equal(t, "decision recorded: approve", w.answers[1].says.Says)
	require.Equal(t, []string{"approve (signed)"}, w.notes(porting.EventDecision))
	require.Len(t, w.decided, 1)
	require.Equal(t, "armor", w.decided[0].Proof.Signature, "the gate gets the proof")
	require.Equal(t, "armor", w.gate[0].Decisions[0].Proof.Signature)
	require.Equal(t, porting.GateProtocol, w.gate[0].Protocol)
	require.Nil(t, w.status().Decisions[0].Proof, "and nobody else")
}

func TestSignedDecisionBySignal(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{
		signed: true, replies: map[string][]reply{porting.StepDecision: {{refused: void}}},
		script: []beat{
			at(1*h, signal(porting.MsgDecide, signs("mallory", porting.Approve))),
			at(2*h, signal(porting.MsgDecide, signs("ben", porting.Approve))),
		},
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Len(t, w.notes(porting.EventIgnored), 1)
	require.Contains(t, w.notes(porting.EventIgnored)[0], void.Note)
	require.Equal(t, "ben", w.status().Decisions[0].By)
}

// Who sends the same statement again, by whatever way, decides once.
func TestSignedDecisionCountsOnce(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{signed: true, policy: &porting.Policy{People: 2}, script: []beat{
		at(1*h, update(porting.MsgDecide, signs("ben", porting.Approve))),
		at(2*h, signal(porting.MsgDecide, signs("ben", porting.Approve)), waits(porting.Verifying, porting.WaitingApprover, 3*day)),
		at(3*h, update(porting.MsgDecide, signs("fay", porting.Approve))),
	}})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Len(t, w.status().Decisions, 2)
}

func TestSignedRejectStops(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{signed: true, policy: &porting.Policy{People: 2}, script: []beat{
		at(1*h, update(porting.MsgDecide, signs("ben", porting.Approve))),
		at(2*h, update(porting.MsgDecide, signs("fay", porting.Reject))),
	}})
	w.requireEnd(porting.OutcomeRejected, porting.Declined)
	require.Empty(t, w.sent)
}

// A policy may leave a harmless port to the checks.
func TestPolicyThatAsksNobody(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{signed: true, policy: &porting.Policy{}})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Contains(t, w.notes(porting.EventApproved), "order version 1")
}

// A decision that is verified while the port moves on does not count any more.
func TestDecisionThatComesTooLate(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{
		signed:  true,
		replies: map[string][]reply{porting.StepDecision: {{late: 2 * h}}},
		script: []beat{
			at(1*h, update(porting.MsgDecide, signs("slow", porting.Approve))),
			at(2*h, update(porting.MsgDecide, signs("ben", porting.Approve))),
		},
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Len(t, w.status().Decisions, 1)
	require.ErrorContains(t, w.lastError(), "decisions are taken in verifying")
}

// The gate does not send what only a saga of before a reset was told to.
func TestGateWithholdsTheOrder(t *testing.T) {
	t.Parallel()
	w := run(t, scenario{
		signed:  true,
		replies: map[string][]reply{porting.StepSubmit: {{refused: void, meanwhile: []act{reset}}}},
		script: []beat{
			at(1*h, update(porting.MsgDecide, signs("ben", porting.Approve))),
			at(2*h, waits(porting.Verifying, porting.WaitingApprover, 3*day+h), lookAt("again")),
			at(3*h, update(porting.MsgDecide, signs("fay", porting.Approve))),
		},
	})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.Contains(t, w.pages["again"], "must be approved again")
	require.Equal(t, "decision approved approval-void escalated decision approved submitted foc-received activation-started activated verified", w.events(h))
	require.Len(t, w.sent, 1)
	require.Equal(t, "fay", w.decided[0].By, "only the decisions of the present run go with it")
}

func TestGateFindsTheApprovalsVoid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says    string
		outcome porting.Outcome
		reason  porting.Reason
		calls   int
	}{
		{porting.Approve, porting.OutcomeCompleted, "", 2},
		{porting.Reject, porting.OutcomeRejected, porting.Declined, 1},
		{"", porting.OutcomeExpired, porting.NoDecision, 1},
	} {
		t.Run("again "+c.says, func(t *testing.T) {
			t.Parallel()
			script := []beat{at(1*h, update(porting.MsgDecide, signs("ben", porting.Approve)))}
			if c.says != "" {
				script = append(script, at(5*day, waits(porting.Confirmed, porting.WaitingApprover, 4*day+4*h+3*day), update(porting.MsgDecide, signs("fay", c.says))))
			}
			w := run(t, scenario{
				signed: true, script: script,
				replies: map[string][]reply{porting.StepActivate: {{refused: void, meanwhile: []act{reset}}}},
			})
			w.requireEnd(c.outcome, c.reason)
			require.Len(t, w.gate, c.calls)
			if c.calls == 2 {
				require.Equal(t, []string{"fay"}, decidersOf(w.gate[1]))
			}
		})
	}
}

func decidersOf(in porting.ActivateInput) []string {
	var people []string
	for _, d := range in.Decisions {
		people = append(people, d.By)
	}
	return people
}

// Whoever floods a port with signals fills neither its timeline nor its life.
func TestFloodOfForgedDecisions(t *testing.T) {
	t.Parallel()
	var flood []act
	for i := range 200 {
		flood = append(flood, signal(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: fmt.Sprint("mallory", i)}))
	}
	w := run(t, scenario{signed: true, script: []beat{at(1*h, flood...), at(2*h, update(porting.MsgDecide, signs("ben", porting.Approve)))}})
	w.requireEnd(porting.OutcomeCompleted, "")
	require.LessOrEqual(t, len(w.notes(porting.EventIgnored)), 50)
}

func (w *world) lastError() error {
	for _, a := range slices.Backward(w.answers) {
		if a.err != nil {
			return a.err
		}
	}
	return nil
}
