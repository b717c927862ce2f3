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
