package engine_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/server/common/authorization"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/devserver/engine/enginetest"
	"github.com/portsaga/portsaga/porting"
)

func TestRunsWorkflowsOnAnEmptyDirectory(t *testing.T) {
	c := enginetest.Client(t)
	runWorker(t, c)
	run := startPatient(t, c, t.Name(), time.Hour)
	require.NoError(t, c.SignalWorkflow(t.Context(), run.GetID(), "", "foc", "confirmed"))

	var ended string
	require.NoError(t, run.Get(t.Context(), &ended))
	require.Equal(t, "confirmed", ended)
}

func TestKeepsClosedWorkflowsForThirtyDays(t *testing.T) {
	e := enginetest.Shared(t)
	described, err := enginetest.Client(t).WorkflowService().DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: e.Namespace()})
	require.NoError(t, err)
	require.Equal(t, "portsaga", e.Namespace())
	require.Equal(t, 30*24*time.Hour, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}

func TestListensOnLoopbackOnly(t *testing.T) {
	e := enginetest.Shared(t)
	_, port, err := net.SplitHostPort(e.FrontendAddress())
	require.NoError(t, err)
	for _, address := range outsideAddresses(t) {
		_, err := net.DialTimeout("tcp", net.JoinHostPort(address, port), time.Second)
		require.Error(t, err, "the frontend answers on %s", address)
	}
}

// outsideAddresses are this machine's addresses that others can reach.
func outsideAddresses(t *testing.T) (found []string) {
	addresses, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.IsGlobalUnicast() {
			found = append(found, network.IP.String())
		}
	}
	if len(found) == 0 {
		t.Skip("this machine has no address but loopback")
	}
	return found
}

func TestRestartContinuesOpenWorkflowsAndTimers(t *testing.T) {
	dir := t.TempDir()
	first := enginetest.Start(t, engine.Options{Dir: dir, SearchAttributes: attributes})
	c := enginetest.Dial(t, first)
	stopWorker := runWorker(t, c)
	startPatient(t, c, "signalled", time.Hour)
	startPatient(t, c, "timed", 2*time.Second)
	awaitCount(t, c, "PortStage = 'submitted'", 2)
	stopWorker()
	require.NoError(t, first.Stop())
	require.NoError(t, first.Stop(), "a second Stop does nothing")
	requireFolded(t, dir)

	late := temporal.NewSearchAttributeKeyTime("PortDueAt")
	second := enginetest.Start(t, engine.Options{Dir: dir, SearchAttributes: map[string]enumspb.IndexedValueType{
		stage.GetName(): stage.GetValueType(), late.GetName(): late.GetValueType(),
	}})
	c = enginetest.Dial(t, second)

	// The attribute that the file did not have is usable in the first call.
	due := time.Date(2031, 5, 2, 17, 0, 0, 0, time.UTC)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "due", TaskQueue: taskQueue, TypedSearchAttributes: temporal.NewSearchAttributes(late.ValueSet(due)),
	}, patientWorkflow, time.Hour)
	require.NoError(t, err)
	awaitCount(t, c, "PortDueAt > '2031-05-01T00:00:00Z'", 1)

	runWorker(t, c)
	require.NoError(t, c.SignalWorkflow(t.Context(), "signalled", "", "foc", "confirmed"))
	var ended string
	require.NoError(t, c.GetWorkflow(t.Context(), "signalled", "").Get(t.Context(), &ended))
	require.Equal(t, "confirmed", ended)
	require.NoError(t, c.GetWorkflow(t.Context(), "timed", "").Get(t.Context(), &ended))
	require.Equal(t, "silence", ended)
}

func awaitCount(t *testing.T, c client.Client, query string, want int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		counted, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		return err == nil && counted.GetCount() == want
	}, 10*time.Second, 20*time.Millisecond, query)
}

func requireFolded(t *testing.T, dir string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*-wal"))
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	for _, log := range logs {
		info, err := os.Stat(log)
		require.NoError(t, err)
		require.Zero(t, info.Size(), log)
	}
}

