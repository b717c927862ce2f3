package canary

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger/pgtest"
)

// books are the databases of a house beside Temporal's: SQLite files in its directory, or a schema of a PostgreSQL.
type books struct {
	ledger, keys string
	data         string // of PostgreSQL, the directory of its files
}

func sqliteBooks(dir string) books {
	return books{ledger: filepath.Join(dir, "ledger.db"), keys: filepath.Join(dir, "keys.db")}
}

// postgresBooks are in a server of their own: the other house may write names where this one must not have any.
func postgresBooks(t *testing.T) books {
	t.Helper()
	server := pgtest.Start(t)
	if server.Data() == "" {
		t.Skip("the files of the server that " + pgtest.EnvDSN + " names cannot be searched")
	}
	dsn := server.New(t)
	return books{ledger: dsn, keys: dsn, data: server.Data()}
}

// settle has what is in write-ahead logs written into the databases, too.
func (b books) settle(ctx context.Context, t require.TestingT) {
	for _, dsn := range slices.Compact([]string{b.ledger, b.keys}) {
		driver, name, statement := "pgx", dsn, "CHECKPOINT"
		if b.data == "" {
			if _, err := os.Stat(dsn); err != nil {
				continue // nothing is sealed here
			}
			driver, name, statement = "sqlite", "file:"+dsn+"?_pragma=busy_timeout(10000)", "PRAGMA wal_checkpoint(PASSIVE)"
		}
		db, err := sql.Open(driver, name)
		require.NoError(t, err)
		_, err = db.ExecContext(ctx, statement)
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
}

// rows are all values of all tables.
func (b books) rows(ctx context.Context, h *house) []byte {
	if b.data == "" {
		return h.rows(ctx, ".")
	}
	return tables(ctx, h, "pgx", b.ledger, "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
}

// postgresStoreOf says what a file of PostgreSQL belongs to.
func postgresStoreOf(path string) string {
	if strings.Contains(path, "/pg_wal/") {
		return ledgerWAL
	}
	return ledgerFiles
}
