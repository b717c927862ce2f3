package ledger_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Many write at once: what each keeps is there when it is told so, and one that fails spoils nothing of the others.
func testGroups(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	var writing errgroup.Group
	for i := range 200 {
		writing.Go(func() error {
			v := validation(fmt.Sprint("po-", i), "hold")
			if i%10 == 0 {
				v.AnsweredAt = time.Time{} // which the ledger refuses
			}
			_, err := l.RecordValidation(context.Background(), v, &ledger.KeptSecret{Ref: v.PortID, Owner: v.PortID, Sealed: []byte("PIN"), At: noon, ExpiresAt: noon})
			if refused := err != nil; refused != (i%10 == 0) {
				return fmt.Errorf("%s: %w", v.PortID, err)
			}
			if err != nil {
				return nil
			}
			_, err = l.Validation(context.Background(), v.PortID)
			return err
		})
	}
	require.NoError(t, writing.Wait())
	stats, err := l.Stats(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 180, stats.Secrets)
}

// Whoever gives up while somebody else has the ledger has changed nothing. Only those of the group that waits for the ledger wait on.
func TestWritersThatGiveUp(t *testing.T) {
	t.Parallel()
	const many = 100
	file := sqliteFile(t)
	l := open(t, file)
	db, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	other, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)

	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var failures [many]error
	var writing sync.WaitGroup
	for i := range failures {
		writing.Go(func() {
			_, failures[i] = l.RecordValidation(impatient, validation(fmt.Sprint("po-", i), "hold"), nil)
		})
	}
	<-impatient.Done()
	require.NoError(t, other.Rollback())
	writing.Wait()
	gaveUp := 0
	for i, failure := range failures {
		_, err := l.Validation(t.Context(), fmt.Sprint("po-", i))
		if failure == nil {
			require.NoError(t, err)
			continue
		}
		gaveUp++
		require.ErrorIs(t, failure, context.DeadlineExceeded)
		requireCode(t, err, porting.NotFound, "validation-unknown")
	}
	require.Positive(t, gaveUp)
}
