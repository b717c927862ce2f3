package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/rules"
)

func TestCanadaWireline(t *testing.T) {
	t.Parallel()
	dues(t, "ca-wireline", []due{
		{"two business days", "port", "2026-11-24T10:00-05:00", rules.Place{}, "2026-11-26T10:00-05:00"},
		{"Remembrance Day", "port", "2026-11-10T10:00-05:00", rules.Place{}, "2026-11-13T10:00-05:00"},
		{"Easter Monday is no federal holiday", "port", "2026-04-02T10:00-04:00", rules.Place{}, "2026-04-07T10:00-04:00"},
		{"nor is the Civic Day", "port", "2026-07-31T10:00-04:00", rules.Place{}, "2026-08-04T10:00-04:00"},
	})
}

func TestCanadaWireless(t *testing.T) {
	t.Parallel()
	dues(t, "ca-wireless", []due{
		{"30 minutes", "foc", "2026-11-24T10:00-05:00", rules.Place{}, "2026-11-24T10:30-05:00"},
		{"two and a half business hours", "port", "2026-11-24T10:00-05:00", rules.Place{}, "2026-11-24T12:30-05:00"},
		{"over the weekend", "port", "2026-11-20T16:00-05:00", rules.Place{}, "2026-11-23T09:30-05:00"},
		{"to the very close", "port", "2026-11-20T14:30-05:00", rules.Place{}, "2026-11-20T17:00-05:00"},
		{"90 minutes for YES", "customer-confirmation", "2026-11-24T10:00-05:00", rules.Place{}, "2026-11-24T11:30-05:00"},
	})
}

func TestAustraliaMobile(t *testing.T) {
	t.Parallel()
	dues(t, "au-mobile", []due{
		{"most in three hours", "port-usual", "2026-11-24T10:00+11:00", rules.Place{}, "2026-11-24T13:00+11:00"},
		{"two business days", "port", "2026-11-24T10:00+11:00", rules.Place{}, "2026-11-26T20:00+11:00"},
		{"Anzac substitute in New South Wales", "port", "2026-04-24T10:00+10:00", rules.Place{Region: "NSW"}, "2026-04-29T20:00+10:00"},
		{"none in Victoria", "port", "2026-04-24T10:00+10:00", rules.Place{Region: "VIC"}, "2026-04-28T20:00+10:00"},
		{"Perth's clocks", "port", "2026-11-24T10:00+08:00", rules.Place{Region: "WA"}, "2026-11-26T20:00+08:00"},
	})
}

func TestAustraliaKeepsBothVersions(t *testing.T) {
	t.Parallel()
	old, err := book(t).PackAt("au-mobile", at(t, "2023-06-01T10:00+10:00"))
	require.NoError(t, err)
	now, err := book(t).PackAt("au-mobile", at(t, "2026-06-01T10:00+10:00"))
	require.NoError(t, err)
	newest, err := book(t).Pack("au-mobile")
	require.NoError(t, err)
	require.Equal(t, now, newest)
	again, err := book(t).Pack(old.Ref())
	require.NoError(t, err)
	require.Equal(t, old, again, "a started port finds the version that it pinned")

	signed := at(t, "2026-01-01T10:00+11:00")
	for _, c := range []struct {
		pack  *rules.Pack
		at    string
		valid bool
	}{
		{old, "2026-01-31T23:59+11:00", true},
		{old, "2026-02-01T00:00+11:00", false},
		{now, "2026-01-31T23:59+11:00", true},
		{now, "2026-03-02T23:59+11:00", true},
		{now, "2026-03-03T00:00+11:00", false},
	} {
		got, err := c.pack.CheckCode(rules.CodeCheck{Kind: "customer-authorisation", Issued: signed, At: at(t, c.at)})
		require.NoError(t, err)
		require.Equal(t, c.valid, got.Valid, "%s at %s", c.pack.Ref(), c.at)
	}
}

func TestAustraliaLocal(t *testing.T) {
	t.Parallel()
	dues(t, "au-local", []due{
		{"category A", "port", "2026-11-02T10:00+11:00", rules.Place{}, "2026-11-16T17:00+11:00"},
		{"category C", "port-complex", "2026-10-05T10:00+11:00", rules.Place{}, "2026-12-05T00:00+11:00"},
		{"emergency return", "emergency-return", "2026-11-02T23:00+11:00", rules.Place{}, "2026-11-03T03:00+11:00"},
	})
}

func TestNewZealand(t *testing.T) {
	t.Parallel()
	dues(t, "nz", []due{{"two hours for YES", "customer-confirmation", "2026-11-24T23:30+13:00", rules.Place{}, "2026-11-25T01:30+13:00"}})
	silence, ok := pack(t, "nz").Silence("customer-confirmation")
	require.True(t, ok)
	require.Equal(t, "stop", silence.Outcome)
}

func TestIndia(t *testing.T) {
	t.Parallel()
	dues(t, "in", []due{
		{"three working days", "port", "2026-11-25T10:00+05:30", rules.Place{}, "2026-11-28T18:00+05:30"},
		{"five to another service area", "port", "2026-11-25T10:00+05:30", rules.Place{Area: "other"}, "2026-12-01T18:00+05:30"},
		{"Republic Day", "port", "2027-01-25T10:00+05:30", rules.Place{}, "2027-01-29T18:00+05:30"},
	})
}

