package activities_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/porting"
)

// answersFrom loads a policy as it would be written.
func answersFrom(t *testing.T, text string) (activities.AnswerPolicies, error) {
	t.Helper()
	packs, err := book()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "answers.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return activities.LoadAnswerPolicies(file, packs)
}

const houseAnswers = `
lead: 10m
answers: {medium: approve, high: refuse}
packs:
  br: {medium: refuse}
tenants:
  bank:
    lead: 2h
    answers: {medium: refuse}
    packs:
      us-wireless: {medium: approve, high: approve}
`

func TestAnswerPoliciesByTenantAndPack(t *testing.T) {
	t.Parallel()
	p, err := answersFrom(t, houseAnswers)
	require.NoError(t, err)
	approve, refuse := porting.AnswerApprove, porting.AnswerRefuse
	for _, c := range []struct {
		tenant, pack string
		medium, high porting.AnswerKind
		lead         time.Duration
	}{
		{"default", "za", approve, refuse, 10 * time.Minute},
		{"default", "br", refuse, refuse, 10 * time.Minute},
		{"bank", "za", refuse, refuse, 2 * time.Hour},
		{"bank", "us-wireless", approve, approve, 2 * time.Hour},
	} {
		of := p.Of(c.tenant, c.pack)
		require.Equal(t, []porting.AnswerKind{approve, c.medium, c.high}, []porting.AnswerKind{of.Defaults.At(porting.RiskLow), of.Defaults.At(porting.RiskMedium), of.Defaults.At(porting.RiskHigh)}, "%s %s", c.tenant, c.pack)
		require.Equal(t, c.lead, of.Lead)
		require.Contains(t, of.Ref, "sha256:")
	}
	require.Zero(t, activities.AnswerPolicies{}.Of("bank", "br"), "without a file everything is as usual")
}

// The file of the documentation is one that loads.
func TestTheDocumentedAnswers(t *testing.T) {
	t.Parallel()
	_, err := answersFrom(t, yamlOf(t, "port-out.md"))
	require.NoError(t, err)
}

func TestUnlawfulAnswersAreNotLoaded(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"answers: {low: refuse}":                             "answers.low: where nothing is found there is no ground to refuse",
		"answers: {high: perhaps}":                           "answers.high is approve or refuse",
		"packs: {us-wireless: {high: refuse}}":               "packs.us-wireless: this pack gives a donor no ground to refuse for a risk",
		"packs: {atlantis: {high: approve}}":                 "packs.atlantis: there is no such pack",
		"tenants: {bank: {packs: {za: {high: refuse}}}}":     "tenants.bank.packs.za: this pack gives a donor no ground",
		"tenants: {bank: {lead: 25h}}":                       "tenants.bank.lead is up to a day",
		"lead: -1m":                                          "lead is up to a day",
		"answers: {medium: refuse, high: approve}":           "under br medium risk is refused and high risk approved",
		"defaults: {high: approve}":                          "defaults",
		"tenants: {bank: {answers: {high: approve}}, b: 12}": "cannot unmarshal",
	} {
		_, err := answersFrom(t, text)
		require.ErrorContains(t, err, says)
		require.Equal(t, "answer-policy-invalid", porting.CodeOf(err))
	}
	packs, err := book()
	require.NoError(t, err)
	_, err = activities.LoadAnswerPolicies(filepath.Join(t.TempDir(), "none.yaml"), packs)
	require.Equal(t, "answer-policy-unreadable", porting.CodeOf(err))
}

// A longer lead brings the last moment forward, and never before half of the time.
func TestALeadOfOurOwn(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	monday := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	r := porting.PortOutRequest{ID: "x", Kind: porting.KindWireless, Numbers: []porting.Number{mobileNumber}, ReceivedAt: monday}
	for lead, last := range map[string]time.Duration{"1m": 27 * time.Minute, "10m": 20 * time.Minute, "8h": 15 * time.Minute} {
		p, err := answersFrom(t, "lead: "+lead)
		require.NoError(t, err)
		d.AnswerPolicies = p
		plan := d.plan(r)
		require.Equal(t, monday.Add(last), plan.LastMoment.UTC(), lead)
		require.NotEmpty(t, plan.Policy)
	}
}

// A started port keeps its answers: the file may change, the port does not.
func TestAnswersArePinnedWhenTheNumbersAreClaimed(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	first, err := answersFrom(t, "answers: {medium: refuse}\nlead: 5m")
	require.NoError(t, err)
	d.AnswerPolicies = first
	in := d.asked("happy")
	receipt, err := d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, first.Of("", "us-wireless").Ref, receipt.Answers)

	d.AnswerPolicies = activities.AnswerPolicies{}
	receipt, err = d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, first.Of("", "us-wireless").Ref, receipt.Answers)
	pinned, err := d.Ledger.PinnedAnswers(t.Context(), in.Port)
	require.NoError(t, err)
	plan, err := d.PlanAnswer(t.Context(), porting.AnswerPlanInput{Request: in.Request, At: in.Request.ReceivedAt, Pack: in.Pack, Answers: pinned})
	require.NoError(t, err)
	require.Equal(t, porting.AnswerRefuse, plan.Defaults.Medium)
	require.Equal(t, in.Pack, plan.Pack)
}
