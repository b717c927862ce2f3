package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// Every change of the ledger also raises one counter, in the same transaction: these are what that costs.

func BenchmarkClaim(b *testing.B) {
	onBoth(b, func(b *testing.B, dsn newDSN) {
		l := open(b, dsn(b))
		for i := 0; b.Loop(); i++ {
			claim(b, l, fmt.Sprintf("pi-%d", i), fmt.Sprint(i))
		}
	})
}

func BenchmarkClaimInParallel(b *testing.B) {
	onBoth(b, func(b *testing.B, dsn newDSN) {
		l := open(b, dsn(b))
		var next atomic.Int64
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				i := next.Add(1)
				claim(b, l, fmt.Sprintf("pi-%d", i), fmt.Sprint(i))
			}
		})
	})
}

// BenchmarkActivation wins the fence and gives it back.
func BenchmarkActivation(b *testing.B) {
	onBoth(b, func(b *testing.B, dsn newDSN) {
		l := open(b, dsn(b))
		claim(b, l, "pi-1", "0101")
		for i := 0; b.Loop(); i++ {
			key := fmt.Sprint(i)
			begin(b, l, "pi-1", key)
			require.NoError(b, l.EndActivation(b.Context(), "pi-1", key, false, noon))
		}
	})
}

func BenchmarkClaim20000(b *testing.B) {
	numbers := tokens(20_000)
	onBoth(b, func(b *testing.B, dsn newDSN) {
		l := open(b, dsn(b))
		for i := 0; b.Loop(); i++ {
			port := fmt.Sprintf("pi-%d", i)
			claim(b, l, port, numbers...)
			require.NoError(b, l.Release(b.Context(), port, porting.OutcomeCompleted, noon))
		}
	})
}

func onBoth(b *testing.B, run func(*testing.B, newDSN)) {
	b.Run("SQLite", func(b *testing.B) { run(b, sqliteFile) })
	b.Run("Postgres", func(b *testing.B) { run(b, pgtest.Start(b).New) })
}
