package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/doctor"
	"github.com/portsaga/portsaga/internal/vault"
)

func (s *session) findings(t *testing.T) map[string]doctor.Finding {
	t.Helper()
	var found []doctor.Finding
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &found), s.out.String())
	byName := map[string]doctor.Finding{}
	for _, f := range found {
		byName[f.Check] = f
	}
	return byName
}

// carriers writes a carriers file and makes the session read it.
func (s *session) carriers(t *testing.T, text string) {
	t.Helper()
	s.config.Carriers = filepath.Join(t.TempDir(), "carriers.yaml")
	require.NoError(t, os.WriteFile(s.config.Carriers, []byte(text), 0o600))
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	startFrontend(t, s)
	server, err := simulator.Start(t.Context(), simulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	s.carriers(t, "carriers: {east: {adapter: simulator, url: \""+server.URL()+"\"}, west: {adapter: simulator, url: \"http://127.0.0.1:1\"}}")

	require.Equal(t, 1, s.run(t, "portsaga doctor -o json"))
	sick := s.findings(t)
	require.Equal(t, doctor.Bad, sick["vault key"].State)
	require.Equal(t, doctor.Bad, sick["ledger"].State)
	require.Equal(t, "run portsaga bootstrap", sick["ledger"].Next)
	require.Equal(t, doctor.Skipped, sick["quarantine"].State)
	require.Equal(t, doctor.Bad, sick["search attributes"].State)
	require.Equal(t, doctor.OK, sick["carrier east"].State)
	require.Equal(t, doctor.Bad, sick["carrier west"].State)
	require.Contains(t, sick["tenant rate"].Detail, "no tenant is limited")
	require.NoFileExists(t, s.config.Ledger, "a doctor changes nothing")
	require.Contains(t, sick["kept: what the fraud desk judged a port by"].Detail, "until the port is erased")

	_, err = vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	s.config.TenantRate = "20"
	require.Equal(t, 0, s.run(t, "portsaga bootstrap"), s.err.String())
	require.Equal(t, 1, s.run(t, "portsaga doctor -o json"))
	mended := s.findings(t)
	require.Equal(t, doctor.Finding{Check: "tenant rate", State: doctor.OK, Detail: "each tenant has 20 steps a second at the gate"}, mended["tenant rate"])
	for _, name := range []string{"vault key", "ledger", "quarantine", "temporal", "search attributes"} {
		require.Equal(t, doctor.OK, mended[name].State, mended[name])
	}

	require.Equal(t, 0, s.run(t, "portsaga doctor carrier east"), s.err.String())
	require.Contains(t, s.out.String(), "it answers and takes our credentials")
	require.Equal(t, 4, s.run(t, "portsaga doctor carrier south"))
	require.Equal(t, 2, s.run(t, "portsaga doctor carrier"))
}
