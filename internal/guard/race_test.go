package guard_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

func TestRaceGuessesSQLite(t *testing.T) {
	t.Parallel()
	raceGuesses(t, filepath.Join(t.TempDir(), "ledger.db"))
}

func TestRaceGuessesPostgres(t *testing.T) {
	t.Parallel()
	raceGuesses(t, pgtest.Start(t).New(t))
}

// Two processes, a hundred guesses at once, each from a source of its own: five are looked at, also where the right one is
// among them. After a right one the count begins anew, so five more may be.
func raceGuesses(t *testing.T, dsn string) {
	keys, err := vault.Create(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var guards [2]*guard.Guard
	for i := range guards {
		books, err := ledger.Open(t.Context(), dsn)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, books.Close()) })
		guards[i], err = guard.Open(t.Context(), books, keys, guard.Options{}, at)
		require.NoError(t, err)
	}
	subject := guards[0].Number(tenant, number)
	require.NoError(t, guards[0].SetPIN(t.Context(), subject, goodPIN, "subscriber", at))

	looked, failed := guessAtOnce(t, guards, at, func(int) porting.Secret { return badPIN })
	require.Zero(t, failed)
	require.Equal(t, map[guard.Verdict]int{guard.Wrong: 5, guard.Locked: 95}, looked)

	looked, failed = guessAtOnce(t, guards, at.Add(time.Hour), func(i int) porting.Secret {
		if i == 0 {
			return goodPIN
		}
		return badPIN
	})
	require.Zero(t, failed)
	require.LessOrEqual(t, looked[guard.OK], 1)
	require.LessOrEqual(t, looked[guard.Wrong], 5+4*looked[guard.OK])
	require.GreaterOrEqual(t, looked[guard.Locked], 90)
}

// guessAtOnce makes a hundred guesses and counts what became of them.
func guessAtOnce(t *testing.T, guards [2]*guard.Guard, at time.Time, pin func(i int) porting.Secret) (map[guard.Verdict]int, int) {
	t.Helper()
	const many = 100
	verdicts := make([]guard.Verdict, many)
	var failed atomic.Int32
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range many {
		done.Go(func() {
			<-start
			verdict, err := guards[i%2].Check(t.Context(), guard.Attempt{
				Number: guards[0].Number(tenant, number), PIN: pin(i), At: at,
				Source: guard.Source{Kind: guard.FromPortal, ID: fmt.Sprint(at.Unix(), "-", i)},
			})
			if err != nil {
				failed.Add(1)
			}
			verdicts[i] = verdict
		})
	}
	close(start)
	done.Wait()
	counted := map[guard.Verdict]int{}
	for _, verdict := range verdicts {
		counted[verdict]++
	}
	return counted, int(failed.Load())
}
