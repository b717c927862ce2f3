package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/rules"
)

func TestUnitedKingdomMobile(t *testing.T) {
	t.Parallel()
	dues(t, "gb-mobile", []due{
		{"next working day", "port", "2026-11-24T11:00Z", rules.Place{}, "2026-11-25T17:30Z"},
		{"over Christmas", "port", "2026-12-24T11:00Z", rules.Place{}, "2026-12-29T17:30Z"},
		{"over New Year", "port", "2026-12-31T11:00Z", rules.Place{}, "2027-01-04T17:30Z"},
		{"over New Year in Scotland", "port", "2026-12-31T11:00Z", rules.Place{Region: "SCT"}, "2027-01-05T17:30Z"},
		{"on Saint Patrick's Day", "port", "2027-03-16T11:00Z", rules.Place{}, "2027-03-17T17:30Z"},
		{"on Saint Patrick's Day in Northern Ireland", "port", "2027-03-16T11:00Z", rules.Place{Region: "NIR"}, "2027-03-18T17:30Z"},
		{"by text", "code-issue", "2026-11-24T23:59Z", rules.Place{}, "2026-11-25T00:00Z"},
		{"five days to put it right", "override", "2026-11-23T11:00Z", rules.Place{}, "2026-11-30T17:30Z"},
	})
}

func TestUnitedKingdomFixed(t *testing.T) {
	t.Parallel()
	dues(t, "gb-fixed", []due{
		{"four working days", "port", "2026-11-24T11:00Z", rules.Place{}, "2026-11-30T17:30Z"},
		{"seven where the donor differs", "port", "2026-11-24T11:00Z", rules.Place{Area: "other"}, "2026-12-03T17:30Z"},
		{"24 hours for a single line", "foc", "2026-11-24T11:00Z", rules.Place{}, "2026-11-25T11:00Z"},
		{"one working day of lost service", "outage", "2026-11-27T11:00Z", rules.Place{}, "2026-11-30T11:00Z"},
	})
}

func TestGermany(t *testing.T) {
	t.Parallel()
	dues(t, "de", []due{
		{"agreed day or the next", "cutover", "2026-10-02T00:00+02:00", rules.Place{}, "2026-10-05T18:00+02:00"},
		{"a month after the contract", "request-window", "2026-10-31T12:00+01:00", rules.Place{}, "2026-12-01T00:00+01:00"},
		{"15 Arbeitstage for a fixed line", "foc-lead", "2026-11-02T10:00+01:00", rules.Place{Kind: "wireline"}, "2026-11-23T08:00+01:00"},
		{"Epiphany", "foc-lead", "2027-01-05T10:00+01:00", rules.Place{}, "2027-01-06T08:00+01:00"},
		{"Epiphany in Bavaria", "foc-lead", "2027-01-05T10:00+01:00", rules.Place{Region: "BY"}, "2027-01-07T08:00+01:00"},
	})
	pays(t, "de", "EUR", map[int]string{0: "0.00", 1: "0.00", 2: "10.00", 5: "40.00"})
}

func TestFrance(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{"fr-mobile", "fr-fixed"} {
		dues(t, ref, []due{
			{"one jour ouvrable", "port", "2026-11-24T11:00+01:00", rules.Place{}, "2026-11-25T20:00+01:00"},
			{"over a holiday", "port", "2026-11-10T11:00+01:00", rules.Place{}, "2026-11-12T20:00+01:00"},
		})
	}
	dues(t, "fr-mobile", []due{{"seven days", "code-issue", "2026-11-02T11:00+01:00", rules.Place{}, "2026-11-10T00:00+01:00"}})
	dues(t, "fr-fixed", []due{{"four hours", "outage", "2026-11-02T11:00+01:00", rules.Place{}, "2026-11-02T15:00+01:00"}})
}

func TestSpain(t *testing.T) {
	t.Parallel()
	dues(t, "es-mobile", []due{
		{"asked on Monday, live on Wednesday", "port", "2026-11-23T10:00+01:00", rules.Place{}, "2026-11-25T06:00+01:00"},
		{"window opens at two", "eligible", "2026-11-23T10:00+01:00", rules.Place{}, "2026-11-25T02:00+01:00"},
		{"asked on Friday, live on Tuesday", "port", "2026-11-20T10:00+01:00", rules.Place{}, "2026-11-24T06:00+01:00"},
	})
}

func TestItaly(t *testing.T) {
	t.Parallel()
	dues(t, "it-mobile", []due{{"one working day", "port", "2026-11-24T10:00+01:00", rules.Place{}, "2026-11-25T20:00+01:00"}})
	pays(t, "it-mobile", "EUR", map[int]string{0: "0.00", 2: "0.00", 3: "7.50", 10: "25.00", 20: "50.00", 21: "50.00", 400: "50.00"})
}

func TestNetherlands(t *testing.T) {
	t.Parallel()
	dues(t, "nl", []due{
		{"three working days", "foc", "2026-11-24T10:00+01:00", rules.Place{}, "2026-11-27T17:00+01:00"},
		{"one working day from the date", "cutover", "2026-11-27T10:00+01:00", rules.Place{}, "2026-11-30T17:00+01:00"},
	})
}

// pays checks a compensation by days late.
func pays(t *testing.T, ref, currency string, want map[int]string) {
	t.Helper()
	for late, amount := range want {
		got, err := pack(t, ref).Compensation(late)
		require.NoError(t, err)
		require.Equal(t, amount, got.Amount, "%d days late", late)
		require.Equal(t, currency, got.Currency)
		require.NotEmpty(t, got.Why)
	}
}
