package activities_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// withRealGuard gives a donor the default policy and the number protection that workers have.
func withRealGuard(t *testing.T) (*donor, *guard.Guard) {
	t.Helper()
	d := newDonor(t)
	d.withFraudDesk(&network{})
	g, err := guard.Open(t.Context(), d.Ledger, d.Vault, guard.Options{}, time.Now())
	require.NoError(t, err)
	d.Leaving.Guard = activities.GuardedBy(g)
	return d, g
}

// screenedLeaving is what screening finds of a request for our mobile number.
func screenedLeaving(d *donor) porting.Findings {
	d.t.Helper()
	found, err := d.ScreenLeaving(d.t.Context(), d.asked("happy"))
	require.NoError(d.t, err)
	return found
}

// What our own ledger knows of an account speaks when its number leaves, each thing by itself.
func TestAccountChangesSpeakWhenANumberLeaves(t *testing.T) {
	t.Parallel()
	contact := func(t *testing.T, g *guard.Guard, ago time.Duration) {
		t.Helper()
		c := guard.Contact{Contact: porting.Contact{Email: "sam@example.com"}}
		require.NoError(t, g.SetContact(t.Context(), g.Number("", mobileNumber), c, "desk", time.Now().Add(-ago)))
	}
	for name, c := range map[string]struct {
		done func(*testing.T, *guard.Guard)
		says string
	}{
		"nothing happened": {func(*testing.T, *guard.Guard) {}, ""},
		"the contact was replaced yesterday": {func(t *testing.T, g *guard.Guard) {
			contact(t, g, 900*time.Hour)
			contact(t, g, 24*time.Hour)
		}, "another contact changed within the last three days"},
		"the contact was replaced last week": {func(t *testing.T, g *guard.Guard) {
			contact(t, g, 900*time.Hour)
			contact(t, g, 170*time.Hour)
		}, ""},
		"the first contact came yesterday": {func(t *testing.T, g *guard.Guard) { contact(t, g, 24*time.Hour) }, ""},
		"a carrier tried three PINs": {func(t *testing.T, g *guard.Guard) {
			require.NoError(t, g.SetPIN(t.Context(), g.Number("", mobileNumber), "482913", "desk", time.Now().Add(-900*time.Hour)))
			for range 3 {
				_, err := g.Check(t.Context(), guard.Attempt{Number: g.Number("", mobileNumber), PIN: "111111", Source: guard.Source{Kind: guard.FromCarrier, ID: "x"}, At: time.Now()})
				require.NoError(t, err)
			}
			require.NoError(t, g.RemovePIN(t.Context(), g.Number("", mobileNumber), "desk", time.Now())) // so that no PIN is asked for
		}, "Three or more wrong PINs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, g := withRealGuard(t)
			c.done(t, g)
			found := screenedLeaving(d)
			require.Nil(t, found.Blocked, "%v", found.Notes)
			notes := fmt.Sprint(found.Notes)
			for _, rule := range []string{"another contact changed within the last three days", "Three or more wrong PINs"} {
				if rule == c.says {
					require.Contains(t, notes, rule)
				} else {
					require.NotContains(t, notes, rule)
				}
			}
		})
	}
}

// onlyOutgoing is a policy with one rule, about numbers that leave.
const onlyOutgoing = `
id: leaving
version: "1"
title: Numbers that leave
thresholds: {review: 40, block: 0}
rules:
  - {id: leaves, when: request.outgoing, weight: 45, reason: HIGH_VALUE, message: The number leaves., why: It does.}
`

// A rule about numbers that leave fires on a port-out, and on no port-in.
func TestARuleAboutNumbersThatLeave(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "leaving.yaml")
	require.NoError(t, os.WriteFile(name, []byte(onlyOutgoing), 0o600))
	policy, err := fraud.Hold(name)
	require.NoError(t, err)
	d := newDonor(t)
	d.Fraud = &activities.Fraud{Policy: policy}
	leaving := screenedLeaving(d)
	require.Equal(t, porting.RiskHigh, leaving.Risk)
	require.Contains(t, leaving.Notes, "fraud policy: The number leaves")
	require.Positive(t, leaving.Policy.People, "people look")

	w := newWorld(t, &scripted{t: t})
	w.Fraud = &activities.Fraud{Policy: policy}
	require.Equal(t, porting.RiskLow, judged(w, order()).Risk)
}

