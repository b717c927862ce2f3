package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, pack, via, foc, at string
		allowed                  bool
		until                    string
	}{
		{"before the activation", "us-wireline-simple", "recipient", "2026-12-01T00:00-05:00", "2026-11-30T23:59-05:00", true, "2026-12-01T00:00-05:00"},
		{"after the activation", "us-wireline-simple", "recipient", "2026-12-01T00:00-05:00", "2026-12-01T00:00-05:00", false, "2026-12-01T00:00-05:00"},
		{"only the recipient", "fr-mobile", "donor", "2026-12-01T00:00+01:00", "2026-11-20T10:00+01:00", false, ""},
		{"by the recipient", "fr-mobile", "recipient", "2026-12-01T00:00+01:00", "2026-11-20T10:00+01:00", true, "2026-12-01T00:00+01:00"},
		{"until 14:00 of the day before", "es-mobile", "recipient", "2026-11-25T02:00+01:00", "2026-11-24T13:59+01:00", true, "2026-11-24T14:00+01:00"},
		{"at 14:00 too late", "es-mobile", "recipient", "2026-11-25T02:00+01:00", "2026-11-24T14:00+01:00", false, "2026-11-24T14:00+01:00"},
		{"not through the donor", "es-mobile", "donor", "2026-11-25T02:00+01:00", "2026-11-20T10:00+01:00", false, ""},
		{"before 17:00 of the day before", "hk", "recipient", "2026-11-25T10:00+08:00", "2026-11-24T16:59+08:00", true, "2026-11-24T17:00+08:00"},
		{"at 17:00 too late", "hk", "recipient", "2026-11-25T10:00+08:00", "2026-11-24T17:00+08:00", false, "2026-11-24T17:00+08:00"},
		{"one working day before", "br", "recipient", "2026-11-23T10:00-03:00", "2026-11-19T23:00-03:00", true, "2026-11-20T00:00-03:00"},
		{"irrevocable", "ng", "recipient", "2026-11-25T10:00+01:00", "2026-11-24T10:00+01:00", false, ""},
		{"before the day of the port", "de", "recipient", "2026-11-25T10:00+01:00", "2026-11-24T23:59+01:00", true, "2026-11-25T00:00+01:00"},
		{"on the day of the port", "de", "recipient", "2026-11-25T10:00+01:00", "2026-11-25T00:01+01:00", false, "2026-11-25T00:00+01:00"},
	} {
		t.Run(c.pack+" "+c.name, func(t *testing.T) {
			t.Parallel()
			got, err := pack(t, c.pack).Cancel(at(t, c.foc), at(t, c.at), c.via)
			require.NoError(t, err)
			require.Equal(t, c.allowed, got.Allowed, got.Why)
			require.NotEmpty(t, got.Cite)
			if c.until == "" {
				require.Nil(t, got.Until)
				return
			}
			require.True(t, at(t, c.until).Equal(*got.Until), got.Until)
		})
	}
}

func TestCancelThroughTheDonorNeedsLaterAuthority(t *testing.T) {
	t.Parallel()
	got, err := pack(t, "us-wireline-simple").Cancel(at(t, "2026-12-01T00:00-05:00"), at(t, "2026-11-20T00:00-05:00"), rules.Donor)
	require.NoError(t, err)
	require.True(t, got.Allowed)
	require.Contains(t, got.Evidence, "after the port request")
}

func TestCancelOfNothingKnown(t *testing.T) {
	t.Parallel()
	for _, p := range book(t).List() {
		for _, via := range []string{rules.Donor, rules.Recipient} {
			got, err := p.Cancel(time.Time{}, at(t, "2026-11-20T00:00Z"), via)
			require.NoError(t, err)
			require.Nil(t, got.Until, "without a date nobody can say until when")
			require.NotEmpty(t, got.Why)
		}
		_, err := p.Cancel(time.Time{}, time.Time{}, "neighbour")
		require.Equal(t, "party-unknown", porting.CodeOf(err))
	}
}

func TestCompensation(t *testing.T) {
	t.Parallel()
	pays(t, "us-wireline-simple", "USD", map[int]string{0: "0.00", 30: "0.00"})
	for _, ref := range []string{"gb-mobile", "gb-fixed", "sg", "nz"} { // owed with no sum known, or nothing in the sources
		_, err := pack(t, ref).Compensation(3)
		refused(t, err, "compensation-unknown")
	}
	_, err := pack(t, "de").Compensation(-1)
	require.Equal(t, "days-negative", porting.CodeOf(err))
}

func TestMoney(t *testing.T) {
	t.Parallel()
	var m rules.Money
	require.NoError(t, m.UnmarshalText([]byte("12.05")))
	require.Equal(t, "12.05", m.String())
	for _, s := range []string{"", "1", "1.5", "1.505", "-1.00", "1,50", "a.bc"} {
		require.Error(t, m.UnmarshalText([]byte(s)), s)
	}
}
