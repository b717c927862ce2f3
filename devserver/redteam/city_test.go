// Package redteam attacks ports on a real server, in every way that a caller of its API can, and looks at the carrier
// whether numbers moved that the policy keeps where they are. docs/redteam.md is its report.
package redteam

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
	"github.com/portsaga/portsaga/workflows"
)

// city is a server, and how everybody in it proves who they are.
type city struct {
	t       testing.TB
	options client.Options     // how everybody reaches the server
	issuer  *authorizer.Issuer // nil on a stock server, where every caller may do everything
	ports   atomic.Int32
}

// guardedQueue is the one queue that the authorizer knows.
const guardedQueue = starter.DefaultTaskQueue

// newCity starts a server: a stock one, or one with the authorizer. Where a cluster is named, that is the one with the
// authorizer.
func newCity(t testing.TB, guarded bool) *city {
	t.Helper()
	if keys := os.Getenv(EnvCluster); keys != "" {
		return foundCity(t, guarded, keys)
	}
	c := &city{t: t}
	o := engine.Options{
		Dir: t.TempDir(), Synchronous: engine.Normal, SearchAttributes: workflows.SearchAttributes(), Logger: slog.New(slog.DiscardHandler),
	}
	if guarded {
		c.guard(&o)
	}
	started, err := engine.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, started.Stop()) })
	c.options = started.ClientOptions()
	return c
}

func (c *city) guard(o *engine.Options) {
	var err error
	c.issuer, err = authorizer.NewIssuer(time.Now)
	require.NoError(c.t, err)
	claims, err := authorizer.NewClaimMapper(c.issuer, authorizer.DevAudience, time.Now)
	require.NoError(c.t, err)
	policy, err := authorizer.New(authorizer.Config{
		Namespace: engine.DefaultNamespace, TaskQueue: guardedQueue, TaskKey: bytes.Repeat([]byte("k"), 32), Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(c.t, err)
	o.Authorizer, o.ClaimMapper = policy, claims
	o.Interceptors = append(o.Interceptors, policy.Interceptor())
	o.UIHeaders = c.issuer.Headers("web-ui", authorizer.Reader).GetHeaders
}

// as is a client with the token of some roles, where there are tokens.
func (c *city) as(t testing.TB, roles authorizer.Role) client.Client {
	t.Helper()
	o := c.options
	if c.issuer != nil {
		o.HeadersProvider = c.issuer.Headers("somebody", roles)
	}
	dialed, err := client.DialContext(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(dialed.Close)
	return dialed
}

// workersToken is the token of a worker's role.
var workersToken = map[worker.Role]authorizer.Role{
	worker.RoleWorkflow: authorizer.WorkflowWorker, worker.RoleTrust: authorizer.TrustWorker, worker.RoleGate: authorizer.GateWorker,
}

// honest may do what a port's own people may do all together, and nothing that is for emergencies.
const honest = authorizer.Submitter | authorizer.Approver | authorizer.Webhook | authorizer.CustomerCare | authorizer.Operator | authorizer.Reader

// queue is that of a port: its own on a stock server, so that several ports can be attacked at once.
func (c *city) queue(n int) string {
	if c.issuer != nil {
		return guardedQueue
	}
	return fmt.Sprintf("desk-%d", n)
}

// scale makes a port live for a few seconds, slow enough for a busy machine.
const scale = 1800

// clock starts business time on a Tuesday morning in San Francisco.
func clock(now time.Time) porting.Clock {
	day := now.UTC().AddDate(0, 0, 1)
	for day.Weekday() != time.Tuesday {
		day = day.AddDate(0, 0, 1)
	}
	return porting.Clock{Scale: scale, RealStart: now, BusinessStart: time.Date(day.Year(), day.Month(), day.Day(), 17, 0, 0, 0, time.UTC)}
}

// writeRules writes the desk's own practice with another approval policy, at low risk and above, and with people's clocks so
// long that no attack is over because time ran out.
func writeRules(t testing.TB, low, above porting.Policy) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "rules", "packs", "_desk.yaml"))
	require.NoError(t, err)
	var desk map[string]any
	require.NoError(t, yaml.Unmarshal(text, &desk))
	desk["approvals"] = map[string]any{
		"people": 1, "low": quorumOf(low), "medium": quorumOf(above), "high": quorumOf(above), "rule": "as the attack wants it", "cite": "red team", "confidence": "desk",
	}
	clocks := desk["clocks"].(map[string]any)
	decision := clocks["decision"].(map[string]any)
	decision["for"] = "60d"
	delete(decision, "within")
	clocks["guard"].(map[string]any)["for"] = "30m"
	for key, value := range desk {
		if day, is := value.(time.Time); is {
			desk[key] = day.Format(time.DateOnly)
		}
	}
	text, err = yaml.Marshal(desk)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "_desk.yaml"), text, 0o600))
	return dir
}

func quorumOf(p porting.Policy) map[string]any {
	return map[string]any{"people": p.People, "teams": p.Teams, "hardware": p.Hardware}
}
