package sources_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func subject() sources.Subject {
	return sources.Subject{
		At: now, Correlator: "pi-4711", Number: "+12025550123", Contact: "+12025550177", Mobile: true,
		Person: sources.Person{Name: "Jordan Example", Street: "22 Sample Street", PostalCode: "20001", Birthdate: "1980-01-02"},
	}
}

// says is a source that answers at once.
func says(name string, facts fraud.Facts, err error) sources.Source {
	return sources.Source{Name: name, Ask: func(context.Context, sources.Subject) (fraud.Facts, error) { return facts, err }}
}

func TestGather(t *testing.T) {
	t.Parallel()
	e, failures := sources.Gather(t.Context(), []sources.Source{
		says("history", fraud.History{Frauds: new(1)}, nil),
		says("kyc", nil, &sources.MissingError{Why: fraud.NoConsent}),
		says("tenure", nil, errors.New("disk on fire")),
		{Name: "loa", Ask: func(context.Context, sources.Subject) (fraud.Facts, error) { panic("a bug") }},
	}, subject())
	require.Equal(t, now, e.At)
	require.Equal(t, 1, *e.History.Known.Frauds)
	require.Equal(t, fraud.NoConsent, e.KYC.Missing)
	require.Equal(t, fraud.Unavailable, e.Tenure.Missing)
	require.Equal(t, fraud.Unreadable, e.LOA.Missing, "a source that breaks takes nobody with it")
	require.False(t, e.Has("sim_swap"))
	require.Len(t, failures, 3)
	require.Equal(t, "tenure", failures[1].Source)
	require.EqualError(t, failures[1].Err, "disk on fire")
}

func TestTheFirstSourceThatKnowsIsBelieved(t *testing.T) {
	t.Parallel()
	down := &sources.MissingError{Why: fraud.Unavailable}
	first, second := fraud.SIMSwap{Change: new(fraud.None())}, fraud.SIMSwap{Change: new(fraud.AtMost(5))}
	for _, c := range []struct {
		all  []sources.Source
		want string
	}{
		{[]sources.Source{says("sim_swap", first, nil), says("sim_swap", second, nil)}, "none"},
		{[]sources.Source{says("sim_swap", nil, down), says("sim_swap", second, nil)}, "<=5h"},
		{[]sources.Source{says("sim_swap", first, nil), says("sim_swap", nil, down)}, "none"},
	} {
		e, _ := sources.Gather(t.Context(), c.all, subject())
		require.Equal(t, c.want, e.SIMSwap.Known.Change.String())
		require.Empty(t, e.SIMSwap.Missing)
	}
}

// Gather returns within the limits whatever the sources do, and asks them all at once.
func TestGatherReturnsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := make(chan struct{})
		deaf := func(context.Context, sources.Subject) (fraud.Facts, error) {
			<-ends
			return fraud.History{}, nil
		}
		polite := func(ctx context.Context, _ sources.Subject) (fraud.Facts, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("asking: %w", ctx.Err())
		}
		begin := time.Now()
		e, failures := sources.Gather(t.Context(), []sources.Source{
			{Name: "history", Ask: deaf},
			{Name: "kyc", Limit: 2 * time.Second, Ask: polite},
			says("loa", fraud.LOA{}, nil),
		}, subject())
		require.Equal(t, sources.DefaultLimit, time.Since(begin))
		require.Equal(t, fraud.TimedOut, e.History.Missing)
		require.Equal(t, fraud.TimedOut, e.KYC.Missing)
		require.True(t, e.Has("loa"))
		require.Len(t, failures, 2)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		e, _ = sources.Gather(ctx, []sources.Source{{Name: "history", Ask: deaf}, {Name: "kyc", Ask: polite}}, subject())
		require.Equal(t, time.Second, time.Since(begin), "its own context ends it earlier")
		require.Equal(t, fraud.TimedOut, e.History.Missing)
		close(ends)
	})
}

func TestNothingPersonalIsPrinted(t *testing.T) {
	t.Parallel()
	s := subject()
	s.Person.Document, s.Person.Email = "X1234567", "jordan@example.com"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, s)
		for _, private := range []string{"Jordan", "Sample", "2025550123", "X1234567", "example.com", "1980"} {
			require.NotContains(t, text, private, verb)
		}
	}
	require.Equal(t, "[person]", s.Person.LogValue().String())
	for _, secret := range []any{sources.Token{Bearer: "hush"}, sources.TwilioLookup{Secret: "hush"}, &sources.TwilioLookup{Secret: "hush"}} {
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", secret, secret, secret), "hush")
	}
}
