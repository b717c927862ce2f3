package guard_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/internal/vault"
)

// The same work is done for a number with a PIN and for one without: the two take as long, beyond noise.

func BenchmarkCheck(b *testing.B) {
	for name, known := range map[string]bool{"wrong PIN": true, "no PIN": false} {
		b.Run(name, func(b *testing.B) {
			onBoth(b, func(b *testing.B, g *guard.Guard) {
				at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
				if known {
					require.NoError(b, g.SetPIN(b.Context(), g.Number(tenant, number), goodPIN, "subscriber", at))
				}
				for i := 0; b.Loop(); i++ {
					at = at.Add(25 * time.Hour) // nothing is locked out
					_, err := g.Check(b.Context(), guard.Attempt{
						Number: g.Number(tenant, number), PIN: badPIN, Source: guard.Source{Kind: guard.FromPortal, ID: fmt.Sprint(i)}, At: at,
					})
					require.NoError(b, err)
				}
			})
		})
	}
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
