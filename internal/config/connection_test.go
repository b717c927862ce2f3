package config_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
)

// quiet gives a test an environment that says nothing about Temporal.
func quiet(t *testing.T) {
	t.Helper()
	for _, name := range []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE", "TEMPORAL_API_KEY", "TEMPORAL_TLS"} {
		t.Setenv(name, "")
		require.NoError(t, os.Unsetenv(name))
	}
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml"))
}

// devAt writes the state of a dev that listens, or does not any more.
func devAt(t *testing.T, dir string, listening bool) config.DevState {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	if !listening {
		require.NoError(t, listener.Close())
	}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	state := config.DevState{
		PID: 7, Address: listener.Addr().String(), Namespace: "dev", UI: "http://127.0.0.1:9999",
		Clock: porting.Clock{Scale: 60, RealStart: start, BusinessStart: start}, StartedAt: start,
	}
	require.NoError(t, config.WriteDevState(dir, state))
	return state
}

func TestNothingIsSaid(t *testing.T) {
	quiet(t)
	c, err := config.Connect(t.Context(), t.TempDir())
	require.NoError(t, err)
	require.Equal(t, "localhost:7233", c.Options.HostPort)
	require.Equal(t, "portsaga", c.Options.Namespace)
	require.Equal(t, "http://localhost:8233", c.UI())
	require.False(t, c.Clock().Scaled())
}

func TestNobodyIsNamedInHistories(t *testing.T) {
	quiet(t)
	found, err := config.Connect(t.Context(), t.TempDir())
	require.NoError(t, err)
	require.Regexp(t, `^portsaga-[A-Z2-7]{8}$`, found.Options.Identity)
}

func TestTheEnvironmentSays(t *testing.T) {
	quiet(t)
	dir := t.TempDir()
	devAt(t, dir, true)
	t.Setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
	t.Setenv("TEMPORAL_NAMESPACE", "desk")

	c, err := config.Connect(t.Context(), dir)

	require.NoError(t, err)
	require.Equal(t, "temporal.example:7233", c.Options.HostPort)
	require.Equal(t, "desk", c.Options.Namespace)
	require.Nil(t, c.Dev, "an address that is named comes before a dev that runs")
}

func TestTheFileSays(t *testing.T) {
	quiet(t)
	file := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(file, []byte("[profile.default]\naddress = \"file.example:7233\"\n[profile.desk]\naddress = \"desk.example:7233\"\nnamespace = \"desk\"\n"), 0o600))
	t.Setenv("TEMPORAL_CONFIG_FILE", file)
	dir := t.TempDir()

	c, err := config.Connect(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, "file.example:7233", c.Options.HostPort)
	require.Equal(t, "portsaga", c.Options.Namespace)

	dev := devAt(t, dir, true)
	c, err = config.Connect(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, dev.Address, c.Options.HostPort, "a dev that runs comes before the file")

	t.Setenv("TEMPORAL_PROFILE", "desk")
	c, err = config.Connect(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, "desk.example:7233", c.Options.HostPort, "a profile that is named comes before a dev that runs")
	require.Equal(t, "desk", c.Options.Namespace)

	t.Setenv("TEMPORAL_PROFILE", "nobody")
	_, err = config.Connect(t.Context(), dir)
	require.Equal(t, "temporal-config-invalid", porting.CodeOf(err))
	require.Equal(t, 2, porting.ExitCode(err))
}

func TestADevRuns(t *testing.T) {
	quiet(t)
	dir := t.TempDir()
	dev := devAt(t, dir, true)

	c, err := config.Connect(t.Context(), dir)

	require.NoError(t, err)
	require.Equal(t, dev, *c.Dev)
	require.Equal(t, dev.Address, c.Options.HostPort)
	require.Equal(t, "dev", c.Options.Namespace)
	require.Equal(t, dev.UI, c.UI())
	require.Equal(t, dev.Clock, c.Clock())

	t.Setenv("TEMPORAL_NAMESPACE", "other")
	c, err = config.Connect(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, "other", c.Options.Namespace)
}

func TestADevThatDiedIsPassedBy(t *testing.T) {
	quiet(t)
	dir := t.TempDir()
	devAt(t, dir, false)
	c, err := config.Connect(t.Context(), dir)
	require.NoError(t, err)
	require.Nil(t, c.Dev)
	require.Equal(t, "localhost:7233", c.Options.HostPort)
}

func TestDevState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, found, err := config.ReadDevState(dir)
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, config.RemoveDevState(dir), "there is none to remove")

	require.NoError(t, config.WriteDevState(dir, config.DevState{PID: 1}))
	require.NoError(t, config.WriteDevState(dir, config.DevState{PID: 2}))
	s, found, err := config.ReadDevState(dir)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, config.DevState{PID: 2}, s)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "no half-written file stays behind")

	require.NoError(t, config.RemoveDevState(dir))
	_, found, err = config.ReadDevState(dir)
	require.NoError(t, err)
	require.False(t, found)
}

func TestDevStateThatIsNoneSaysWhatToDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dev.json"), []byte("{"), 0o600))
	_, _, err := config.ReadDevState(dir)
	require.Equal(t, "dev-state-unreadable", porting.CodeOf(err))

	err = config.WriteDevState(filepath.Join(dir, "missing"), config.DevState{})
	require.Equal(t, "dev-state-unwritable", porting.CodeOf(err))
}
