package sources_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

const (
	simDate    = "/sim-swap/v2/retrieve-date"
	simCheck   = "/sim-swap/v2/check"
	deviceDate = "/device-swap/v1/retrieve-date"
	forwarding = "/call-forwarding-signal/v0.4/call-forwardings"
	forwardAll = "/call-forwarding-signal/v0.4/unconditional-call-forwardings"
	recycling  = "/number-recycling/v0.2/check"
	tenure     = "/kyc-tenure/v0.3rc1/check-tenure"
	kyc        = "/kyc-match/v0.4/match"
)

// The traps of SIM Swap, and of Device Swap, which is made after it.
func TestSwapTraps(t *testing.T) {
	t.Parallel()
	ours := func(ago time.Duration) func(*sources.Subject) {
		return func(s *sources.Subject) { s.OurPortAt = now.Add(-ago) }
	}
	for _, c := range []struct {
		name    string
		answers map[string]reply
		subject func(*sources.Subject)
		change  string
		why     fraud.Why
	}{
		{"a date", map[string]reply{simDate: ok(`{"latestSimChange": "2026-11-21T11:00:00.123+01:00"}`)}, nil, "25h", ""},
		{"an old date is the activation and no swap", map[string]reply{simDate: ok(`{"latestSimChange": "2019-02-01T00:00:00Z"}`)}, nil, "68436h", ""},
		{"null is none within the monitored period", map[string]reply{simDate: ok(`{"latestSimChange": null, "monitoredPeriod": 120}`)}, nil, ">=120d", ""},
		{"null within two monitored days says no more than that", map[string]reply{simDate: ok(`{"latestSimChange": null, "monitoredPeriod": 2}`)}, nil, ">=48h", ""},
		{"null without a period says nothing, so we check", map[string]reply{simDate: ok(`{"latestSimChange": null}`), simCheck: ok(`{"swapped": false}`)}, nil, ">=10d", ""},
		{"null without a period, and a swap", map[string]reply{simDate: ok(`{"latestSimChange": null}`), simCheck: ok(`{"swapped": true}`)}, nil, "<=10d", ""},
		{"out of range is not false", map[string]reply{simDate: ok(`{"latestSimChange": null}`), simCheck: no(400, "OUT_OF_RANGE")}, nil, "", fraud.OutOfRange},
		{"only the check is ours to ask", map[string]reply{simDate: no(403, "PERMISSION_DENIED"), simCheck: ok(`{"swapped": false}`)}, nil, ">=10d", ""},
		{"neither is ours to ask", map[string]reply{simDate: no(403, "PERMISSION_DENIED"), simCheck: no(403, "PERMISSION_DENIED")}, nil, "", fraud.NotAuthorised},
		{"an answer without the date", map[string]reply{simDate: ok(`{"monitoredPeriod": 120}`)}, nil, "", fraud.Unreadable},
		{"a date that is none", map[string]reply{simDate: ok(`{"latestSimChange": "yesterday"}`)}, nil, "", fraud.Unreadable},
		{"a date in the future", map[string]reply{simDate: ok(`{"latestSimChange": "2026-11-22T14:00:00Z"}`)}, nil, "", fraud.Unreadable},
		{"a clock that goes a little fast", map[string]reply{simDate: ok(`{"latestSimChange": "2026-11-22T12:20:00Z"}`)}, nil, "0h", ""},
		{"a check that does not say", map[string]reply{simDate: ok(`{"latestSimChange": null}`), simCheck: ok(`{}`)}, nil, "", fraud.Unreadable},

		{"our own port explains the swap", map[string]reply{simDate: ok(`{"latestSimChange": "2026-11-12T13:30:00Z"}`)}, ours(10 * 24 * time.Hour), "none", ""},
		{"a swap the day after our port is one", map[string]reply{simDate: ok(`{"latestSimChange": "2026-11-13T13:30:00Z"}`)}, ours(10 * 24 * time.Hour), "214h", ""},
		{"the first activation is no swap", map[string]reply{simDate: ok(`{"latestSimChange": "2026-11-20T12:00:00Z"}`)}, func(s *sources.Subject) {
			s.ActivatedAt = now.Add(-50 * time.Hour)
		}, "none", ""},
		{"a check asks only about the time after our port", map[string]reply{simDate: ok(`{"latestSimChange": null}`), simCheck: ok(`{"swapped": true}`)}, ours(100 * time.Hour), "<=94h", ""},
		{"and no swap after our port is none", map[string]reply{simDate: ok(`{"latestSimChange": null}`), simCheck: ok(`{"swapped": false}`)}, ours(100 * time.Hour), "none", ""},
		{"our port is too fresh to tell", map[string]reply{simDate: ok(`{"latestSimChange": null}`), simCheck: ok(`{"swapped": true}`)}, ours(5 * time.Hour), "", fraud.TooCoarse},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := subject()
			if c.subject != nil {
				c.subject(&s)
			}
			e := ask(t, newNetwork(t, c.answers).camara().Sources(), "sim_swap", s)
			requireChange(t, c.change, c.why, e.SIMSwap.Known == nil, e.SIMSwap.Missing, func() *fraud.Age { return e.SIMSwap.Known.Change })

			devices := map[string]reply{}
			for path, answer := range c.answers {
				answer.body = strings.Replace(answer.body, "latestSimChange", "latestDeviceChange", 1)
				devices[strings.Replace(path, "/sim-swap/v2/", "/device-swap/v1/", 1)] = answer
			}
			e = ask(t, newNetwork(t, devices).camara().Sources(), "device_swap", s)
			requireChange(t, c.change, c.why, e.DeviceSwap.Known == nil, e.DeviceSwap.Missing, func() *fraud.Age { return e.DeviceSwap.Known.Change })
		})
	}
}

