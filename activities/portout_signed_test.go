package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// signedDonor is a donor whose people sign, with a request that waits for them.
type signedDonor struct {
	*donor
	signed  *signedWorld
	in      porting.LeavingInput
	receipt porting.Receipt
	found   porting.Findings
}

// newSignedDonor screens a request. Numbers that moved lately are of medium risk, and want a person.
func newSignedDonor(t *testing.T, movedLately bool) *signedDonor {
	t.Helper()
	d := &signedDonor{donor: newDonor(t)}
	d.signed = &signedWorld{world: d.world, desk: approvaltest.NewDesk(t)}
	d.Approvals = &activities.Approvals{Registry: d.signed.desk.Keeper(), Key: d.signed.desk.ServiceKey()}
	if movedLately {
		before := ledger.Claim{PortID: "pi-before", Direction: porting.PortIn, At: time.Now().Add(-24 * time.Hour), Numbers: []ledger.NumberClaim{{Token: d.Vault.LockToken(mobileNumber), Masked: "…"}}}
		_, err := d.Ledger.Claim(t.Context(), before)
		require.NoError(t, err)
		require.NoError(t, d.Ledger.Release(t.Context(), before.PortID, porting.OutcomeCompleted, before.At))
	}
	d.in = d.asked("never-activates")
	d.receipt = asSaga[porting.Receipt](d, porting.WorkflowPortOut, d.ClaimLeaving, d.in)
	require.True(t, d.receipt.Signed)
	d.in.Salt = d.receipt.Salt
	d.found = asSaga[porting.Findings](d, porting.WorkflowPortOut, d.ScreenLeaving, d.in)
	require.Nil(t, d.found.Blocked)
	return d
}

// asSaga runs a step as the port's saga, or as one of another type.
func asSaga[T any](d *signedDonor, saga string, step any, in any) T {
	d.t.Helper()
	out, err := asked[T](d.signed, d.in.Port, saga, step, in)
	require.NoError(d.t, err)
	return out
}

// challenge is what the saga shows to approvers.
func (d *signedDonor) challenge() porting.Challenge {
	p := porting.NewPortOut(porting.PortOutInput{ID: d.in.Port, Request: d.in.Request})
	p.Receipt, p.Found, p.Stage = d.receipt, d.found, porting.Deciding
	p.Receipt.Pack = d.in.Pack
	return p.Challenge(run)
}

func (d *signedDonor) decided(person string) porting.Decision {
	d.t.Helper()
	judged := asSaga[porting.Judged](d, porting.WorkflowPortOut, d.VerifyDecision, porting.DecisionInput{
		Decide: d.signed.desk.Decide(person, porting.Approve, d.challenge()), Challenge: d.challenge(), At: d.in.At,
	})
	require.Nil(d.t, judged.Refused, "%+v", judged.Refused)
	return judged.Decision
}

func (d *signedDonor) approve(saga string, answer porting.PortOutAnswer, decisions ...porting.Decision) porting.AnswerGiven {
	d.t.Helper()
	return asSaga[porting.AnswerGiven](d, saga, d.AnswerPortOut, porting.AnswerInput{
		Leaving: d.in, Answer: answer, Epoch: d.receipt.Epoch, Risk: d.found.Risk, Findings: d.found, Decisions: decisions,
	})
}

func TestASignedDecisionLetsNumbersGo(t *testing.T) {
	t.Parallel()
	d := newSignedDonor(t, true)
	require.Equal(t, porting.RiskMedium, d.found.Risk)
	require.Equal(t, 1, d.found.Policy.People)
	require.NotNil(t, d.approve(porting.WorkflowPortOut, approve).Withheld, "nobody decided")
	require.Empty(t, d.answers(d.in.Request.ID))

	by := d.decided("ben")
	forged := by
	forged.Proof = nil
	require.NotNil(t, d.approve(porting.WorkflowPortOut, approve, forged).Withheld, "the saga's word is no signature")
	require.NotNil(t, d.approve(porting.WorkflowPortIn, approve, by).Withheld, "another saga asks")
	require.NotNil(t, d.approve(porting.WorkflowPortOut, porting.PortOutAnswer{Kind: porting.AnswerApprove, Last: true}).Withheld, "policy's word before its time")
	require.Empty(t, d.answers(d.in.Request.ID))

	given := d.approve(porting.WorkflowPortOut, approve, by)
	require.Nil(t, given.Withheld, "%+v", given.Withheld)
	require.Equal(t, porting.CarrierConfirmed, given.Status.State)
}

func TestNobodySignsWhereTheRulesAllowNoDelay(t *testing.T) {
	t.Parallel()
	d := newSignedDonor(t, false)
	require.Equal(t, porting.RiskLow, d.found.Risk)
	claimed := d.found
	claimed.Verdict = ""
	d.found = claimed
	require.NotNil(t, d.approve(porting.WorkflowPortOut, approve).Withheld, "low risk is the gate's word, not the saga's")

	e := newSignedDonor(t, false)
	require.Nil(t, e.approve(porting.WorkflowPortOut, approve).Withheld)
}
