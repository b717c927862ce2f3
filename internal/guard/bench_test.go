package guard_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// BenchmarkCheck asks in turn for a number with a PIN and for one without, and reports the median of each: the same work is
// done for both.
func BenchmarkCheck(b *testing.B) {
	onBoth(b, func(b *testing.B, g *guard.Guard) {
		at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		require.NoError(b, g.SetPIN(b.Context(), g.Number(tenant, number), goodPIN, "subscriber", at))
		took := map[guard.Verdict][]time.Duration{}
		for i := 0; b.Loop(); i++ {
			at = at.Add(25 * time.Hour) // nothing is locked out
			for _, n := range inTurn(i, number, other) {
				start := time.Now()
				verdict, err := g.Check(b.Context(), guard.Attempt{
					Number: g.Number(tenant, n), PIN: badPIN, Source: guard.Source{Kind: guard.FromPortal, ID: fmt.Sprint(i)}, At: at,
				})
				took[verdict] = append(took[verdict], time.Since(start))
				require.NoError(b, err)
			}
		}
		b.ReportMetric(median(took[guard.Wrong]), "with-PIN-ms")
		b.ReportMetric(median(took[guard.None]), "without-PIN-ms")
	})
}

// inTurn has another number first each time: what comes second meets what the first left behind.
func inTurn(i int, numbers ...porting.Number) []porting.Number {
	if i%2 == 1 {
		slices.Reverse(numbers)
	}
	return numbers
}

// median is in milliseconds.
func median(took []time.Duration) float64 {
	slices.Sort(took)
	return took[len(took)/2].Seconds() * 1000
}

// BenchmarkLockedOut is what a flood of guesses costs once it is locked out.
func BenchmarkLockedOut(b *testing.B) {
	onBoth(b, func(b *testing.B, g *guard.Guard) {
		at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		for i := 0; b.Loop(); i++ {
			_, err := g.Check(b.Context(), guard.Attempt{
				Number: g.Number(tenant, number), PIN: badPIN, Source: guard.Source{Kind: guard.FromPortal, ID: fmt.Sprint(i)}, At: at,
			})
			require.NoError(b, err)
		}
	})
}

// BenchmarkLocked is what a saga or a webhook asks before a number may leave.
func BenchmarkLocked(b *testing.B) {
	onBoth(b, func(b *testing.B, g *guard.Guard) {
		at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		subject := g.Number(tenant, number)
		_, err := g.Lock(b.Context(), subject, "ana@desk", "", at)
		require.NoError(b, err)
		for b.Loop() {
			_, locked, err := g.Locked(b.Context(), at, subject)
			require.NoError(b, err)
			require.True(b, locked)
		}
	})
}

func onBoth(b *testing.B, run func(*testing.B, *guard.Guard)) {
	open := func(b *testing.B, dsn string) *guard.Guard {
		books, err := ledger.Open(b.Context(), dsn)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, books.Close()) })
		keys, err := vault.Create(filepath.Join(b.TempDir(), "key"))
		require.NoError(b, err)
		g, err := guard.Open(b.Context(), books, keys, guard.Options{}, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
		require.NoError(b, err)
		return g
	}
	b.Run("SQLite", func(b *testing.B) { run(b, open(b, filepath.Join(b.TempDir(), "ledger.db"))) })
	b.Run("Postgres", func(b *testing.B) { run(b, open(b, pgtest.Start(b).New(b))) })
}