func TestSingapore(t *testing.T) {
	t.Parallel()
	dues(t, "sg", []due{
		{"mobile", "port", "2026-11-24T10:00+08:00", rules.Place{}, "2026-11-25T18:00+08:00"},
		{"fixed", "port", "2026-11-24T10:00+08:00", rules.Place{Kind: "wireline"}, "2026-12-01T18:00+08:00"},
	})
}

func TestHongKong(t *testing.T) {
	t.Parallel()
	dues(t, "hk", []due{{"two working days", "port", "2026-11-24T10:00+08:00", rules.Place{}, "2026-11-26T18:00+08:00"}})
}

func TestJapan(t *testing.T) {
	t.Parallel()
	dues(t, "jp", []due{
		{"the same day", "port", "2026-11-24T10:00+09:00", rules.Place{}, "2026-11-24T20:00+09:00"},
		{"after the cut-off", "port", "2026-11-24T21:00+09:00", rules.Place{}, "2026-11-25T20:00+09:00"},
	})
}

func TestBrazil(t *testing.T) {
	t.Parallel()
	dues(t, "br", []due{
		{"three working days", "port", "2026-11-24T10:00-03:00", rules.Place{}, "2026-11-27T18:00-03:00"},
		{"Consciência Negra", "port", "2026-11-18T10:00-03:00", rules.Place{}, "2026-11-24T18:00-03:00"},
		{"half an hour for SIM", "customer-confirmation", "2026-11-24T10:00-03:00", rules.Place{}, "2026-11-24T10:30-03:00"},
		{"two hours without service", "outage", "2026-11-24T10:00-03:00", rules.Place{}, "2026-11-24T12:00-03:00"},
	})
}

func TestMexico(t *testing.T) {
	t.Parallel()
	dues(t, "mx", []due{
		{"24 hours", "port", "2026-11-24T10:00-06:00", rules.Place{}, "2026-11-25T10:00-06:00"},
		{"no win-back for 15 days", "win-back-ban", "2026-11-01T10:00-06:00", rules.Place{}, "2026-11-17T00:00-06:00"},
		{"ten working days to return", "return", "2026-11-02T10:00-06:00", rules.Place{}, "2026-11-17T18:00-06:00"},
	})
}

func TestSouthAfrica(t *testing.T) {
	t.Parallel()
	dues(t, "za", []due{{"over a holiday", "port", "2026-12-15T10:00+02:00", rules.Place{}, "2026-12-17T17:00+02:00"}})
	for after, want := range map[string]string{
		"2026-11-24T11:00+02:00": "2026-11-24T11:00+02:00",
		"2026-11-24T18:00+02:00": "2026-11-25T09:00+02:00",
		"2026-11-27T18:00+02:00": "2026-11-28T09:00+02:00", // Saturday morning
		"2026-11-28T13:00+02:00": "2026-11-30T09:00+02:00", // not on Sunday
		"2026-12-16T10:00+02:00": "2026-12-17T09:00+02:00", // nor on a holiday
	} {
		got, err := pack(t, "za").NextActivation(at(t, after), rules.Place{})
		require.NoError(t, err)
		require.True(t, at(t, want).Equal(got), "after %s: %s", after, got)
	}
}

func TestActivationWindow(t *testing.T) {
	t.Parallel()
	window, ok := pack(t, "za").Activation()
	require.True(t, ok)
	require.NotEmpty(t, window.Hours)
	for _, p := range book(t).List() {
		_, ok := p.Activation()
		require.Equal(t, p.Rules.Activation != nil, ok, p.Ref())
		if ok && len(p.Rules.Activation.Hours) > 0 {
			continue
		}
		night := at(t, "2026-11-22T03:00Z") // a Sunday
		next, err := p.NextActivation(night, rules.Place{Zone: "UTC"})
		require.NoError(t, err)
		require.True(t, night.Equal(next), "%s sets no hours: %s", p.Ref(), next)
	}
}

func TestNigeria(t *testing.T) {
	t.Parallel()
	dues(t, "ng", []due{
		{"48 hours for the text", "customer-confirmation", "2026-11-24T10:00+01:00", rules.Place{}, "2026-11-26T10:00+01:00"},
		{"two working days", "port", "2026-11-24T10:00+01:00", rules.Place{}, "2026-11-26T17:00+01:00"},
	})
	silence, ok := pack(t, "ng").Silence("customer-confirmation")
	require.True(t, ok)
	require.Equal(t, "cancel", silence.Outcome)
}

// TestConfirmation shows where silence of the customer stops a port.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]struct{ answer, timeout string }{
		"nz": {"YES", "stop"}, "ca-wireless": {"YES", "stop"}, "br": {"SIM", "pause"}, "ng": {"PORT", "cancel"},
	} {
		asked, ok := pack(t, ref).Confirmation()
		require.True(t, ok, ref)
		require.Equal(t, []string{want.answer}, asked.Accept)
		require.Equal(t, want.timeout, asked.OnTimeout)
		_, ok = pack(t, ref).Clock(asked.Within)
		require.True(t, ok, ref)
	}
	_, ok := pack(t, "us-wireline-simple").Confirmation()
	require.False(t, ok)
}
