package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// run is the ID that the SDK's test environment gives every run.
const run = "default-test-run-id"

// signedWorld is a world in which decisions must be signed, and a port in it that waits for them.
type signedWorld struct {
	*world
	desk    *approvaltest.Desk
	order   porting.Order
	receipt porting.Receipt
	found   porting.Findings
}

func newSignedWorld(t *testing.T, s *scripted) *signedWorld {
	t.Helper()
	s.t = t
	w := &signedWorld{world: newWorld(t, s), desk: approvaltest.NewDesk(t), order: order()}
	w.order.SubmittedBy = "ana@desk"
	w.Approvals = &activities.Approvals{Registry: w.desk.Keeper(), Key: w.desk.ServiceKey()}
	w.receipt = w.taken(w.order)
	w.found = w.screen(w.order)
	return w
}

func (w *signedWorld) screen(o porting.Order) porting.Findings {
	w.t.Helper()
	found, err := w.ScreenOrder(w.t.Context(), porting.ScreenInput{
		Port: portID, Order: o, Pack: w.receipt.Pack, Carrier: w.receipt.Carrier, Salt: w.receipt.Salt, At: monday,
	})
	require.NoError(w.t, err)
	require.Nil(w.t, found.Blocked)
	return found
}

// challenge is what the saga shows to approvers.
func (w *signedWorld) challenge() porting.Challenge {
	p := porting.NewPort(porting.PortInput{ID: portID, Order: w.order})
	p.Receipt, p.Found, p.Stage = w.receipt, w.found, porting.Verifying
	return p.Challenge(run)
}

// asked runs a step as the saga of that ID and type would.
func asked[T any](w *signedWorld, id, saga string, step any, in any) (T, error) {
	w.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: "step"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) (out T, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		})
		err = workflow.ExecuteActivity(ctx, "step", in).Get(ctx, &out)
		return out, err
	}, workflow.RegisterOptions{Name: saga})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id, TaskQueue: "test"})
	env.SetTestTimeout(time.Minute)
	env.ExecuteWorkflow(saga)
	var out T
	err := env.GetWorkflowError()
	if err == nil {
		err = env.GetWorkflowResult(&out)
	}
	return out, err
}

func (w *signedWorld) judge(d porting.Decide) porting.Judged {
	w.t.Helper()
	judged, err := asked[porting.Judged](w, portID, porting.WorkflowPortIn, w.VerifyDecision,
		porting.DecisionInput{Decide: d, Challenge: w.challenge(), Submitter: w.order.SubmittedBy, At: monday})
	require.NoError(w.t, err)
	return judged
}

// approvedBy is the persons' decisions as the saga keeps them.
func (w *signedWorld) approvedBy(people ...string) []porting.Decision {
	w.t.Helper()
	var all []porting.Decision
	for _, person := range people {
		judged := w.judge(w.desk.Decide(person, porting.Approve, w.challenge()))
		require.Nil(w.t, judged.Refused, "%+v", judged.Refused)
		all = append(all, judged.Decision)
	}
	return all
}

func (w *signedWorld) submission(decisions []porting.Decision) porting.SubmitInput {
	return porting.SubmitInput{
		Ref: ref(w.order.Version), Carrier: w.receipt.Carrier, Pack: w.receipt.Pack, Order: w.order, At: monday,
		Epoch: w.receipt.Epoch, Audience: w.receipt.Audience, Salt: w.receipt.Salt, Findings: w.found, Decisions: decisions,
	}
}

func (w *signedWorld) send(in porting.SubmitInput) porting.SubmitAnswer {
	w.t.Helper()
	answer, err := asked[porting.SubmitAnswer](w, portID, porting.WorkflowPortIn, w.SubmitPort, in)
	require.NoError(w.t, err)
	return answer
}

func (w *signedWorld) activation(decisions []porting.Decision) porting.ActivateInput {
	return porting.ActivateInput{
		Ref: ref(w.order.Version), Carrier: w.receipt.Carrier, Epoch: w.receipt.Epoch, FOC: reached, Policy: *w.found.Policy,
		Submitter: w.order.SubmittedBy, Decisions: decisions, Protocol: porting.GateProtocol, At: monday,
		Order: w.order, Salt: w.receipt.Salt, Findings: w.found,
	}
}

func (w *signedWorld) askGate(in porting.ActivateInput) porting.Activation {
	w.t.Helper()
	answer, err := asked[porting.Activation](w, portID, porting.WorkflowPortIn, w.ActivatePort, in)
	require.NoError(w.t, err)
	return answer
}

