package worker

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// A port outlives many versions of the code: it moves on by itself, and replays what it has done.
func TestVersionedWorkerUpgradesPorts(t *testing.T) {
	t.Parallel()
	version := worker.WorkerDeploymentVersion{DeploymentName: "portsaga-workflow", BuildID: "v0.4.0"}
	require.Equal(t, worker.DeploymentOptions{
		UseVersioning: true, Version: version, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	}, options(Config{Version: version}, nil).DeploymentOptions)

	require.Zero(t, options(Config{}, nil).DeploymentOptions, "a worker without a version takes the work of every version")
}
