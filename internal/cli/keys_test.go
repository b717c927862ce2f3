package cli

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// seals makes the session's keys with the key of a port, and returns the converter of the port's payloads.
func (s *session) seals(t *testing.T, books *ledger.Ledger, port string) converter.DataConverter {
	t.Helper()
	keys := codec.TenantKeys(s.config.TenantKeys)
	require.NoError(t, keys.Ready())
	dc := codec.NewRing(books.Keys(), keys).Converter("portsaga").WithSerializationContext(converter.WorkflowSerializationContext{WorkflowID: port})
	_, err := dc.ToPayload(porting.PortInput{ID: port})
	require.NoError(t, err)
	return dc
}

// engineWith knows workflows by their status; any other is gone.
func (s *session) engineWith(running map[string]enums.WorkflowExecutionStatus) {
	engine := &mocks.Client{}
	for id, status := range running {
		engine.On("DescribeWorkflowExecution", mock.Anything, id, "").Return(&workflowservice.DescribeWorkflowExecutionResponse{
			WorkflowExecutionInfo: &workflow.WorkflowExecutionInfo{Status: status},
		}, nil)
	}
	engine.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(nil, serviceerror.NewNotFound("gone"))
	s.factory.Dial = func(context.Context) (client.Client, error) { return engine, nil }
}

func TestKeysErase(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books := s.books(t)
	s.seals(t, books, "pi-1")
	require.Equal(t, 2, s.run(t, "portsaga keys erase pi-1"), "it cannot be undone")

	for running, status := range map[string]enums.WorkflowExecutionStatus{
		"pi-1": enums.WORKFLOW_EXECUTION_STATUS_RUNNING, porting.RescueID("pi-1"): enums.WORKFLOW_EXECUTION_STATUS_RUNNING,
	} {
		s.engineWith(map[string]enums.WorkflowExecutionStatus{running: status})
		require.Equal(t, 3, s.run(t, "portsaga keys erase pi-1 --yes"), running)
		require.Contains(t, s.err.String(), "it has not ended")
	}
	s.engineWith(map[string]enums.WorkflowExecutionStatus{"pi-1": enums.WORKFLOW_EXECUTION_STATUS_COMPLETED})
	require.Equal(t, 0, s.run(t, "portsaga keys hold pi-1 --by lea@legal", "--why", "case 7"), s.err.String())
	require.Contains(t, s.out.String(), "legal hold  2026-11-23T15:00:00Z by lea@legal: case 7")
	require.Equal(t, 3, s.run(t, "portsaga keys erase pi-1 --yes"))
	require.Contains(t, s.err.String(), "it is under a legal hold")
	require.Equal(t, 0, s.run(t, "portsaga keys hold pi-1 --release"), s.err.String())

	for _, port := range []string{"pi-1", "pi-2"} {
		require.NoError(t, books.RecordJudgement(t.Context(), ledger.Judgement{
			Nonce: port, PortID: port, Said: []byte("{}"), Evidence: []byte("sealed"), Policy: "sha256:aa", PolicyText: []byte("id: a"), JudgedAt: now, SignedAt: now,
		}))
	}
	require.Equal(t, 0, s.run(t, "portsaga keys erase pi-1 --yes --by carla@privacy"), s.err.String())
	require.Equal(t, "pi-1 is erased: its key was destroyed at 2026-11-23T15:00:00Z by carla@privacy\n"+
		"1 judgements of the fraud desk were destroyed with it\n", s.out.String())
	for port, kept := range map[string]int{"pi-1": 0, "pi-2": 1} {
		judgements, err := books.Judgements(t.Context(), port)
		require.NoError(t, err)
		require.Len(t, judgements, kept, port)
	}
	require.Equal(t, 0, s.run(t, "portsaga keys erase pi-1 --yes"), "again is harmless")
	require.Equal(t, 0, s.run(t, "portsaga keys show pi-1 -o json"), s.err.String())
	var key ledger.DataKey
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &key))
	require.True(t, key.Erased())
	require.Equal(t, 4, s.run(t, "portsaga keys erase pi-unknown --yes"))
}