// obliging is a carrier that confirms an order when it comes, and activates when it is asked.
func obliging() *scripted {
	s := &scripted{status: fails(errUnknown), activate: says(porting.CarrierActive)}
	s.submit = func(lsr carrier.LSR) (carrier.Status, error) {
		s.status = func() (carrier.Status, error) {
			return carrier.Status{Ref: lsr.Ref, State: porting.CarrierConfirmed, FOC: reached}, nil
		}
		return s.status()
	}
	return s
}

func TestSignedDecisionMovesNumbers(t *testing.T) {
	t.Parallel()
	s := obliging()
	w := newSignedWorld(t, s)
	require.True(t, w.receipt.Signed)
	decisions := w.approvedBy("ben")
	require.Equal(t, "ben", decisions[0].By)
	require.Equal(t, "desk", decisions[0].Team)
	require.True(t, decisions[0].Signed)

	require.Equal(t, porting.CarrierConfirmed, w.send(w.submission(decisions)).State)
	require.Equal(t, porting.CarrierActive, w.askGate(w.activation(decisions)).Status.State)
	require.Equal(t, []string{"submit", "activate"}, s.asked())
}

// A saga that lies is a saga: whoever writes to the namespace can make one say anything.
func TestGateBelievesNoSaga(t *testing.T) {
	t.Parallel()
	forgedKey := approvaltest.NewKey(t)
	for name, lie := range map[string]func(*signedWorld, *porting.SubmitInput){
		"nobody decided":      func(_ *signedWorld, in *porting.SubmitInput) { in.Decisions = nil },
		"decision not signed": func(_ *signedWorld, in *porting.SubmitInput) { in.Decisions[0].Proof = nil },
		"made by a key that nobody knows": func(w *signedWorld, in *porting.SubmitInput) {
			d := approvaltest.Sign(w.t, forgedKey, w.challenge().Statement(porting.Approve, "", time.Now(), porting.StatementLife))
			in.Decisions[0].Proof.Statement, in.Decisions[0].Proof.Signature = d.Statement, d.Signature
		},
		"verdict forged":          func(_ *signedWorld, in *porting.SubmitInput) { in.Decisions[0].Proof.Verdict += "x" },
		"verdict of another port": func(w *signedWorld, in *porting.SubmitInput) { in.Decisions[0].Proof.Verdict = w.found.Verdict },
		"another number":          func(_ *signedWorld, in *porting.SubmitInput) { in.Order.Numbers = []porting.Number{another} },
		"another donor":           func(_ *signedWorld, in *porting.SubmitInput) { in.Order.Donor.Name = "Elsewhere" },
		"another salt":            func(_ *signedWorld, in *porting.SubmitInput) { in.Salt = "b3RoZXI" },
		"screening left out":      func(_ *signedWorld, in *porting.SubmitInput) { in.Findings.Verdict = "" },
		"screening of another version": func(w *signedWorld, in *porting.SubmitInput) {
			in.Ref.Version, in.Order.Version = 2, 2
		},
		"approved by the submitter": func(w *signedWorld, in *porting.SubmitInput) {
			in.Decisions = w.stolen("ana")
		},
		"revoked since": func(w *signedWorld, _ *porting.SubmitInput) { w.desk.Revoke("ben") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := obliging()
			w := newSignedWorld(t, s)
			in := w.submission(w.approvedBy("ben"))
			lie(w, &in)
			answer := w.send(in)
			require.NotNil(t, answer.Withheld)
			require.Equal(t, porting.ApprovalVoid, answer.Withheld.Reason)
			require.NotEmpty(t, answer.Withheld.Note)
			require.Empty(t, s.asked(), "the carrier was not asked")
		})
	}
}

// stolen is a decision with everything right but the person: a rogue saga that does not say who submitted.
func (w *signedWorld) stolen(person string) []porting.Decision {
	w.t.Helper()
	judged, err := asked[porting.Judged](w, portID, porting.WorkflowPortIn, w.VerifyDecision,
		porting.DecisionInput{Decide: w.desk.Decide(person, porting.Approve, w.challenge()), Challenge: w.challenge(), Submitter: "nobody", At: monday})
	require.NoError(w.t, err)
	require.Nil(w.t, judged.Refused)
	return []porting.Decision{judged.Decision}
}

// What was claimed is what is sent: a saga cannot have people approve an order whose submitter or numbers the ledger does not
// know.
func TestGateSendsWhatWasClaimed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*porting.Order){
		"another submitter": func(o *porting.Order) { o.SubmittedBy = "fay@fraud" },
		"another number":    func(o *porting.Order) { o.Numbers = []porting.Number{another} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := obliging()
			w := newSignedWorld(t, s)
			change(&w.order)
			w.found = w.screen(w.order)
			answer := w.send(w.submission(w.approvedBy("ben")))
			require.NotNil(t, answer.Withheld)
			require.Equal(t, porting.ApprovalVoid, answer.Withheld.Reason)
			require.Empty(t, s.asked())
		})
	}
}

