package integration

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// programs are the binaries as they are deployed.
type programs struct {
	portsaga string // the lean one
	temporal string // the server with the authorizer
	schema   string // Temporal's own tool for schemas on SQL databases
}

// build brings the programs up to date in bin/ and copies them to where every user of the town can run them.
func build(t *testing.T, into string) programs {
	t.Helper()
	bin, err := filepath.Abs("../../bin/integration")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(bin, 0o755))
	compile(t, bin, "../..", "portsaga", "./cmd/portsaga")
	compile(t, bin, "..", "portsaga-temporal", "./cmd/portsaga-temporal")

	compile(t, bin, "../../tools/schema", "temporal-sql-tool", "go.temporal.io/server/cmd/tools/sql")

	require.NoError(t, os.MkdirAll(into, 0o755))
	for _, program := range []string{"portsaga", "portsaga-temporal", "temporal-sql-tool"} {
		copyFile(t, filepath.Join(bin, program), filepath.Join(into, program), 0o755)
	}
	return programs{filepath.Join(into, "portsaga"), filepath.Join(into, "portsaga-temporal"), filepath.Join(into, "temporal-sql-tool")}
}

func compile(t *testing.T, bin, module, program string, what ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-o", filepath.Join(bin, program)}, what...)...)
	cmd.Dir = module
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	source, err := os.Open(from)
	require.NoError(t, err)
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	require.NoError(t, err)
	_, err = io.Copy(target, source)
	require.NoError(t, err)
	require.NoError(t, target.Close())
}
