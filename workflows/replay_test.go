package workflows_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// TestReplay runs every golden history against today's code: ports that started under older code must go on. Histories of
// a release are never written again; see CONTRIBUTING.
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(workflows.PortIn, workflow.RegisterOptions{Name: porting.WorkflowPortIn})
			replayer.RegisterWorkflowWithOptions(workflows.PortOut, workflow.RegisterOptions{Name: porting.WorkflowPortOut})
			replayer.RegisterWorkflowWithOptions(workflows.Rescue, workflow.RegisterOptions{Name: porting.WorkflowRescue})
			replayer.RegisterWorkflowWithOptions(workflows.Bulk, workflow.RegisterOptions{Name: porting.WorkflowBulk})
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file))
		})
	}
}