func requireChange(t *testing.T, change string, why fraud.Why, isMissing bool, missing fraud.Why, known func() *fraud.Age) {
	t.Helper()
	require.Equal(t, why, missing)
	if why == "" {
		require.False(t, isMissing)
		require.Equal(t, change, known().String())
	}
}

// The check asks for no more hours than the line is old.
func TestTheCheckIsShortened(t *testing.T) {
	t.Parallel()
	for began, hours := range map[time.Duration]float64{0: 240, 100 * time.Hour: 94, 7 * time.Hour: 1, 9000 * time.Hour: 240} {
		n := newNetwork(t, map[string]reply{simDate: ok(`{"latestSimChange": null}`), simCheck: ok(`{"swapped": false}`)})
		s := subject()
		if began > 0 {
			s.OurPortAt = now.Add(-began)
		}
		ask(t, n.camara().Sources(), "sim_swap", s)
		asked := n.questions()
		require.Len(t, asked, 2)
		require.InDelta(t, hours, asked[1].body["maxAge"], 0)
	}
}

// Device Swap answers 422 when it has no data: that is missing, not false.
func TestDeviceSwapWithoutDataIsMissing(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"SERVICE_NOT_APPLICABLE", "DEVICE_SWAP.UNKNOWN_PHONE_NUMBER", ""} {
		e := ask(t, newNetwork(t, map[string]reply{deviceDate: no(422, code)}).camara().Sources(), "device_swap", subject())
		require.Equal(t, fraud.NotApplicable, e.DeviceSwap.Missing, code)
	}
}