func TestKeysHoldWantsAReason(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 2, s.run(t, "portsaga keys hold pi-1"))
	require.Equal(t, 2, s.run(t, "portsaga keys hold pi-1 --release --why x"))
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books := s.books(t)
	dc := s.seals(t, books, "pi-1")
	sealed, err := dc.ToPayload("clear")
	require.NoError(t, err)
	require.Equal(t, 0, s.run(t, "portsaga keys show"), s.err.String())
	require.Contains(t, s.out.String(), "keys              1\n")

	require.Equal(t, 0, s.run(t, "portsaga keys rotate --by ola@ops"), s.err.String())
	require.Equal(t, "1 keys are wrapped anew; 0 were erased before\n", s.out.String())
	roots, err := os.ReadFile(s.config.TenantKeys)
	require.NoError(t, err)
	require.Len(t, strings.Fields(string(roots)), 2)
	var read string
	require.NoError(t, s.seals(t, books, "pi-1").FromPayload(sealed, &read))
	require.Equal(t, "clear", read)
	leaves, err := books.LeavesOf(t.Context(), "")
	require.NoError(t, err)
	last := leaves[len(leaves)-1]
	require.Equal(t, audit.KeyRotated, last.Kind)
	require.Contains(t, string(last.Text), `{"by":"ola@ops","wrapped":1}`)

	s.config.Encryption = "off"
	require.Equal(t, 3, s.run(t, "portsaga keys rotate"))
}

// A file that no process may write is given its line by whoever deploys, in two steps: one that opens, then one that wraps.
func TestKeysRotateWithAFileThatIsGiven(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books := s.books(t)
	dc := s.seals(t, books, "pi-1")
	sealed, err := dc.ToPayload("clear")
	require.NoError(t, err)
	step := func(name string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "../../deploy/tenant-keys.sh", name, s.config.TenantKeys).CombinedOutput()
		require.NoError(t, err, "%s", out)
		info, err := os.Stat(s.config.TenantKeys)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "as it was")
	}
	lines := func() []string {
		text, err := os.ReadFile(s.config.TenantKeys)
		require.NoError(t, err)
		return strings.Fields(string(text))
	}
	old := lines()
	step("add")
	require.Len(t, lines(), 2)
	require.Equal(t, old[0], lines()[1], "it still wraps")
	added := lines()[0]
	step("use")
	require.Equal(t, []string{old[0], added}, lines())

	require.Equal(t, 0, s.run(t, "portsaga keys rotate --given"), s.err.String())
	require.Equal(t, []string{old[0], added}, lines(), "it is given, and stays as it is")
	require.NoError(t, os.WriteFile(s.config.TenantKeys, []byte(added), 0o600), "the old line is not needed any more")
	var read string
	require.NoError(t, s.seals(t, books, "pi-1").FromPayload(sealed, &read))
	require.Equal(t, "clear", read)
}

// A port that was erased is told as such, whatever the worker says of payloads that it cannot open.
func TestShowErasedPort(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books := s.books(t)
	s.seals(t, books, "pi-1")
	_, err := books.EraseDataKey(t.Context(), "pi-1", "carla", now)
	require.NoError(t, err)
	engine := &mocks.Client{}
	engine.On("QueryWorkflow", mock.Anything, "pi-1", "", porting.QueryStatus).Return(nil, serviceerror.NewQueryFailed("unsaid"))
	s.factory.Dial = func(context.Context) (client.Client, error) { return engine, nil }
	s.factory.Ports = s.factory.ports

	require.Equal(t, 3, s.run(t, "portsaga port show pi-1"))
	require.Contains(t, s.err.String(), "what was known of it was erased at 2026-11-23T15:00:00Z by carla")
}

// A second bootstrap never makes new tenants' keys beside sealed payloads: they would open nothing.
func TestBootstrapMakesTenantKeysOnce(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	startFrontend(t, s)
	require.Equal(t, 0, s.run(t, "portsaga bootstrap"), s.err.String())
	require.FileExists(t, s.config.TenantKeys)
	require.NoError(t, os.Remove(s.config.TenantKeys))
	require.Equal(t, 0, s.run(t, "portsaga bootstrap"), s.err.String())
	require.NoFileExists(t, s.config.TenantKeys)
}
