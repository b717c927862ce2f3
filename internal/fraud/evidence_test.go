package fraud_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

func TestReadEvidence(t *testing.T) {
	t.Parallel()
	e, err := fraud.ReadEvidence([]byte(`{
		"at": "2026-11-22T12:00:00Z",
		"sim_swap": {"known": {"change": "26h"}},
		"kyc": {"missing": "timed-out"},
		"loa": {"known": {"similarity": 0.5}}
	}`))
	require.NoError(t, err)
	require.Equal(t, age(t, "26h"), *e.SIMSwap.Known.Change)
	require.Equal(t, fraud.TimedOut, e.KYC.Missing)
	require.Nil(t, e.Tenure.Known)

	text, err := json.Marshal(e)
	require.NoError(t, err)
	again, err := fraud.ReadEvidence(text)
	require.NoError(t, err)
	require.Equal(t, e, again)
	require.NotContains(t, string(text), "tenure", "what was not asked is not there")
}

func TestEvidenceIsReadStrictly(t *testing.T) {
	t.Parallel()
	for fields, says := range map[string]string{
		`"sim_swop": {}`: "sim_swop",
		`"sim_swap": {"known": {"changed": "1h"}}`:                "changed",
		`"sim_swap": {"known": {"change": "yesterday"}}`:          "an age is written like",
		`"sim_swap": {"known": {}, "missing": "timed-out"}`:       "both known and missing",
		`"sim_swap": {"missing": "because"}`:                      "no such reason",
		`"sim_swap": {"missing": "rule-broken"}`:                  "no such reason",
		`"sim_swap": {"known": {"change": "1h"}} , "x": 1`:        "x",
		`"velocity": {"known": {"number_24h": -1}}`:               "velocity.number_24h is not between",
		`"velocity": {"known": {"number_24h": 1.5}}`:              "number_24h",
		`"kyc": {"known": {"name_score": 101}}`:                   "kyc.name_score is not between 0 and 100",
		`"kyc": {"known": {"name": "true"}}`:                      "kyc",
		`"loa": {"known": {"similarity": 1.01}}`:                  "loa.similarity is not between 0 and 1",
		`"contact": {"known": {"line": "string and two tins"}}`:   "contact.line is none of",
		`"notice": {"known": {"reply": "+12025550123"}}`:          "notice.reply is none of",
		`"at": "yesterday"`:                                       "parsing time",
		`"velocity": {"known": {"number_24h": 1}}} {"at": "2026"`: "something follows",
	} {
		_, err := fraud.ReadEvidence(fmt.Appendf(nil, `{"at": "2026-11-22T12:00:00Z", %s}`, fields))
		require.Equal(t, "evidence-invalid", porting.CodeOf(err), fields)
		require.Equal(t, 2, porting.ExitCode(err))
		require.ErrorContains(t, err, says)
	}
	for _, text := range []string{``, `null`, `{}`, `[]`, `{"at": "0001-01-01T00:00:00Z"}`, strings.Repeat(" ", 65<<10) + `{"at": "2026-11-22T12:00:00Z"}`} {
		_, err := fraud.ReadEvidence([]byte(text))
		require.Equal(t, "evidence-invalid", porting.CodeOf(err), "%.40s", text)
	}
}

// No fact can hold a name, a number or an address: each is a flag, a count, a score, an age or a word of a closed list.
func TestNoFactCanHoldPersonalData(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(fraud.Catalog()), 60)
	for _, f := range fraud.Catalog() {
		require.Contains(t, []string{"bool", "int", "double", "age", "text"}, f.Type, f.Name)
		require.NotEmpty(t, f.Means, f.Name)
		if f.Type == "text" {
			source, name, _ := strings.Cut(f.Name, ".")
			_, err := fraud.ReadEvidence(fmt.Appendf(nil, `{"at": "2026-11-22T12:00:00Z", %q: {"known": {%q: "Jordan Example"}}}`, source, name))
			require.ErrorContains(t, err, f.Name+" is none of")
		}
	}
}

func TestKnowAndMiss(t *testing.T) {
	t.Parallel()
	e := fraud.Evidence{At: time.Now()}
	require.Len(t, fraud.Sources(), 17)
	for _, source := range fraud.Sources() {
		require.False(t, e.Has(source), source)
		e.Miss(source, fraud.TimedOut)
		require.False(t, e.Has(source), source)
	}
	all := []fraud.Facts{
		fraud.SIMSwap{},
		fraud.DeviceSwap{},
		fraud.CallForwarding{},
		fraud.NumberRecycling{},
		fraud.Tenure{},
		fraud.KYC{},
		fraud.Identity{},
		fraud.Contact{},
		fraud.Notice{},
		fraud.Velocity{},
		fraud.Account{},
		fraud.LOA{},
		fraud.History{},
		fraud.Request{},
		fraud.Place{},
		fraud.Network{},
		fraud.Recipient{},
	}
	for i, facts := range all {
		e.Know(facts)
		require.True(t, e.Has(fraud.Sources()[i]), "%T", facts)
		e.Miss(fraud.Sources()[i], fraud.Unavailable)
		require.True(t, e.Has(fraud.Sources()[i]), "what is known stays known")
	}
	text, err := json.Marshal(e)
	require.NoError(t, err)
	require.NotContains(t, string(text), "missing")
	require.False(t, e.Has("astrology"))
	require.Panics(t, func() { e.Miss("astrology", fraud.TimedOut) })
}

// Of two that tell, the first is believed, fact by fact; and a source that tells nothing takes nothing away.
func TestEvidenceIsFilled(t *testing.T) {
	t.Parallel()
	var e fraud.Evidence
	e.Miss("account", fraud.TimedOut)
	e.Fill(fraud.Account{Failed24h: new(2), PINCreated: new(fraud.None())})
	e.Fill(fraud.Account{Failed24h: new(9), TrustedDevice: new(true)})
	e.Fill(fraud.Account{})
	facts, why := e.Of("account")
	require.Equal(t, fraud.Account{Failed24h: new(2), PINCreated: new(fraud.None()), TrustedDevice: new(true)}, facts)
	require.Empty(t, why)
	require.Empty(t, e.Account.Missing, "it is known now")

	e.Miss("network", fraud.NotFound)
	for source, want := range map[string]fraud.Why{"network": fraud.NotFound, "place": fraud.NotTold, "weather": fraud.NotAsked} {
		facts, why = e.Of(source)
		require.Nil(t, facts)
		require.Equal(t, want, why, source)
	}
}
