package integration

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

// The release before this one, and the last commit of it. Its workers have no versions.
const (
	previous       = "v0.3.0"
	previousCommit = "36d5b249a2d5a29084f9da40a65ad55a87c4a892"
)

// What this release is called by those who deploy it.
const (
	deployment = "portsaga-workflow"
	present    = "v0.4.0"
)

// Ports that began under the previous release go on under this one, whatever they were waiting for: the order of things is
// that of docs/running.md.
func TestUpgrade(t *testing.T) {
	if !full {
		t.Skip("make integration builds the previous release and replaces it")
	}
	w := ground(t)
	w.openCarrier()
	now := w.portsaga
	w.portsaga = buildPrevious(t, filepath.Join(w.dir, "bin", "portsaga-"+previous))
	w.bootstrap()
	w.grantPreviousKeys()
	w.settlePeople()
	w.equip()
	old := w.employPrevious()
	began := w.begin(t)

	w.portsaga = now
	w.founder.do(t, "bootstrap")
	w.grantKeys()
	beside := w.ana.starts(t, w.ana.writesOrder("acme", "BESIDE", 105))
	w.ana.sees(t, beside, "is screened by the previous release", func(p port) bool { return p.WaitingOn == "approver" })
	w.replace(t, old)
	w.goesOn(t, began)
	w.approve(t, beside)
	w.ana.seesStage(t, beside, "active")
	t.Logf("%d ports of %s, in %d states, go on under %s", len(began)+1, previous, len(began), present)
}

// buildPrevious builds the previous release from the history of this repository.
func buildPrevious(t *testing.T, into string) string {
	t.Helper()
	source := t.TempDir()
	archive := exec.CommandContext(t.Context(), "sh", "-c", "git archive "+previousCommit+" | tar -x -C "+source)
	archive.Dir = "../.."
	out, _ := archive.CombinedOutput()
	if _, err := os.Stat(filepath.Join(source, "go.mod")); err != nil {
		t.Skipf("there is no history here to build %s from: %s", previous, out)
	}
	compile(t, filepath.Dir(into), source, filepath.Base(into), "./cmd/portsaga")
	return into
}

// grantPreviousKeys is what the previous release granted.
func (w *town) grantPreviousKeys() {
	w.t.Helper()
	require.NoError(w.t, w.query("portsaga", "portsaga", `GRANT SELECT, INSERT, UPDATE ON data_keys TO portsaga_keys`))
}

// employPrevious starts the workers as the previous release had them: its gate took the carriers' news.
func (w *town) employPrevious() []*process {
	w.t.Helper()
	settings := slices.Clone(w.gate.settings)
	w.gate.is("PORTSAGA_WEBHOOK_ADDR="+w.address("front"), "PORTSAGA_WEBHOOK_SECRET_FILE="+w.gate.keeps("webhook_secret", []byte(newsSecret)))
	old := []*process{w.works(w.workflow), w.works(w.trust), w.works(w.gate)}
	w.gate.settings = settings
	return old
}

// begin brings ports as far as the previous release can.
func (w *town) begin(t *testing.T) map[string]string {
	t.Helper()
	began := map[string]string{}
	for n, reference := range []string{"UNDECIDED", "HALF", "DATED", "GUARDED"} {
		if reference == "DATED" {
			w.tellCarrier(t, reference, "distant")
		}
		began[reference] = w.ana.starts(t, w.ana.writesOrder("acme", reference, 100+n))
	}
	for _, id := range began {
		w.ana.sees(t, id, "waits for a decision", func(p port) bool { return p.WaitingOn == "approver" })
	}
	w.ben.do(t, "decide", began["HALF"], "--approve", "--yes")
	w.approve(t, began["DATED"])
	w.ana.seesStage(t, began["DATED"], "confirmed")
	w.approve(t, began["GUARDED"])
	w.ana.seesStage(t, began["GUARDED"], "active")
	return began
}

// replace puts this release in the place of the previous one, one role after the other. The workers of sagas have a version
// from now on: they are given work when whoever deploys has promoted it.
func (w *town) replace(t *testing.T, old []*process) {
	t.Helper()
	workflow, rest := old[0], old[1:]
	for _, p := range rest {
		require.Zero(t, p.end(t), p.log.tail())
		w.works(p.citizen)
	}
	w.opensFront()
	w.workflow.is("TEMPORAL_DEPLOYMENT_NAME="+deployment, "TEMPORAL_WORKER_BUILD_ID="+present)
	w.works(w.workflow)
	w.promote(t)
	require.Zero(t, workflow.end(t), workflow.log.tail())
}

// promote makes the version current, with the token of deployments.
func (w *town) promote(t *testing.T) {
	t.Helper()
	founder := w.founder.speaks(t)
	handle := founder.client.WorkerDeploymentClient().GetHandle(deployment)
	require.NoError(t, again(t.Context(), func() error {
		_, err := handle.SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: present})
		return err
	}))
	described, err := handle.Describe(t.Context(), client.WorkerDeploymentDescribeOptions{})
	require.NoError(t, err)
	require.Equal(t, present, described.Info.RoutingConfig.CurrentVersion.BuildID)
}

// goesOn brings the ports to their ends under this release.
func (w *town) goesOn(t *testing.T, began map[string]string) {
	t.Helper()
	w.approve(t, began["UNDECIDED"])
	w.fay.do(t, "decide", began["HALF"], "--approve", "--yes")
	w.carla.do(t, "port", "revoke", began["DATED"], "--by", "carla@care")
	for _, reference := range []string{"UNDECIDED", "HALF"} {
		w.ana.seesStage(t, began[reference], "active")
		require.Equal(t, []string{"submitted", "activation-asked"}, asked(w.effects(t, began[reference])))
		require.Equal(t, present, w.runsOn(t, began[reference]))
	}
	revoked := w.ana.sees(t, began["DATED"], "has ended", func(p port) bool { return p.Outcome != "" })
	require.Equal(t, "revoked", revoked.Outcome)
	require.Equal(t, []string{"submitted", "cancel-asked"}, asked(w.effects(t, began["DATED"])))
	require.Equal(t, "completed", w.ana.seesStage(t, began["GUARDED"], "completed").Outcome)
}

// runsOn is the version of the workers that last ran a port's saga.
func (w *town) runsOn(t *testing.T, id string) string {
	t.Helper()
	described, err := w.clerk.speaks(t).client.DescribeWorkflowExecution(context.WithoutCancel(t.Context()), id, "")
	require.NoError(t, err)
	return described.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId()
}