func TestDirectoryIsHeldUntilItsProcessDies(t *testing.T) {
	dir := t.TempDir()
	other := startChild(t, dir)
	c := other.dial(t)
	stopWorker := runWorker(t, c)
	startPatient(t, c, "survivor", time.Hour)
	awaitCount(t, c, "PortStage = 'submitted'", 1)
	stopWorker()

	_, err := engine.Start(t.Context(), engine.Options{Dir: dir})
	require.Equal(t, "engine-directory-in-use", porting.CodeOf(err))
	require.Equal(t, porting.Refused, porting.KindOf(err))
	require.ErrorContains(t, err, strconv.Itoa(other.command.Process.Pid))

	other.kill()
	c = enginetest.Dial(t, enginetest.Start(t, engine.Options{Dir: dir}))
	runWorker(t, c)
	require.NoError(t, c.SignalWorkflow(t.Context(), "survivor", "", "foc", "confirmed"))
	var ended string
	require.NoError(t, c.GetWorkflow(t.Context(), "survivor", "").Get(t.Context(), &ended))
	require.Equal(t, "confirmed", ended)
}

func TestRefusesAnotherTypeForASearchAttribute(t *testing.T) {
	dir := t.TempDir()
	first := enginetest.Start(t, engine.Options{Dir: dir, SearchAttributes: attributes})
	require.NoError(t, first.Stop())

	_, err := engine.Start(t.Context(), engine.Options{Dir: dir, SearchAttributes: map[string]enumspb.IndexedValueType{
		stage.GetName(): enumspb.INDEXED_VALUE_TYPE_DATETIME,
	}})
	require.Equal(t, "engine-search-attribute-type", porting.CodeOf(err))
}

func TestTakenPortIsAnError(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	port := taken.Addr().(*net.TCPAddr).Port

	for name, options := range map[string]engine.Options{
		"Temporal frontend": {FrontendPort: port},
		"Web UI":            {UIPort: port},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options.Dir = t.TempDir()
			_, err := engine.Start(t.Context(), options)
			require.Equal(t, "engine-port-taken", porting.CodeOf(err))
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, strconv.Itoa(port))
		})
	}
}

func TestRefusesOptionsItCannotUse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, test := range map[string]struct {
		options engine.Options
		code    string
	}{
		"no directory":       {engine.Options{}, "engine-option-invalid"},
		"unknown durability": {engine.Options{Dir: t.TempDir(), Synchronous: "sometimes"}, "engine-option-invalid"},
		"no claim mapper":    {engine.Options{Dir: t.TempDir(), Authorizer: strangersOut{}}, "engine-option-invalid"},
		"a file":             {engine.Options{Dir: file}, "engine-directory-unusable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := engine.Start(t.Context(), test.options)
			require.Equal(t, test.code, porting.CodeOf(err))
		})
	}
}

// strangersOut knows no caller and allows nobody but the server itself.
type strangersOut struct{}

func (strangersOut) GetClaims(*authorization.AuthInfo) (*authorization.Claims, error) {
	return &authorization.Claims{}, nil
}

func (strangersOut) Authorize(_ context.Context, claims *authorization.Claims, _ *authorization.CallTarget) (authorization.Result, error) {
	if claims != nil && claims.System == authorization.RoleAdmin {
		return authorization.Result{Decision: authorization.DecisionAllow}, nil
	}
	return authorization.Result{Decision: authorization.DecisionDeny}, nil
}

func TestAuthorizerJudgesEveryCallButTheEnginesOwn(t *testing.T) {
	e := enginetest.Start(t, engine.Options{
		SearchAttributes: attributes, Authorizer: strangersOut{}, ClaimMapper: strangersOut{},
	})
	_, err := client.DialContext(t.Context(), e.ClientOptions())
	var denied *serviceerror.PermissionDenied
	require.ErrorAs(t, err, &denied)
}