func TestOnlyThePortsOwnSagaMayAsk(t *testing.T) {
	t.Parallel()
	for name, asker := range map[string]struct{ id, saga string }{
		"another workflow's ID":    {"pi-other", porting.WorkflowPortIn},
		"another kind of workflow": {portID, "Rogue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := obliging()
			w := newSignedWorld(t, s)
			answer, err := asked[porting.SubmitAnswer](w, asker.id, asker.saga, w.SubmitPort, w.submission(w.approvedBy("ben")))
			require.NoError(t, err)
			require.NotNil(t, answer.Withheld)
			require.Empty(t, s.asked())
		})
	}
}

func TestActivationCountsOnceMore(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(*signedWorld, *porting.ActivateInput){
		"decisions gone": func(_ *signedWorld, in *porting.ActivateInput) { in.Decisions = nil },
		"key revoked":    func(w *signedWorld, _ *porting.ActivateInput) { w.desk.Revoke("ben") },
		"an older screening": func(w *signedWorld, in *porting.ActivateInput) {
			in.Findings = w.found
			w.found = w.screen(w.order)
		},
		"another order":        func(_ *signedWorld, in *porting.ActivateInput) { in.Order.Numbers = []porting.Number{another} },
		"never sent":           func(_ *signedWorld, in *porting.ActivateInput) { in.Ref.Version = 2 },
		"saga of an old build": func(_ *signedWorld, in *porting.ActivateInput) { in.Protocol = 0 },
		"revoked":              func(w *signedWorld, _ *porting.ActivateInput) { w.revoke() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := obliging()
			w := newSignedWorld(t, s)
			decisions := w.approvedBy("ben")
			require.Nil(t, w.send(w.submission(decisions)).Withheld)
			in := w.activation(decisions)
			lie(w, &in)
			answer := w.askGate(in)
			require.NotNil(t, answer.Refused)
			require.Equal(t, []string{"submit"}, s.asked())
			require.NotEqual(t, ledger.FenceActivating, w.fence().State)
		})
	}
}

func TestVerifyDecisionRefuses(t *testing.T) {
	t.Parallel()
	w := newSignedWorld(t, obliging())
	for name, change := range map[string]func(*porting.Statement){
		"another port":            func(s *porting.Statement) { s.Port = "pi-other" },
		"a run of before a reset": func(s *porting.Statement) { s.Run = "run-0" },
		"another version":         func(s *porting.Statement) { s.OrderVersion = 2 },
		"another stage":           func(s *porting.Statement) { s.Stage = porting.Active },
		"another deployment":      func(s *porting.Statement) { s.Audience = "production" },
		"an older screening":      func(s *porting.Statement) { s.Nonce = "n" },
		"expired": func(s *porting.Statement) {
			s.IssuedAt, s.ExpiresAt = s.IssuedAt.Add(-2*time.Hour), s.ExpiresAt.Add(-2*time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			statement := w.challenge().Statement(porting.Approve, "", time.Now(), porting.StatementLife)
			change(&statement)
			judged := w.judge(approvaltest.Sign(t, w.desk.Key("ben"), statement))
			require.NotNil(t, judged.Refused)
			require.Equal(t, porting.ApprovalVoid, judged.Refused.Reason)
		})
	}
	own := w.judge(w.desk.Decide("ana", porting.Approve, w.challenge()))
	require.NotNil(t, own.Refused, "ana submitted the order as ana@desk")
}

// The saga mends one thing by itself: it leaves the date to the carrier. The decisions hold for that, and for nothing else.
func TestDecisionsHoldForAMendedDateOnly(t *testing.T) {
	t.Parallel()
	w := newSignedWorld(t, obliging())
	w.order.Wishes.DueDate = "2026-03-02"
	w.found = w.screen(w.order)
	decisions := w.approvedBy("ben")
	require.Nil(t, w.send(w.submission(decisions)).Withheld)

	w.order.Version, w.order.Wishes.DueDate = 2, ""
	w.found = w.screen(w.order)
	decisions[0].OrderVersion = 2
	require.Nil(t, w.send(w.submission(decisions)).Withheld)
	require.Equal(t, porting.CarrierActive, w.askGate(w.activation(decisions)).Status.State)

	w.order.Version, w.order.Account.Number = 3, "another"
	w.found = w.screen(w.order)
	decisions[0].OrderVersion = 3
	require.NotNil(t, w.send(w.submission(decisions)).Withheld)
}

