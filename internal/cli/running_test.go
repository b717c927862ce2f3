package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

func (s *session) connectTo(address string) {
	s.factory.Connect = func(context.Context) (config.Connection, error) {
		return config.Connection{Options: client.Options{HostPort: address, Namespace: "portsaga"}}, nil
	}
}

func TestBootstrapPreparesOnce(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	server := startFrontend(t, s)
	server.unknown = 1

	require.Equal(t, 0, s.run(t, "portsaga bootstrap -o json"), s.err.String())
	var first bootstrapped
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &first))
	require.True(t, first.NamespaceCreated)
	require.Len(t, first.AttributesAdded, len(workflows.SearchAttributes()))
	require.Equal(t, workflows.SearchAttributes(), server.attributes)
	require.Equal(t, Retention, server.namespaces["portsaga"])
	require.FileExists(t, s.config.Ledger)
	require.True(t, first.ReaperCreated)
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, server.schedules[porting.ScheduleReaper].GetPolicies().GetOverlapPolicy())

	require.Equal(t, 0, s.run(t, "portsaga bootstrap"), s.err.String())
	require.Equal(t, "namespace          portsaga (was there)\nsearch attributes  13, 0 of them new\nledger             up to date\nreaper             was there\ntenant rate        left alone\n", s.out.String())
}

func TestBootstrapLimitsTenants(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	server := startFrontend(t, s)
	for _, c := range []struct {
		rate  string
		said  string
		limit float32
	}{
		{"20", "20 steps a second", 20},
		{"", "left alone", 20},
		{"0", "no limit", 0},
	} {
		s.config.TenantRate = c.rate
		require.Equal(t, 0, s.run(t, "portsaga bootstrap"), s.err.String())
		require.Contains(t, s.out.String(), "tenant rate        "+c.said+"\n")
		require.InDelta(t, c.limit, server.tenantRate.GetRequestsPerSecond(), 0)
	}
	require.Nil(t, server.tenantRate, "a limit of nothing would stop every port")
}

func TestBootstrapLeavesOtherTypesAlone(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	server := startFrontend(t, s)
	server.attributes[porting.AttrDueAt] = enums.INDEXED_VALUE_TYPE_TEXT

	require.Equal(t, 3, s.run(t, "portsaga bootstrap"))
	require.Equal(t, "error: add search attribute PortDueAt: it exists with another type: text; use a namespace of its own for portsaga\n", s.err.String())
	require.Len(t, server.attributes, 1)
}

func TestBootstrapDenied(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	startFrontend(t, s).denied = true
	require.Equal(t, 5, s.run(t, "portsaga bootstrap"))
	require.Contains(t, s.err.String(), "create namespace portsaga: no; run it as an operator of the cluster")
}

func TestSearchAttributesFitSQLVisibility(t *testing.T) {
	t.Parallel()
	count := map[enums.IndexedValueType]int{}
	for _, kind := range workflows.SearchAttributes() {
		count[kind]++
	}
	for kind, n := range count {
		most := 3
		if kind == enums.INDEXED_VALUE_TYPE_KEYWORD {
			most = 10
		}
		require.LessOrEqual(t, n, most, kind)
	}
}

func TestNoServerAnswers(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	s.connectTo(listener.Addr().String())
	s.factory.Dial, s.factory.Ports = s.factory.dial, s.factory.ports

	require.Equal(t, 1, s.run(t, "portsaga port show pi-1"))
	require.Contains(t, s.err.String(), "error: reach Temporal "+listener.Addr().String()+": no server answers; start one with `portsaga dev`, or set TEMPORAL_ADDRESS\n")
}

// running is a command that stays up, and the lines that it logs.
type running struct {
	stop context.CancelFunc
	code chan int
	log  *bufio.Scanner
}

func (s *session) start(t *testing.T, line string) *running {
	t.Helper()
	r, w := io.Pipe()
	s.factory.Streams.Err = w
	ctx, stop := context.WithCancel(t.Context())
	up := &running{stop, make(chan int, 1), bufio.NewScanner(r)}
	go func() {
		up.code <- run(ctx, s.factory, strings.Fields(line), nil)
		_ = w.Close()
	}()
	return up
}

// await reads the log until a line matches, and returns what the pattern's group caught.
func (r *running) await(t *testing.T, pattern string) string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	var seen []string
	for r.log.Scan() {
		if m := wanted.FindStringSubmatch(r.log.Text()); m != nil {
			return m[1]
		}
		seen = append(seen, r.log.Text())
	}
	require.Failf(t, "the command ended too early", "log: %s", seen)
	return ""
}

// end stops the command and returns its exit code.
func (r *running) end() int {
	r.stop()
	for r.log.Scan() {
		continue // so that the command can write its last lines
	}
	return <-r.code
}

func TestWorkerRunsUntilItIsStopped(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	startFrontend(t, s)
	s.approvers(t)
	_, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	s.config.CarrierURL = "http://127.0.0.1:0"

	worker := s.start(t, "portsaga worker")
	require.Equal(t, "all", worker.await(t, `worker runs.* role=(\S+)`))
	require.Equal(t, 0, worker.end())
}

func TestWorkerSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 4, s.run(t, "portsaga worker"))
	require.Contains(t, s.err.String(), "there is no key file")

	_, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	require.Equal(t, 2, s.run(t, "portsaga worker"))
	require.Contains(t, s.err.String(), "set PORTSAGA_CARRIER_URL")

	s.config.CarrierURL = "http://127.0.0.1:0"
	require.Equal(t, 1, s.run(t, "portsaga worker"))
	require.Contains(t, s.err.String(), "read registry")

	s.approvers(t)
	s.config.Approvals = config.ApprovalsTrusted
	require.Equal(t, 3, s.run(t, "portsaga worker"))
	require.Contains(t, s.err.String(), "does not take decisions that are not signed")
}

// approvers gives the session a registry of approvers and a worker's key.
func (s *session) approvers(t *testing.T) {
	t.Helper()
	desk := approvaltest.NewDesk(t)
	s.config.Registry, s.config.RegistryRoots, s.config.SigningKey = desk.Registry, desk.Roots, desk.Signing
}

func TestSimulatorRunsUntilItIsStopped(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.config.Simulator = config.Simulator{Addr: "127.0.0.1:0", State: filepath.Join(s.config.Dir, "simulator.db")}
	s.config.LogFormat = "json"

	carrier := s.start(t, "portsaga simulator")
	url := carrier.await(t, `"url":"([^"]+)"`)
	answer, err := http.Get(url + "/healthz")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Less(t, answer.StatusCode, 300)

	require.Equal(t, 0, carrier.end())
	require.FileExists(t, s.config.Simulator.State)
}

func TestSimulatorNeedsItsSecret(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.config.Simulator = config.Simulator{Addr: "127.0.0.1:0", WebhookURL: "http://127.0.0.1:0", WebhookSecretFile: filepath.Join(s.config.Dir, "missing")}
	require.Equal(t, 1, s.run(t, "portsaga simulator"))
	s.config.Simulator = config.Simulator{Addr: "127.0.0.1:0"}
	require.Equal(t, 2, s.run(t, "portsaga simulator --scenario nonsense"))
}
