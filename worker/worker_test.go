package worker_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// registry remembers the names that are registered with it.
type registry struct {
	sdk.Registry
	activities, workflows []string
}

func (r *registry) RegisterActivityWithOptions(_ any, o activity.RegisterOptions) {
	r.activities = append(r.activities, o.Name)
}

func (r *registry) RegisterWorkflowWithOptions(_ any, o workflow.RegisterOptions) {
	r.workflows = append(r.workflows, o.Name)
}

func TestRegisterKnowsEveryStepAndSaga(t *testing.T) {
	t.Parallel()
	r := &registry{}
	worker.Register(r, &activities.Activities{})
	require.ElementsMatch(t, constants(t, "Step"), r.activities)
	require.ElementsMatch(t, constants(t, "Workflow"), r.workflows)
	require.ElementsMatch(t, worker.WorkflowTypes(), r.workflows)
}

// constants lists the values of the language's text constants whose names begin so.
func constants(t *testing.T, prefix string) []string {
	t.Helper()
	files, err := filepath.Glob("../porting/*.go")
	require.NoError(t, err)
	var values []string
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(tree, func(n ast.Node) bool {
			if c, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(c.Names[0].Name, prefix) && len(c.Values) == 1 {
				if text, ok := c.Values[0].(*ast.BasicLit); ok {
					value, err := strconv.Unquote(text.Value)
					require.NoError(t, err)
					values = append(values, value)
				}
			}
			return true
		})
	}
	require.NotEmpty(t, values)
	return values
}

func settings(t *testing.T) worker.Settings {
	t.Helper()
	dir, desk := t.TempDir(), approvaltest.NewDesk(t)
	return worker.Settings{
		Ledger: filepath.Join(dir, "ledger.db"), KeyFile: filepath.Join(dir, "key"), CreateKey: true,
		Carrier: "simulator", CarrierURL: "http://127.0.0.1:1", CarrierTimeout: time.Second,
		Registry: desk.Registry, RegistryRoots: desk.Roots, SigningKey: desk.Signing, WatermarkFile: filepath.Join(dir, "gate.mark"),
	}
}

func open(t *testing.T, s worker.Settings) worker.Neighbours {
	t.Helper()
	n, err := worker.Open(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

func TestOpen(t *testing.T) {
	t.Parallel()
	n := open(t, settings(t))
	require.NoError(t, n.Ledger.Ping(t.Context()))
	require.NotEmpty(t, n.Rules.List())
	require.Equal(t, []string{"simulator"}, n.Prefer)
	require.Contains(t, n.Carriers, "simulator")
	require.False(t, n.AllowScaledClock)
	require.NotNil(t, n.Approvals)
	require.NotNil(t, n.Watermark)
}

// A role opens what it needs and no more: what it does not hold cannot be stolen from it.
func TestOpenByRole(t *testing.T) {
	t.Parallel()
	for role, has := range map[worker.Role]struct{ rules, ledger, vault, carriers, key bool }{
		worker.RoleWorkflow: {rules: true},
		worker.RoleTrust:    {ledger: true, key: true},
		worker.RoleGate:     {true, true, true, true, true},
		worker.RoleAll:      {true, true, true, true, true},
	} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			s := settings(t)
			s.Role = role
			n := open(t, s)
			require.Equal(t, has.rules, n.Rules != nil, "rules")
			require.Equal(t, has.ledger, n.Ledger != nil, "ledger")
			require.Equal(t, has.vault, n.Vault != nil, "vault")
			require.Equal(t, has.carriers, n.Carriers != nil, "carriers")
			require.Equal(t, has.key, n.Approvals != nil, "signing key")
		})
	}
}

func TestOpenWhereDecisionsAreTrusted(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.Trusted, s.Registry = true, ""
	require.Nil(t, open(t, s).Approvals)
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*worker.Settings)
		code   string
	}{
		"rules":           {func(s *worker.Settings) { s.RulesDir = filepath.Join(s.KeyFile, "nowhere") }, "rules-unreadable"},
		"key":             {func(s *worker.Settings) { s.CreateKey = false }, "vault-key-missing"},
		"carrier":         {func(s *worker.Settings) { s.Carrier = "elsewhere" }, "carrier-unknown"},
		"carrier's place": {func(s *worker.Settings) { s.CarrierURL = "" }, "carrier-url-missing"},
		"ledger":          {func(s *worker.Settings) { s.Ledger = filepath.Dir(s.Ledger) }, "ledger-unavailable"},
		"registry":        {func(s *worker.Settings) { s.Registry += "x" }, "file-unreadable"},
		"answer policy":   {func(s *worker.Settings) { s.PortoutPolicy = s.KeyFile + "x" }, "answer-policy-unreadable"},
		"roots":           {func(s *worker.Settings) { s.RegistryRoots += "x" }, "file-unreadable"},
		"signing key":     {func(s *worker.Settings) { s.SigningKey += "x" }, "file-unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t)
			c.change(&s)
			_, err := worker.Open(t.Context(), s)
			require.Error(t, err)
			require.Equal(t, c.code, porting.CodeOf(err), err)
		})
	}
}

func TestOpenDestroysCodesWhoseTimeIsOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scaled bool
		kept   int64
	}{
		"in real time":       {false, 1},
		"in the demo's time": {true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t)
			s.AllowScaledClock = c.scaled
			books, err := ledger.Open(t.Context(), s.Ledger)
			require.NoError(t, err)
			for _, life := range []time.Duration{-time.Hour, time.Hour} {
				_, err := books.PutSecret(t.Context(), "pi-1", []byte("sealed"), time.Now().AddDate(0, -2, 0), time.Now().Add(life))
				require.NoError(t, err)
			}
			require.NoError(t, books.Close())
			stats, err := open(t, s).Ledger.Stats(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.kept, stats.Secrets)
		})
	}
}

func TestSecretsAreSealedForTheirPort(t *testing.T) {
	t.Parallel()
	n := open(t, settings(t))
	code, err := worker.NewSecrets(n.Ledger, n.Vault, func() time.Time { return now }).PutSecret(t.Context(), "pi-1", "481516")
	require.NoError(t, err)
	sealed, err := n.Ledger.GetSecret(t.Context(), code, now.AddDate(0, 0, 59))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "481516")
	opened, err := n.Vault.Open("pi-1", sealed)
	require.NoError(t, err)
	require.Equal(t, "481516", opened.Reveal())
	_, err = n.Vault.Open("pi-2", sealed)
	require.Equal(t, "seal-broken", porting.CodeOf(err))
	_, err = n.Ledger.GetSecret(t.Context(), code, now.AddDate(0, 0, 61))
	require.Equal(t, "secret-gone", porting.CodeOf(err), "no code is kept for ever")
}
