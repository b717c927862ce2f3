package sources_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

const (
	contactLookup = "/v2/PhoneNumbers/+12025550177"
	numberLookup  = "/v2/PhoneNumbers/+12025550123"
)

func (n *network) twilio() []sources.Source {
	return (&sources.TwilioLookup{Root: n.URL, Key: "SK1", Secret: "hush"}).Sources()
}

func TestTwilioLine(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]fraud.Line{
		`{"line_type_intelligence": {"type": "mobile", "error_code": null}}`: fraud.LineMobile,
		`{"line_type_intelligence": {"type": "nonFixedVoip"}}`:               fraud.LineVirtual,
		`{"line_type_intelligence": {"type": "fixedVoip"}}`:                  fraud.LineFixedVoIP,
		`{"line_type_intelligence": {"type": "sharedCost"}}`:                 fraud.LineOther,
		`{"line_type_intelligence": {"type": null}}`:                         fraud.LineUnknown,
	} {
		n := newNetwork(t, map[string]reply{contactLookup: ok(body)})
		known := ask(t, n.twilio(), "contact", subject()).Contact.Known
		require.Equal(t, want, *known.Line, body)
		require.False(t, *known.IsTheNumber)
		require.Equal(t, "Basic U0sxOmh1c2g=", n.questions()[0].header.Get("Authorization"))
	}
	s := subject()
	s.Contact = s.Number
	n := newNetwork(t, map[string]reply{numberLookup: ok(`{"line_type_intelligence": {"type": "mobile"}}`)})
	require.True(t, *ask(t, n.twilio(), "contact", s).Contact.Known.IsTheNumber)

	s.Contact = ""
	require.Equal(t, fraud.NotAsked, ask(t, n.twilio(), "contact", s).Contact.Missing)
}

func TestTwilioLineIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer reply
		why    fraud.Why
	}{
		{ok(`{"line_type_intelligence": null}`), fraud.NotApplicable},
		{ok(`{"line_type_intelligence": {"type": "mobile", "error_code": 60600}}`), fraud.NotApplicable},
		{ok(`{`), fraud.Unreadable},
		{reply{404, `{"code": 20404}`}, fraud.NotFound},
		{reply{401, `{"code": 20003}`}, fraud.NotAuthorised},
		{reply{429, `{"code": 20429}`}, fraud.RateLimited},
		{reply{503, ``}, fraud.Unavailable},
	} {
		e := ask(t, newNetwork(t, map[string]reply{contactLookup: c.answer}).twilio(), "contact", subject())
		require.Equal(t, c.why, e.Contact.Missing, "%v", c.answer)
	}
}

// The traps of Lookup's SIM swap.
func TestTwilioSIMSwapTraps(t *testing.T) {
	t.Parallel()
	last := func(s string) reply { return ok(`{"sim_swap": {"error_code": null, "last_sim_swap": ` + s + `}}`) }
	for _, c := range []struct {
		name   string
		answer reply
		port   time.Duration // how long ago we ported the number
		change string
		why    fraud.Why
	}{
		{"a date", last(`{"last_sim_swap_date": "2026-11-21T10:00:00Z", "swapped_period": "PT48H", "swapped_in_period": true}`), 0, "26h", ""},
		{"our own port", last(`{"last_sim_swap_date": "2026-11-21T10:00:00Z"}`), 25 * time.Hour, "none", ""},
		{"no date, and no swap in the period", last(`{"last_sim_swap_date": null, "swapped_period": "PT48H", "swapped_in_period": false}`), 0, ">=48h", ""},
		{"no date, and a swap in the period", last(`{"last_sim_swap_date": null, "swapped_period": "PT24H", "swapped_in_period": true}`), 0, "<=24h", ""},
		{"a period in minutes and seconds too", last(`{"swapped_period": "PT15282H33M44S", "swapped_in_period": false}`), 0, ">=15282h", ""},
		{"a period in days", last(`{"swapped_period": "P7D", "swapped_in_period": false}`), 0, ">=168h", ""},
		{"our own port may be the swap", last(`{"swapped_period": "PT48H", "swapped_in_period": true}`), 40 * time.Hour, "", fraud.TooCoarse},
		{"our own port is older than the period", last(`{"swapped_period": "PT48H", "swapped_in_period": true}`), 90 * time.Hour, "<=48h", ""},
		{"an answer that does not say", last(`{"swapped_period": "PT48H", "swapped_in_period": null}`), 0, "", fraud.NotTold},
		{"a period that is none", last(`{"swapped_period": "two days", "swapped_in_period": false}`), 0, "", fraud.NotTold},
		{"a carrier that is not covered", last(`null`), 0, "", fraud.NotApplicable},
		{"an incomplete answer of the carrier", ok(`{"sim_swap": {"error_code": 60620, "last_sim_swap": {"swapped_period": "PT48H", "swapped_in_period": false}}}`), 0, "", fraud.NotApplicable},
		{"no package", ok(`{"sim_swap": null}`), 0, "", fraud.NotApplicable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := subject()
			if c.port > 0 {
				s.OurPortAt = now.Add(-c.port)
			}
			e := ask(t, newNetwork(t, map[string]reply{numberLookup: c.answer}).twilio(), "sim_swap", s)
			require.Equal(t, c.why, e.SIMSwap.Missing)
			if c.why == "" {
				require.Equal(t, c.change, e.SIMSwap.Known.Change.String())
			}
		})
	}
	s := subject()
	s.Mobile = false
	require.Equal(t, fraud.NotApplicable, ask(t, newNetwork(t, nil).twilio(), "sim_swap", s).SIMSwap.Missing)
}

// The number stands in the path of the request; it must not stand in an error.
func TestTwilioErrorsNameNoNumber(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for root, why := range map[string]fraud.Why{gone.URL: fraud.Unavailable, "::": fraud.NotConfigured} {
		all := (&sources.TwilioLookup{Root: root}).Sources()
		require.Equal(t, why, ask(t, all, "sim_swap", subject()).SIMSwap.Missing) // ask looks into the errors
	}
}
