package engine_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/devserver/engine/enginetest"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// On PostgreSQL the engine makes its databases, and goes on in those that it finds.
func TestRestartContinuesOnPostgreSQL(t *testing.T) {
	o := engine.Options{Dir: t.TempDir(), SearchAttributes: attributes, Postgres: pgtest.Start(t).Absent(t)}
	first := enginetest.Start(t, o)
	c := enginetest.Dial(t, first)
	stopWorker := runWorker(t, c)
	startPatient(t, c, "signalled", time.Hour)
	awaitCount(t, c, "PortStage = 'submitted'", 1)
	stopWorker()
	require.NoError(t, first.Stop())
	files, err := filepath.Glob(filepath.Join(o.Dir, "*.db"))
	require.NoError(t, err)
	require.Empty(t, files)

	c = enginetest.Dial(t, enginetest.Start(t, o))
	runWorker(t, c)
	require.NoError(t, c.SignalWorkflow(t.Context(), "signalled", "", "foc", "confirmed"))
	var ended string
	require.NoError(t, c.GetWorkflow(t.Context(), "signalled", "").Get(t.Context(), &ended))
	require.Equal(t, "confirmed", ended)
}

func TestPostgreSQLThatIsNotThere(t *testing.T) {
	t.Parallel()
	for address, code := range map[string]string{
		"postgres://nobody@127.0.0.1:1/engine": "engine-database-unusable",
		"postgres://nobody@127.0.0.1:1":        "engine-option-invalid",
		"mysql://nobody@127.0.0.1:1/engine":    "engine-option-invalid",
	} {
		_, err := engine.Start(t.Context(), engine.Options{Dir: t.TempDir(), Postgres: address})
		require.Equal(t, code, porting.CodeOf(err), address)
	}
}