func TestErrorsAreMissingEvidence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
		why    fraud.Why
	}{
		{400, "INVALID_ARGUMENT", fraud.BadRequest},
		{400, "OUT_OF_RANGE", fraud.OutOfRange},
		{401, "UNAUTHENTICATED", fraud.NotAuthorised},
		{403, "PERMISSION_DENIED", fraud.NotAuthorised},
		{403, "INVALID_TOKEN_CONTEXT", fraud.NotAuthorised},
		{404, "NOT_FOUND", fraud.NotFound},
		{404, "IDENTIFIER_NOT_FOUND", fraud.NotFound},
		{422, "SERVICE_NOT_APPLICABLE", fraud.NotApplicable},
		{422, "MISSING_IDENTIFIER", fraud.BadRequest},
		{422, "UNNECESSARY_IDENTIFIER", fraud.BadRequest},
		{429, "QUOTA_EXCEEDED", fraud.RateLimited},
		{500, "INTERNAL", fraud.Unavailable},
		{503, "", fraud.Unavailable},
		{302, "", fraud.BadRequest},
	} {
		s := subject()
		s.HeldSince = now.AddDate(-1, 0, 0)
		n := newNetwork(t, map[string]reply{simDate: no(c.status, c.code), recycling: no(c.status, c.code), simCheck: no(c.status, c.code)})
		for _, source := range []string{"sim_swap", "number_recycling"} {
			e := ask(t, n.camara().Sources(), source, s)
			require.Equal(t, c.why, map[string]fraud.Why{"sim_swap": e.SIMSwap.Missing, "number_recycling": e.NumberRecycling.Missing}[source], "%d %s", c.status, c.code)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `[]`, `"x"`, `{`, `<html>`, strings.Repeat(" ", 65<<10) + `{}`} {
		e := ask(t, newNetwork(t, map[string]reply{tenure: ok(body)}).camara().Sources(), "tenure", subject())
		require.Equal(t, fraud.Unreadable, e.Tenure.Missing, "%.20s", body)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	all := (&sources.CAMARA{Root: gone.URL, Tokens: fixedToken{}}).Sources()
	require.Equal(t, fraud.Unavailable, ask(t, all, "tenure", subject()).Tenure.Missing)
	all = (&sources.CAMARA{Root: "::", Tokens: fixedToken{}}).Sources()
	require.Equal(t, fraud.NotConfigured, ask(t, all, "tenure", subject()).Tenure.Missing)
}

func TestASlowNetworkTimesOut(t *testing.T) {
	t.Parallel()
	ends := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ends }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ends) })
	source := (&sources.CAMARA{Root: server.URL, Tokens: fixedToken{}}).Sources()[0]
	source.Limit = 20 * time.Millisecond
	e, _ := sources.Gather(t.Context(), []sources.Source{source}, subject())
	require.Equal(t, fraud.TimedOut, e.SIMSwap.Missing)
}

// A two-legged token names nobody, so the request names the number; a three-legged one stands for the subscriber, so it must not.
func TestWhoseNumberItIs(t *testing.T) {
	t.Parallel()
	answers := map[string]reply{
		simDate: ok(`{"latestSimChange": null, "monitoredPeriod": 9}`), deviceDate: ok(`{"latestDeviceChange": null, "monitoredPeriod": 9}`),
		forwarding: ok(`["inactive"]`), recycling: ok(`{"phoneNumberRecycled": false}`), tenure: ok(`{"tenureDateCheck": true}`), kyc: ok(`{"nameMatch": "true"}`),
	}
	s := subject()
	s.HeldSince = now.AddDate(-1, 0, 0)
	for _, c := range []struct {
		token sources.Token
		named bool
	}{{sources.Token{Bearer: "ours"}, true}, {sources.Token{Bearer: "theirs", ThreeLegged: true}, false}} {
		n := newNetwork(t, answers)
		e, failures := sources.Gather(t.Context(), (&sources.CAMARA{Root: n.URL + "/", Tokens: fixedToken{c.token}}).Sources(), s)
		require.Empty(t, failures)
		require.True(t, e.Has("kyc"))
		require.Len(t, n.questions(), 6)
		for _, q := range n.questions() {
			require.Equal(t, c.named, q.body["phoneNumber"] == "+12025550123", q.path)
			require.Equal(t, c.named, strings.Contains(string(q.rawBody), "phoneNumber"), q.path)
			require.Equal(t, "pi-4711", q.header.Get("x-correlator"))
			require.Regexp(t, "^Bearer (ours|theirs)$", q.header.Get("Authorization"))
		}
	}
}

