package ledger

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// An acknowledged revocation must survive a power cut, and deleted secrets must not stay in the file.
func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "file:"} {
		l, err := Open(t.Context(), prefix+filepath.Join(t.TempDir(), "ledger.db"))
		require.NoError(t, err)
		defer l.Close()
		for pragma, want := range map[string]string{
			"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1", "busy_timeout": "10000",
		} {
			var got string
			require.NoError(t, l.db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			require.Equal(t, want, got, pragma)
		}
	}
}

func TestFileToCreate(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"ledger.db":                     "ledger.db",
		"./data/ledger 100%?.db":        "./data/ledger 100%?.db",
		"/data/ledger.db":               "/data/ledger.db",
		"file:ledger%20.db":             "ledger .db",
		"file:/data/ledger.db?mode=rwc": "/data/ledger.db",
		"file:///data/ledger.db":        "/data/ledger.db",
		"file:/data/ledger.db?mode=rw":  "",
		"file:ledger.db?mode=memory":    "",
		"file::memory:":                 "",
	} {
		got, err := fileToCreate(sqliteURI(dsn))
		require.NoError(t, err, dsn)
		require.Equal(t, want, got, dsn)
	}
}