// A ledger that was restored from a backup may have lost a revocation.
func TestGateStopsAfterARestore(t *testing.T) {
	t.Parallel()
	s := obliging()
	w := newSignedWorld(t, s)
	decisions := w.approvedBy("ben")
	require.Nil(t, w.send(w.submission(decisions)).Withheld)
	require.NoError(t, w.Ledger.Quarantine(t.Context(), "restored", monday))
	_, err := asked[porting.Activation](w, portID, porting.WorkflowPortIn, w.ActivatePort, w.activation(decisions))
	require.ErrorContains(t, err, "quarantine", "a fault that is tried again, and no refusal: an earlier try may have reached the carrier")
	require.Equal(t, []string{"submit"}, s.asked())

	require.NoError(t, w.Ledger.LiftQuarantine(t.Context(), "ana", monday))
	require.Equal(t, porting.CarrierActive, w.askGate(w.activation(decisions)).Status.State)
}

// A saga, or a rogue worker in its place, may leave a reject out; the ledger does not.
func TestARejectCannotBeLeftOut(t *testing.T) {
	t.Parallel()
	s := obliging()
	w := newSignedWorld(t, s)
	approved := w.approvedBy("ben")
	require.Nil(t, w.judge(w.desk.Decide("fay", porting.Reject, w.challenge())).Refused)
	answer := w.send(w.submission(approved))
	require.NotNil(t, answer.Withheld)
	require.Contains(t, answer.Withheld.Note, "rejected")
	require.Empty(t, s.asked())

	forged := approvaltest.Sign(t, approvaltest.NewKey(t), w.challenge().Statement(porting.Reject, porting.SuspectedFraud, time.Now(), porting.StatementLife))
	other := newSignedWorld(t, obliging())
	approved = other.approvedBy("ben")
	require.NoError(t, other.Ledger.RecordReject(t.Context(), portID, ledger.Reject{Statement: forged.Statement, Signature: forged.Signature, At: time.Now()}))
	require.Nil(t, other.send(other.submission(approved)).Withheld, "a reject of nobody stops nothing")
}

// A saga that was reset to its start receives its order again. The gate knows the order by a digest with the salt that was drawn
// first, and so does a reject.
func TestAnOrderThatIsReceivedAgainIsTheSame(t *testing.T) {
	t.Parallel()
	s := obliging()
	w := newSignedWorld(t, s)
	require.Nil(t, w.send(w.submission(w.approvedBy("ben"))).Withheld)

	again := w.taken(w.order)
	require.Equal(t, w.receipt, again)
	w.receipt, w.found = again, w.screen(w.order)
	decisions := w.approvedBy("ben")
	require.Nil(t, w.send(w.submission(decisions)).Withheld)
	require.Equal(t, porting.CarrierActive, w.askGate(w.activation(decisions)).Status.State)
	require.Equal(t, []string{"submit", "activate"}, s.asked())

	w.close(porting.OutcomeCompleted)
	stats, err := w.Ledger.Stats(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats.Secrets, "the salt goes with the port")
}

// Only the port's own saga and its rescue take back what it did, and not what has ended.
func TestWhoMayUndo(t *testing.T) {
	t.Parallel()
	s := &scripted{status: says(porting.CarrierActive), reverse: says(porting.CarrierReversing), cancel: says(porting.CarrierCancelled)}
	w := newSignedWorld(t, s)
	in := porting.CarrierInput{Ref: ref(1), Carrier: "simulator"}
	for _, step := range []any{w.ReversePort, w.CancelPort} {
		_, err := asked[porting.CarrierStatus](w, "pi-other", "Rogue", step, in)
		require.ErrorContains(t, err, "another workflow")
	}
	require.Empty(t, s.asked())
	_, err := asked[porting.CarrierStatus](w, porting.RescueID(portID), porting.WorkflowRescue, w.ReversePort, in)
	require.NoError(t, err)
	require.Equal(t, []string{"reverse"}, s.asked())

	require.NoError(t, w.Ledger.Release(t.Context(), portID, porting.OutcomeCompleted, monday))
	_, err = w.Ledger.CloseFence(t.Context(), portID, "temporal", porting.CancelledInTemporal, monday.Add(time.Hour))
	require.NoError(t, err)
	_, err = asked[porting.CarrierStatus](w, portID, porting.WorkflowPortIn, w.ReversePort, in)
	require.ErrorContains(t, err, "the port has ended")
	require.Equal(t, []string{"reverse"}, s.asked())
}
