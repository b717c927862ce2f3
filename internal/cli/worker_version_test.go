package cli

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.temporal.io/sdk/worker"
)

func TestVersionFromTheEnvironment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want sdk.WorkerDeploymentVersion
	}{
		"both": {
			map[string]string{"TEMPORAL_DEPLOYMENT_NAME": "gate", "TEMPORAL_WORKER_BUILD_ID": "v1"},
			sdk.WorkerDeploymentVersion{DeploymentName: "gate", BuildID: "v1"},
		},
		"no build":      {map[string]string{"TEMPORAL_DEPLOYMENT_NAME": "gate"}, sdk.WorkerDeploymentVersion{}},
		"no deployment": {map[string]string{"TEMPORAL_WORKER_BUILD_ID": "v1"}, sdk.WorkerDeploymentVersion{}},
		"neither":       {nil, sdk.WorkerDeploymentVersion{}},
	} {
		require.Equal(t, c.want, versionFrom(func(variable string) string { return c.env[variable] }), name)
	}
}

// Prometheus asks the door, too: its absence is an alert.
func TestServeTellsMetrics(t *testing.T) {
	s := newSession(t)
	startFrontend(t, s)
	s.books(t)
	s.config.MetricsAddr = "127.0.0.1:0"
	t.Setenv("PORTSAGA_SERVE_ADDR", "127.0.0.1:0")

	door := s.start(t, "portsaga serve")
	address := door.await(t, `metrics are served.* addr=(\S+)`)
	answer, err := http.Get("http://" + address + "/metrics")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, 0, door.end())
}
