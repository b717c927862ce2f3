package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestComputeDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	pack := w.taken(order()).Pack
	in := porting.DeadlineInput{Pack: pack, Clock: "foc", Start: monday, Place: porting.Place{Number: number, Region: "NY"}}
	due, err := w.ComputeDeadline(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "foc", due.Clock)
	require.True(t, due.At.After(monday))
	require.Equal(t, "America/New_York", due.At.Location().String())
	require.NotEmpty(t, due.OnExpiry)
	require.NotEmpty(t, due.Why)

	in.Clock = "no-such-clock"
	_, err = w.ComputeDeadline(t.Context(), in)
	requireNever(t, "clock-unknown", err)
	in.Pack = "nowhere@1"
	_, err = w.ComputeDeadline(t.Context(), in)
	requireNever(t, "pack-unknown", err)
}

func TestComputeWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	in := porting.WindowInput{Pack: w.taken(order()).Pack, After: monday, Place: porting.Place{Number: number, Region: "NY"}}
	opens, err := w.ComputeWindow(t.Context(), in)
	require.NoError(t, err)
	require.False(t, opens.Before(monday))
	require.Less(t, opens.Sub(monday), 14*24*time.Hour)

	in.Pack = "nowhere@1"
	_, err = w.ComputeWindow(t.Context(), in)
	requireNever(t, "pack-unknown", err)
}

func TestPlanCorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	packRef := w.taken(order()).Pack
	pack, err := w.Rules.Pack(packRef)
	require.NoError(t, err)
	said := func(reasons ...porting.Reason) []porting.Rejection {
		var all []porting.Rejection
		for _, r := range reasons {
			all = append(all, porting.Rejection{Code: string(r), Reason: r})
		}
		return all
	}
	for name, c := range map[string]struct {
		reasons []porting.Rejection
		version int
		want    porting.Correction
	}{
		"the customer's to mend":        {said(porting.AccountNumberMismatch), 1, porting.Correction{Owner: "customer", Fix: "take the account number from the latest bill or the customer service record"}},
		"another date":                  {said(porting.DueDateUnmeetable), 1, porting.Correction{Owner: "us", Fix: "ask for a later date", Automatic: true, AnyDate: true}},
		"another moment":                {said(porting.NetworkNotReady), 1, porting.Correction{Owner: "donor", Fix: "wait and ask again", Automatic: true}},
		"both":                          {said(porting.OutsideBusinessHours, porting.DueDateInvalid), 1, porting.Correction{Owner: "us", Fix: "wait for the next business day; ask for a date that the interval allows", Automatic: true, AnyDate: true}},
		"a date, and a person's":        {said(porting.DueDateInvalid, porting.NameMismatch), 1, porting.Correction{Owner: "us", Fix: "ask for a date that the interval allows; write the name as the donor's record has it", AnyDate: true}},
		"automatic elsewhere, not here": {said(porting.DifferentAccounts), 1, porting.Correction{Owner: "us", Fix: "split the order by account"}},
		"a code that only the carrier's adapter knows": {
			[]porting.Rejection{{Code: "X-17", Text: "see notes", Reason: porting.ZIPMismatch}},
			1,
			porting.Correction{Owner: "customer", Fix: "write the zip or postal code of the donor's record"},
		},
		"a code that nobody knows": {[]porting.Rejection{{Code: "X-17", Text: "see notes", Reason: porting.OtherReason}}, 1, porting.Correction{Owner: "us", Fix: "read the carrier's own words and call it"}},
		"no reason at all":         {nil, 1, porting.Correction{}},
		"the last version": {said(porting.DueDateInvalid), pack.MaxVersions(), porting.Correction{
			Owner: "us", Fix: "ask for a date that the interval allows",
			Automatic: true, AnyDate: true, Exhausted: true,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := w.PlanCorrection(t.Context(), porting.CorrectionInput{Pack: packRef, Carrier: "simulator", Reasons: c.reasons, Version: c.version})
			require.NoError(t, err)
			require.Equal(t, c.want, plan)
		})
	}
	require.Greater(t, pack.MaxVersions(), 1)
	_, err = w.PlanCorrection(t.Context(), porting.CorrectionInput{Pack: "nowhere@1"})
	requireNever(t, "pack-unknown", err)
}