func TestTheCorrelatorFitsItsHeader(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, map[string]reply{tenure: ok(`{"tenureDateCheck": true}`)})
	s := subject()
	s.Correlator = "pi 47\r\n11/ä" + strings.Repeat("x", 300)
	ask(t, n.camara().Sources(), "tenure", s)
	require.Regexp(t, `^[a-zA-Z0-9\-_:;./<>{}]{256}$`, n.questions()[0].header.Get("x-correlator"))
}

// Networks of mobile lines are not asked about others, and our belief that a line is fixed is no evidence either.
func TestOtherLinesAreNotAsked(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, nil)
	s := subject()
	s.Mobile, s.HeldSince = false, now.AddDate(-1, 0, 0)
	e, _ := sources.Gather(t.Context(), n.camara().Sources(), s)
	require.Equal(t, fraud.NotApplicable, e.SIMSwap.Missing)
	require.Equal(t, fraud.NotApplicable, e.KYC.Missing)
	require.Empty(t, n.questions())
}

func TestCallForwarding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                       string
		answers                    map[string]reply
		unconditional, conditional *bool
		why                        fraud.Why
	}{
		{"none", map[string]reply{forwarding: ok(`["inactive"]`)}, new(false), new(false), ""},
		{"all calls", map[string]reply{forwarding: ok(`["unconditional"]`)}, new(true), new(false), ""},
		{"some calls", map[string]reply{forwarding: ok(`["conditional_busy", "conditional_no_answer"]`)}, new(false), new(true), ""},
		{"both", map[string]reply{forwarding: ok(`["unconditional", "conditional_not_reachable"]`)}, new(true), new(true), ""},
		{"a contradiction", map[string]reply{forwarding: ok(`["inactive", "unconditional"]`)}, nil, nil, fraud.Unreadable},
		{"an empty list is no answer", map[string]reply{forwarding: ok(`[]`)}, nil, nil, fraud.Unreadable},
		{"something new", map[string]reply{forwarding: ok(`["to_the_moon"]`)}, nil, nil, fraud.Unreadable},
		{"501: only the narrow question", map[string]reply{forwarding: no(501, "NOT_IMPLEMENTED"), forwardAll: ok(`{"active": true}`)}, new(true), nil, ""},
		{"an answer that leaves active out", map[string]reply{forwarding: no(501, "NOT_IMPLEMENTED"), forwardAll: ok(`{}`)}, nil, nil, fraud.NotTold},
		{"neither question", map[string]reply{forwarding: no(501, ""), forwardAll: no(503, "")}, nil, nil, fraud.Unavailable},
		{"down", map[string]reply{forwarding: no(503, "")}, nil, nil, fraud.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := ask(t, newNetwork(t, c.answers).camara().Sources(), "call_forwarding", subject())
			require.Equal(t, c.why, e.CallForwarding.Missing)
			if c.why == "" {
				require.Equal(t, fraud.CallForwarding{Unconditional: c.unconditional, Conditional: c.conditional}, *e.CallForwarding.Known)
			}
		})
	}
}

func TestNumberRecycling(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, map[string]reply{recycling: ok(`{"phoneNumberRecycled": true}`)})
	s := subject()
	require.Equal(t, fraud.NotAsked, ask(t, n.camara().Sources(), "number_recycling", s).NumberRecycling.Missing, "without a date there is no question")
	s.HeldSince = now.Add(time.Hour)
	require.Equal(t, fraud.NotAsked, ask(t, n.camara().Sources(), "number_recycling", s).NumberRecycling.Missing)
	require.Empty(t, n.questions())
	s.HeldSince = time.Date(2024, 5, 6, 23, 30, 0, 0, time.FixedZone("", -5*3600))
	require.True(t, *ask(t, n.camara().Sources(), "number_recycling", s).NumberRecycling.Known.Recycled)
	require.Equal(t, "2024-05-06", n.questions()[0].body["specifiedDate"], "the day on the subscriber's calendar")

	e := ask(t, newNetwork(t, map[string]reply{recycling: ok(`{}`)}).camara().Sources(), "number_recycling", s)
	require.Equal(t, fraud.Unreadable, e.NumberRecycling.Missing)
}

