package ledger_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// docs/running.md tells people to back a ledger up as these tests do, while it is in use.

func TestRestoredSQLite(t *testing.T) {
	t.Parallel()
	where := sqliteFile(t)
	copied := filepath.Join(t.TempDir(), "backup.db")
	testRestore(t, where,
		func() { execute(t, where, `VACUUM INTO '`+copied+`'`) },
		func() {
			for _, beside := range []string{"-wal", "-shm"} {
				require.NoError(t, os.RemoveAll(where+beside))
			}
			copyFile(t, copied, where)
		})
}

func TestRestoredPostgres(t *testing.T) {
	t.Parallel()
	dump, restore := postgresProgram(t, "pg_dump"), postgresProgram(t, "pg_restore")
	where := pgtest.Start(t).New(t)
	database, err := url.Parse(where)
	require.NoError(t, err)
	query := database.Query()
	schema := query.Get("search_path")
	query.Del("search_path") // the driver's own; the programs know their schema
	database.RawQuery = query.Encode()
	archive := filepath.Join(t.TempDir(), "ledger.dump")
	run := func(program string, args ...string) {
		said, err := exec.CommandContext(t.Context(), program, append(args, "--dbname", database.String())...).CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
	testRestore(t, where,
		func() { run(dump, "--format=custom", "--schema="+schema, "--file="+archive) },
		func() { run(restore, "--clean", "--if-exists", "--single-transaction", "--exit-on-error", archive) })
}

// postgresProgram finds a program that comes with PostgreSQL's client.
func postgresProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s; install PostgreSQL's client", name)
	}
	return path
}

// testRestore loses a revocation by a restore. The ledger that comes back is whole, and activates nothing until a person has
// compared it with the sagas and lifted the quarantine.
func testRestore(t *testing.T, where string, backup, restore func()) {
	mark := filepath.Join(t.TempDir(), "gate.mark")
	live, err := ledger.Open(t.Context(), where)
	require.NoError(t, err)
	for _, port := range []string{"pi-1", "pi-2"} {
		claim(t, live, port, port)
	}
	check(t, openWatermark(t, mark), live)
	backup()
	before := state(t, live)
	revoke(t, live, "pi-1")
	claim(t, live, "pi-3", "pi-3")
	check(t, openWatermark(t, mark), live)
	require.NoError(t, live.Close())

	restore()

	restored := open(t, where)
	require.Equal(t, before, state(t, restored), "it is the ledger of then")
	require.Equal(t, ledger.FenceOpen, fence(t, restored, "pi-1").State, "it has forgotten the revocation")
	_, err = restored.Fence(t.Context(), "pi-3")
	requireCode(t, err, porting.NotFound, "port-unknown")

	gate := openWatermark(t, mark)
	require.True(t, check(t, gate, restored).Quarantined(), "the gate that starts on it has seen more")
	for _, port := range []string{"pi-1", "pi-2"} {
		_, err := restored.BeginActivation(t.Context(), port, 1, "key", noon)
		requireCode(t, err, porting.Refused, "ledger-quarantined")
	}

	revoke(t, restored, "pi-1") // revocations go on: this is what the comparison with the sagas does
	lift(t, restored)
	require.False(t, check(t, gate, restored).Quarantined())
	_, err = restored.BeginActivation(t.Context(), "pi-1", 1, "key", noon)
	requireCode(t, err, porting.Refused, "fence-closed")
	begin(t, restored, "pi-2", "key")
}
