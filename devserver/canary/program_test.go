package canary

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/allinone"
	"github.com/portsaga/portsaga/internal/cli"
)

// In a process that has this variable the test binary is the program.
const asProgram = "PORTSAGA_CANARY_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := cli.Main(ctx, os.Args, cli.SystemStreams(), allinone.NewDev)
		stop()
		os.Exit(code)
	}
	m.Run()
}

// program is a run of portsaga in a directory of its own.
func program(t *testing.T, dir string, settings []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PORTSAGA_") || strings.HasPrefix(v, "TEMPORAL_") })
	cmd.Dir = dir
	cmd.Env = slices.Concat(inherited, []string{asProgram + "=1", "HOME=" + dir, "PORTSAGA_DIR=" + filepath.Join(dir, "state")}, settings)
	return cmd
}
