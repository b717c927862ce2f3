package patterns_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud/patterns"
	"github.com/portsaga/portsaga/internal/ledger"
)

var now = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// asked are requests, each on an account of its own with everything its own, unless change says otherwise.
type asked struct {
	name   string
	n      int
	ago    time.Duration
	odd    bool
	bulk   string
	common string // dimension that they have in common; an account too where it is "account"
}

func memory(t *testing.T, all ...asked) *ledger.Ledger {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	for _, a := range all {
		for i := range a.n {
			port := fmt.Sprint(a.name, "-", i)
			r := ledger.Request{PortID: port, Account: port, Bulk: a.bulk, Odd: a.odd, At: now.Add(-a.ago), Tokens: map[string]string{}}
			for _, dimension := range []string{"number", "account", "signer", "email", "address", "recipient"} {
				r.Tokens[dimension] = port
			}
			if a.common == "account" {
				r.Account = a.name
			}
			if a.common != "" {
				r.Tokens[a.common] = a.name
			}
			require.NoError(t, books.RecordRequest(t.Context(), r))
		}
	}
	return books
}

// Each pattern has requests that show it, and some that come near and do not.
func TestEveryPatternIsSeenAndNot(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for pattern, c := range map[patterns.Pattern]struct{ seen, near []asked }{
		patterns.NumberBurst:        {[]asked{{name: "a", n: 5, common: "number"}}, []asked{{name: "a", n: 4, common: "number"}}},
		patterns.AccountBurst:       {[]asked{{name: "a", n: 5, common: "account"}}, []asked{{name: "a", n: 40, common: "account", bulk: "bk-1"}}},
		patterns.EmailBurst:         {[]asked{{name: "a", n: 5, common: "email"}}, []asked{{name: "a", n: 5, common: "email", ago: 25 * time.Hour}}},
		patterns.AddressBurst:       {[]asked{{name: "a", n: 5, common: "address"}}, []asked{{name: "a", n: 4, common: "address"}}},
		patterns.RecipientBurst:     {[]asked{{name: "a", n: 200, common: "recipient"}}, []asked{{name: "a", n: 199, common: "recipient"}}},
		patterns.SignerOverAccounts: {[]asked{{name: "a", n: 3, common: "signer"}}, []asked{{name: "a", n: 2, common: "signer"}}},
		patterns.OutOfHoursSpike: {
			[]asked{{name: "a", n: 7, odd: true}, {name: "b", n: 60, odd: true, ago: 10 * day}},
			[]asked{{name: "a", n: 6, odd: true}, {name: "b", n: 60, odd: true, ago: 10 * day}, {name: "c", n: 50}},
		},
	} {
		t.Run(string(pattern), func(t *testing.T) {
			t.Parallel()
			seen, err := patterns.Look(t.Context(), memory(t, c.seen...), patterns.Usual(), now)
			require.NoError(t, err)
			require.Equal(t, 1, patterns.Counts(seen)[pattern], "%v", seen)
			require.Len(t, seen, 1, "and nothing else")
			near, err := patterns.Look(t.Context(), memory(t, c.near...), patterns.Usual(), now)
			require.NoError(t, err)
			require.Empty(t, near)
		})
	}
}

func TestCountsLeaveNoPatternOut(t *testing.T) {
	t.Parallel()
	require.Len(t, patterns.Counts(nil), len(patterns.All))
	for pattern, n := range patterns.Counts(nil) {
		require.Zero(t, n, pattern)
	}
}

func TestASpikeSaysWhatIsUsual(t *testing.T) {
	t.Parallel()
	seen, err := patterns.Look(t.Context(), memory(t, asked{name: "a", n: 9, odd: true}, asked{name: "b", n: 60, odd: true, ago: 240 * time.Hour}), patterns.Usual(), now)
	require.NoError(t, err)
	require.Equal(t, []patterns.Seen{{Pattern: patterns.OutOfHoursSpike, Burst: ledger.Burst{Dimension: "out-of-hours", Requests: 9}, Usual: 2}}, seen)
}

// broken is a ledger that is down for one of the questions.
type broken struct {
	patterns.Memory
	bursts bool
}

func (b broken) Bursts(ctx context.Context, since time.Time, least int) ([]ledger.Burst, error) {
	if b.bursts {
		return nil, errors.New("down")
	}
	return b.Memory.Bursts(ctx, since, least)
}

func (broken) OddHours(context.Context, time.Time, time.Time) (int, error) {
	return 0, errors.New("down")
}

func TestALedgerThatIsDown(t *testing.T) {
	t.Parallel()
	for _, bursts := range []bool{true, false} {
		_, err := patterns.Look(t.Context(), broken{memory(t), bursts}, patterns.Usual(), now)
		require.EqualError(t, err, "down")
	}
}
