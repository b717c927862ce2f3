package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// A transaction that panics does so where it was begun, and spoils nothing of those that share its commit.
func TestPanicInGroup(t *testing.T) {
	t.Parallel()
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	var writing errgroup.Group
	for i := range 40 {
		writing.Go(func() error {
			if i%4 == 0 {
				if what := panicIn(l, i); what != fmt.Sprint("broken ", i) {
					return fmt.Errorf("it panicked with %v", what)
				}
				return nil
			}
			return l.KeepLetterPrint(context.Background(), fmt.Sprint("letter-", i), "print")
		})
	}
	require.NoError(t, writing.Wait())
	n, err := l.count(t.Context(), `SELECT count(*) FROM letter_prints`)
	require.NoError(t, err)
	require.Equal(t, 30, n)
}

func panicIn(l *Ledger, i int) (what any) {
	defer func() { what = recover() }()
	_ = l.inTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := change(ctx, tx, `INSERT INTO letter_prints (sha256, print) VALUES ($1, 'print')`, fmt.Sprint("broken-", i)); err != nil {
			return err
		}
		panic(fmt.Sprint("broken ", i))
	})
	return nil
}
