package ledger

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const numbersUpTo = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n`

func TestStatementIsKept(t *testing.T) {
	t.Parallel()
	db := openPrepared(t)
	for i := range 3 {
		require.Equal(t, i+1, count(t, db, i+1), "a statement that ran keeps nothing of how it ran")
	}
	require.Equal(t, 1, kept(t, db))
}

func TestStatementRunsWhileItIsRead(t *testing.T) {
	t.Parallel()
	tx, err := openPrepared(t).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()

	outer, err := tx.QueryContext(t.Context(), numbersUpTo, 3)
	require.NoError(t, err)
	defer outer.Close()
	var seen []int
	for outer.Next() {
		var i int
		require.NoError(t, outer.Scan(&i))
		seen = append(seen, i, count(t, tx, i))
	}
	require.NoError(t, outer.Err())
	require.Equal(t, []int{1, 1, 2, 2, 3, 3}, seen)
}

func TestStatementsThatAreKeptAreBounded(t *testing.T) {
	t.Parallel()
	db := openPrepared(t)
	for i := range keptStatements + 10 {
		_, err := db.ExecContext(t.Context(), fmt.Sprintf("SELECT %d", i))
		require.NoError(t, err)
	}
	require.Equal(t, keptStatements, kept(t, db))
	require.Equal(t, 7, count(t, db, 7), "what is not kept runs as well")
}

func TestStatementSurvivesItsFailure(t *testing.T) {
	t.Parallel()
	db := openPrepared(t)
	_, err := db.ExecContext(t.Context(), "CREATE TABLE once (n INTEGER PRIMARY KEY)")
	require.NoError(t, err)
	const insert = "INSERT INTO once VALUES ($1)"
	for _, want := range []struct {
		n     int
		fails bool
	}{{1, false}, {1, true}, {2, false}} {
		_, err := db.ExecContext(t.Context(), insert, want.n)
		require.Equal(t, want.fails, err != nil, "%v", err)
	}
}

func openPrepared(t *testing.T) *sql.DB {
	t.Helper()
	db, _, err := connect(filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func count(t *testing.T, q querier, upTo int) int {
	t.Helper()
	rows, err := q.QueryContext(t.Context(), numbersUpTo, upTo)
	require.NoError(t, err)
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	require.NoError(t, rows.Err())
	return n
}

func kept(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, conn.Raw(func(c any) error {
		n = len(c.(*preparedConn).kept)
		return nil
	}))
	return n
}
