package activities_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// yamlOf is the first YAML example of a page.
func yamlOf(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", page))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```yaml\n")
	require.True(t, found)
	example, _, _ := strings.Cut(rest, "```")
	return example
}

// newCanadian is a signed donor whose pack wants the subscriber's YES before a number leaves.
func newCanadian(t *testing.T) *signedDonor {
	t.Helper()
	d := &signedDonor{donor: newDonor(t)}
	d.signed = &signedWorld{world: d.world, desk: approvaltest.NewDesk(t)}
	d.Approvals = &activities.Approvals{Registry: d.signed.desk.Keeper(), Key: d.signed.desk.ServiceKey()}
	d.in = d.asked("never-activates", func(r *porting.PortOutRequest) {
		r.Country, r.Numbers, r.Given = "CA", []porting.Number{"+16135550142"}, porting.Given{}
	})
	d.receipt = asSaga[porting.Receipt](d, porting.WorkflowPortOut, d.ClaimLeaving, d.in)
	d.in.Salt = d.receipt.Salt
	d.found = asSaga[porting.Findings](d, porting.WorkflowPortOut, d.ScreenLeaving, d.in)
	require.Nil(t, d.found.Blocked)
	return d
}

func (d *donor) replies(port, reply string, after time.Duration) {
	d.t.Helper()
	require.NoError(d.t, d.Ledger.RecordReply(d.t.Context(), port, ledger.Reply{ID: reply + after.String(), Reply: reply, Channel: "sms", At: time.Now().Add(after)}))
}

// Red team: whoever may write to the namespace sends the saga a customer-reply that no customer gave, or edits its state. The
// gate asks the ledger, which the door alone writes.
func TestAForgedYesReleasesNothing(t *testing.T) {
	t.Parallel()
	d := newCanadian(t)
	forged := porting.PortOutAnswer{Kind: porting.AnswerApprove, By: "checks", Why: "everything is in order"}
	given := d.approve(porting.WorkflowPortOut, forged)
	require.NotNil(t, given.Withheld)
	require.Equal(t, &porting.Known{Risk: d.found.Risk}, given.Known, "the saga hears what the ledger knows")
	last := forged
	last.Last = true
	require.NotNil(t, d.approve(porting.WorkflowPortOut, last).Withheld, "nor does policy's word stand for the subscriber's")
	require.Empty(t, d.answers(d.in.Request.ID))

	d.replies(d.in.Port, porting.ReplyYes, 0)
	require.Nil(t, d.approve(porting.WorkflowPortOut, forged).Withheld)
	require.Len(t, d.answers(d.in.Request.ID), 1)
}

// A YES is for one port: a reply to another opens nothing.
func TestAYesToAnotherPortReleasesNothing(t *testing.T) {
	t.Parallel()
	d := newCanadian(t)
	d.replies("po-another", porting.ReplyYes, 0)
	require.NotNil(t, d.approve(porting.WorkflowPortOut, approve).Withheld)
}

// A NO that the door took holds, whatever a saga that was reset without it says, and also where decisions are unsigned.
func TestANoInTheLedgerHolds(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("never-activates")
	d.replies(in.Port, porting.ReplyNo, 0)
	for _, last := range []bool{false, true} {
		given, err := d.answer(in, porting.PortOutAnswer{Kind: porting.AnswerApprove, Last: last})
		require.NoError(t, err)
		require.Equal(t, porting.AuthorizationRevoked, given.Withheld.Reason)
		require.Equal(t, porting.ReplyNo, given.Known.Reply)
	}
	require.Empty(t, d.answers(in.Request.ID))

	d.replies(in.Port, porting.ReplyYes, time.Minute)
	given, err := d.answer(in, approve)
	require.NoError(t, err)
	require.Nil(t, given.Withheld, "the subscriber has the last word")
}

// Where a subscriber's no is no ground for a donor, the counterparty is not left without an answer.
func TestANoThatIsNoGroundStopsNothing(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("never-activates", func(r *porting.PortOutRequest) {
		r.Country, r.Numbers, r.Given = "FR", []porting.Number{"+33639980123"}, porting.Given{}
	})
	d.replies(in.Port, porting.ReplyNo, 0)
	given, err := d.answer(in, porting.PortOutAnswer{Kind: porting.AnswerApprove, Last: true})
	require.NoError(t, err)
	require.Nil(t, given.Withheld)
}

// Policy cannot approve at a risk at which the pinned policy refuses, where the pack gives a ground: the risk is the last
// screening's, not the saga's.
func TestPolicyApprovesNoRiskThatItRefuses(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("never-activates", func(r *porting.PortOutRequest) {
		r.Kind, r.Country, r.Numbers, r.Given = "", "BR", []porting.Number{"+5511961234567"}, porting.Given{}
	})
	require.NoError(t, d.Ledger.RecordScreening(t.Context(), in.Port, "n-1", porting.RiskHigh, in.At))
	given, err := d.answer(in, porting.PortOutAnswer{Kind: porting.AnswerApprove, Last: true})
	require.NoError(t, err)
	require.NotNil(t, given.Withheld)
	require.Equal(t, porting.RiskHigh, given.Known.Risk)
}

// Whatever the gate withholds, the last word with the gate's knowledge is one that it sends: nobody is left without an answer.
func TestTheGateLeavesAnAnswer(t *testing.T) {
	t.Parallel()
	packs, err := book()
	require.NoError(t, err)
	policies, err := answersFrom(t, houseAnswers)
	require.NoError(t, err)
	steps := &activities.Activities{Rules: packs, AnswerPolicies: policies}
	monday := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	for pack, of := range numberOf {
		for _, tenant := range []string{"", "bank"} {
			r := porting.PortOutRequest{ID: "x", Tenant: tenant, Kind: of.kind, Numbers: []porting.Number{of.number}, ReceivedAt: monday}
			plan, err := steps.PlanAnswer(t.Context(), porting.AnswerPlanInput{Request: r, At: monday})
			require.NoError(t, err)
			for _, reply := range []string{"", porting.ReplyYes, porting.ReplyNo} {
				for _, found := range []porting.Risk{porting.RiskLow, porting.RiskMedium, porting.RiskHigh} {
					for _, told := range []porting.Risk{porting.RiskLow, porting.RiskMedium, porting.RiskHigh} {
						p := porting.NewPortOut(porting.PortOutInput{ID: "po-1", Request: r})
						p.Leaving.Plan, p.Risk, p.Leaving.Reply, p.Found.Policy = plan, told, porting.ReplyYes, &porting.Policy{People: 1}
						p.Learn(porting.Known{Reply: reply, Risk: found}, monday)
						word, _ := p.LastWord("")
						if word.Kind == porting.AnswerApprove {
							require.Nil(t, plan.Forbids(word, porting.Known{Reply: reply, Risk: found}), "%s %s reply %q risk %s", pack, tenant, reply, found)
						}
					}
				}
			}
		}
	}
}
