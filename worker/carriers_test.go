package worker_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

func carriersFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "carriers.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestOpenCarriers(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Carrier, s.CarrierURL = "", ""
	s.CarriersFile = carriersFile(t, `
prefer: [east, west]
carriers:
  west: {adapter: simulator, url: "http://127.0.0.1:1", shared_queue: true}
  east: {adapter: simulator, url: "http://127.0.0.1:1", timeout: 5s, calls_per_second: 2, burst: 4, steps_per_second: 10}
`)
	n := open(t, s)
	require.Equal(t, []string{"east", "west"}, n.Prefer)
	require.Len(t, n.Carriers, 2)
	require.Equal(t, map[string]bool{"east": true}, n.Lines, "only one has a queue of its own")
}

func TestReadCarriersRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, detail string }{
		"nothing":                 {"", "it names no carrier"},
		"an unknown adapter":      {"carriers: {a: {adapter: pigeon}}", `a has the adapter "pigeon", which does not exist`},
		"an unknown field":        {"carriers: {a: {adapter: simulator, key: secret}}", "field key not found"},
		"a preference for nobody": {"prefer: [b]\ncarriers: {a: {adapter: simulator}}", "it prefers b, which is not among its carriers"},
		"a limit below zero":      {"carriers: {a: {adapter: simulator, burst: -1}}", "a has a limit below zero"},
		"a time that is none":     {"carriers: {a: {adapter: simulator, timeout: soon}}", "soon"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := worker.ReadCarriers(carriersFile(t, c.text))
			require.Equal(t, "carriers-invalid", porting.CodeOf(err))
			require.ErrorContains(t, err, c.detail)
		})
	}
	_, err := worker.ReadCarriers(filepath.Join(t.TempDir(), "none.yaml"))
	require.Equal(t, "carriers-invalid", porting.CodeOf(err))
}