func TestTenure(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"tenureDateCheck": true, "contractType": "PAYM"}`:      ">=30d paym",
		`{"tenureDateCheck": false, "contractType": "Business"}`: "<=30d business",
		`{"tenureDateCheck": false}`:                             "<=30d ",
		`{"tenureDateCheck": true, "contractType": "BARTER"}`:    ">=30d ",
	} {
		n := newNetwork(t, map[string]reply{tenure: ok(body)})
		known := ask(t, n.camara().Sources(), "tenure", subject()).Tenure.Known
		got := known.Since.String() + " "
		if known.Contract != nil {
			got += string(*known.Contract)
		}
		require.Equal(t, want, got)
		require.Equal(t, map[string]any{"tenureDate": "2026-10-23", "phoneNumber": "+12025550123"}, n.questions()[0].body, "and nothing that newer releases refuse")
	}
	e := ask(t, newNetwork(t, map[string]reply{tenure: ok(`{"contractType": "PAYG"}`)}).camara().Sources(), "tenure", subject())
	require.Equal(t, fraud.Unreadable, e.Tenure.Missing)
}

func TestKYCMatchTraps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer reply
		want   string
		why    fraud.Why
	}{
		{"matches are 100", ok(`{"nameMatch": "true", "addressMatch": "true", "birthdateMatch": "true"}`), `{"name":true,"name_score":100,"address":true,"address_score":100,"birthdate":true}`, ""},
		{"a mismatch with a score", ok(`{"nameMatch": "false", "nameMatchScore": 83}`), `{"name":false,"name_score":83}`, ""},
		{"a mismatch without a score is not 0", ok(`{"nameMatch": "false"}`), `{"name":false}`, ""},
		{"not_available is neither", ok(`{"nameMatch": "not_available", "nameMatchScore": 12, "birthdateMatch": "false"}`), `{"birthdate":false}`, ""},
		{"nothing available", ok(`{"nameMatch": "not_available"}`), `{}`, ""},
		{"a score that makes no sense", ok(`{"nameMatch": "false", "nameMatchScore": 140}`), `{"name":false}`, ""},
		{"a match that is none", ok(`{"nameMatch": "maybe"}`), "", fraud.Unreadable},
		{"a wrong document is an answer", no(403, "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_MISMATCH"), `{"document":false}`, ""},
		{"a document is asked for", no(403, "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_REQUIRED"), "", fraud.NotAsked},
		{"a bad combination", no(400, "KNOW_YOUR_CUSTOMER.INVALID_PARAM_COMBINATION"), "", fraud.BadRequest},
		{"another's token", no(403, "INVALID_TOKEN_CONTEXT"), "", fraud.NotAuthorised},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, map[string]reply{kyc: c.answer})
			e := ask(t, n.camara().Sources(), "kyc", subject())
			require.Equal(t, c.why, e.KYC.Missing)
			if c.why == "" {
				text, err := json.Marshal(e.KYC.Known)
				require.NoError(t, err)
				require.JSONEq(t, c.want, string(text))
			}
			require.NotContains(t, string(n.questions()[0].rawBody), "idDocument", "what is not known is not asked")
		})
	}
}

// The number alone is no question: the API refuses it, so it is not asked.
func TestKYCMatchIsNotAskedAboutNobody(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, nil)
	s := subject()
	s.Person = sources.Person{}
	require.Equal(t, fraud.NotAsked, ask(t, n.camara().Sources(), "kyc", s).KYC.Missing)
	require.Empty(t, n.questions())
}

// noConsent is a subscriber who did not agree.
type noConsent struct{}

func (noConsent) Token(context.Context, string, sources.Subject) (sources.Token, error) {
	return sources.Token{}, &sources.MissingError{Why: fraud.NoConsent}
}

func TestWithoutConsentNobodyIsAsked(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, nil)
	e := ask(t, (&sources.CAMARA{Root: n.URL, Tokens: noConsent{}}).Sources(), "sim_swap", subject())
	require.Equal(t, fraud.NoConsent, e.SIMSwap.Missing)
	require.Empty(t, n.questions())
}