// Numbers that had to be taken back from a recipient speak when it asks for another one.
func TestRecipientsAreRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome porting.Outcome
		speaks  bool
	}{
		"taken back": {porting.OutcomeReversed, true},
		"gone well":  {porting.OutcomeCompleted, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _ := withRealGuard(t)
			in := d.asked("happy")
			_, err := d.ScreenLeaving(t.Context(), in)
			require.NoError(t, err)
			tokens := map[string]string{"recipient": d.Vault.Token("recipient", "harbor mobile")}
			for _, id := range []string{"po-a", "po-b"} {
				_, err := d.Ledger.Claim(t.Context(), ledger.Claim{
					PortID: id, Direction: porting.PortOut, Tenant: "default", Reference: id, Run: "run", At: in.At,
					Numbers: []ledger.NumberClaim{{Token: "token-" + id, Masked: "+1…0100"}},
				})
				require.NoError(t, err)
				require.NoError(t, d.Ledger.RecordRequest(t.Context(), ledger.Request{PortID: id, Tokens: tokens, At: in.At}))
				require.NoError(t, d.Ledger.Release(t.Context(), id, c.outcome, in.At))
			}
			found, err := d.ScreenLeaving(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, c.speaks, strings.Contains(fmt.Sprint(found.Notes), "Two or more ports to the recipient"), "%v", found.Notes)
		})
	}
}

// A thief waits until people have approved, and changes the contact then: the approval counts no more, and people look again.
func TestAChangeAfterTheApprovalBringsAPortOutBack(t *testing.T) {
	t.Parallel()
	d := newSignedDonor(t, false)
	d.withFraudDesk(&network{down: true}) // so that people look
	g, err := guard.Open(t.Context(), d.Ledger, d.Vault, guard.Options{}, time.Now())
	require.NoError(t, err)
	d.Leaving.Guard = activities.GuardedBy(g)
	contact := func(address string, ago time.Duration) {
		c := guard.Contact{Contact: porting.Contact{Email: address}}
		require.NoError(t, g.SetContact(t.Context(), g.Number("", mobileNumber), c, "desk", time.Now().Add(-ago)))
	}
	contact("sam@example.com", 900*time.Hour)
	screen := func() { d.found = asSaga[porting.Findings](d, porting.WorkflowPortOut, d.ScreenLeaving, d.in) }
	screen()
	require.Equal(t, porting.RiskMedium, d.found.Risk, "%v", d.found.Notes)
	by := d.decided("ben")

	contact("thief@example.com", time.Minute)
	given := d.approve(porting.WorkflowPortOut, approve, by)
	require.NotNil(t, given.Withheld)
	require.Equal(t, porting.RiskRose, given.Withheld.Reason)
	require.Equal(t, porting.RiskHigh, given.Found.Risk)
	require.Contains(t, fmt.Sprint(given.Found.Notes), "another contact changed within the last three days")
	require.Equal(t, porting.Policy{People: 2, Teams: 2, Hardware: 1}, *given.Found.Policy)
	require.Empty(t, d.answers(d.in.Request.ID))

	require.NotNil(t, d.approve(porting.WorkflowPortOut, approve, by).Withheld, "nor does it count afterwards")
	require.Empty(t, d.answers(d.in.Request.ID))
}

// What a service of our own tells of an account and what the ledger remembers of it are one evidence.
func TestTwoMemoriesOfAnAccount(t *testing.T) {
	t.Parallel()
	d, g := withRealGuard(t)
	d.Fraud.Sources = append(d.Fraud.Sources, knows("account", fraud.Account{NewPayer: new(fraud.AgeOf(time.Now(), time.Now()))}))
	for _, ago := range []time.Duration{900 * time.Hour, time.Hour} {
		c := guard.Contact{Contact: porting.Contact{Email: "sam@example.com"}}
		require.NoError(t, g.SetContact(t.Context(), g.Number("", mobileNumber), c, "desk", time.Now().Add(-ago)))
	}
	notes := fmt.Sprint(screenedLeaving(d).Notes)
	require.Contains(t, notes, "or a new card, paid within the last week")
	require.Contains(t, notes, "another contact changed within the last three days")
}

// Much that is missing and little that was found is a medium risk, also late on a Friday: too little is known.
func TestTooLittleIsKnownOfANumberThatLeaves(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	d.withFraudDesk(&network{down: true})
	in := d.asked("happy")
	in.At = time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC) // 22:00 of the day before in California
	found, err := d.ScreenLeaving(t.Context(), in)
	require.NoError(t, err)
	require.GreaterOrEqual(t, found.Score, fraud.Default().Thresholds.Review, "with what missing evidence weighs")
	require.Equal(t, porting.RiskMedium, found.Risk, "%v", found.Notes)
	require.Nil(t, found.Blocked)
}
