package sources_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
	"github.com/portsaga/portsaga/internal/match"
)

// counts answers for whatever it is asked.
type counts struct{ err error }

func (c counts) Count(_ context.Context, tokens map[sources.Dimension]string, at time.Time) (map[sources.Dimension]sources.Met, error) {
	met := map[sources.Dimension]sources.Met{}
	for by, token := range tokens {
		if token == "" || !at.Equal(now) {
			return nil, errors.New("asked for nothing, or at another time")
		}
		met[by] = sources.Met{Day: 24, Month: 720, Accounts: 721}
	}
	return met, c.err
}

func TestVelocity(t *testing.T) {
	t.Parallel()
	s := subject()
	s.Tokens = map[sources.Dimension]string{sources.ByNumber: "n", sources.BySigner: "s", sources.ByEmail: ""}
	all := []sources.Source{sources.Velocity(counts{})}
	known, err := json.Marshal(ask(t, all, "velocity", s).Velocity.Known)
	require.NoError(t, err)
	require.JSONEq(t, `{"number_24h": 24, "number_30d": 720, "signer_24h": 24, "signer_30d": 720, "signer_accounts_30d": 721}`, string(known))

	for _, by := range []sources.Dimension{sources.ByAccount, sources.ByEmail, sources.ByAddress, sources.ByRecipient} {
		s.Tokens[by] = "t"
	}
	known, err = json.Marshal(ask(t, all, "velocity", s).Velocity.Known)
	require.NoError(t, err)
	var facts map[string]int
	require.NoError(t, json.Unmarshal(known, &facts))
	require.Len(t, facts, 13)

	e := ask(t, []sources.Source{sources.Velocity(counts{errors.New("no ledger")})}, "velocity", s)
	require.Equal(t, fraud.Unavailable, e.Velocity.Missing)
}

// archive holds letters of other accounts.
type archive struct {
	same   int
	own    fraud.Fingerprint
	others []fraud.Fingerprint
	err    error
}

func (a archive) OtherAccounts(_ context.Context, _, account string) (int, error) {
	if account != "a1" {
		return 0, errors.New("another account")
	}
	return a.same, a.err
}

func (a archive) Fingerprint(context.Context, string) (fraud.Fingerprint, error) { return a.own, a.err }

func (a archive) Fingerprints(context.Context, string, string) ([]fraud.Fingerprint, error) {
	return a.others, a.err
}

func TestLOA(t *testing.T) {
	t.Parallel()
	const text = "I hereby authorise Northwind Voice to move my number from my present provider, and to sign for me"
	letter := fraud.FingerprintOf([]byte("k"), text)
	s := subject()
	loa := func(a archive) fraud.Report[fraud.LOA] { return ask(t, []sources.Source{sources.LOA(a)}, "loa", s).LOA }
	require.Equal(t, fraud.NotApplicable, loa(archive{}).Missing, "there is no letter")

	s.Letter = sources.Letter{SHA256: "d", Account: "a1", SignedAt: now, RequestedAt: now.Add(-time.Hour), CustomerSince: now.AddDate(-1, 0, 0)}
	known := loa(archive{same: 2, own: letter, others: []fraud.Fingerprint{"", fraud.FingerprintOf([]byte("k"), "another text of quite enough words to have one"), letter}}).Known
	require.Equal(t, 2, *known.OtherAccounts)
	require.InDelta(t, 1, *known.Similarity, 0)
	require.True(t, *known.SignedAfterRequest)
	require.False(t, *known.SignedBeforeCustomer)

	s.Letter.RequestedAt, s.Letter.CustomerSince = now.Add(time.Hour), now.Add(time.Hour)
	known = loa(archive{own: letter}).Known
	require.Zero(t, *known.OtherAccounts)
	require.Zero(t, *known.Similarity)
	require.False(t, *known.SignedAfterRequest)
	require.True(t, *known.SignedBeforeCustomer)

	require.Equal(t, fraud.Unavailable, loa(archive{err: errors.New("no archive")}).Missing)

	s.Letter = sources.Letter{SHA256: "d", Account: "a1"}
	known = loa(archive{}).Known
	require.Nil(t, known.Similarity, "a letter that could not be read is like none")
	require.Nil(t, known.SignedAfterRequest)
	require.Nil(t, known.SignedBeforeCustomer)
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	for want, found := range map[string][]match.Difference{
		`{"name":"match","address":"match","account":"match"}`: {{Field: match.FieldLines, Severity: match.Mismatch}},
		`{"name":"near","address":"mismatch","account":"match"}`: {
			{Field: match.FieldName, Severity: match.Near}, {Field: match.FieldStreet, Severity: match.Mismatch}, {Field: match.FieldCity, Severity: match.Near},
		},
		`{"name":"match","address":"near","account":"mismatch"}`: {
			{Field: match.FieldPostalCode, Severity: match.Near}, {Field: match.FieldAccountNumber, Severity: match.Near}, {Field: match.FieldBTN, Severity: match.Mismatch},
		},
	} {
		got, err := json.Marshal(sources.Identity(found))
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
	}
}
