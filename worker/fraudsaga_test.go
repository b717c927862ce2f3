package worker_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	sdk "go.temporal.io/sdk/worker"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// obedient is a carrier that does at once what it is asked.
const obedient = `
about: The carrier does at once what it is asked.
steps:
  - {on: submitted, then: confirmed, foc: 0s}
  - {on: activation-asked, then: activated}
`

// downDesk is a saga with its real steps, whose fraud desk reaches none of its neighbours.
type downDesk struct {
	*testing.T
	env     *testsuite.TestWorkflowEnvironment
	carrier *simulator.Server
	port    string
}

func newDownDesk(t *testing.T) downDesk {
	t.Helper()
	scenario, err := simulator.ParseScenario("obedient", []byte(obedient))
	require.NoError(t, err)
	server, err := simulator.Start(t.Context(), simulator.Options{ScenarioFor: func(string) string { return "obedient" }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	server.Learn(scenario)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("hush"), 0o600))
	n, err := worker.Open(t.Context(), worker.Settings{
		Ledger: filepath.Join(dir, "ledger.db"), KeyFile: filepath.Join(dir, "key"), CreateKey: true, Carrier: "simulator", CarrierURL: server.URL(), Trusted: true,
		Fraud: worker.FraudSettings{CamaraURL: gone.URL, CamaraTokenURL: gone.URL, CamaraClient: "us", CamaraSecret: secret},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	d := downDesk{t, suite.NewTestWorkflowEnvironment(), server, porting.PortID(porting.PortIn, "default", "DOWN-1")}
	d.env.SetWorkerOptions(sdk.Options{DeadlockDetectionTimeout: time.Minute}) // the machine may be busy
	worker.Register(d.env, n.Activities)
	d.env.SetTestTimeout(time.Minute)
	d.env.SetStartTime(time.Now())
	d.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: d.port, TaskQueue: "portsaga"})
	return d
}

func (d downDesk) run() {
	d.env.ExecuteWorkflow(porting.WorkflowPortIn, porting.PortInput{ID: d.port, Order: porting.Order{
		Tenant: "default", Reference: "DOWN-1", Version: 1, Kind: porting.KindWireless, Country: "US", Numbers: []porting.Number{"+12125550123"},
		Donor: porting.Party{Name: "Hudson Wireless", SPID: "1234"}, Recipient: porting.Party{Name: "Acme Voice", SPID: "567A"},
		Subscriber:    porting.Subscriber{Name: "Jordan Example", Address: porting.Address{Street: "1 Example Plaza", City: "New York", Region: "NY", PostalCode: "10001"}},
		Account:       porting.Account{Number: "4412-77"},
		Authorization: porting.Authorization{Kind: "consent", SignedAt: time.Now().Add(-time.Hour)}, SubmittedBy: "ana@desk",
	}})
	require.True(d, d.env.IsWorkflowCompleted())
	require.NoError(d, d.env.GetWorkflowError())
}

func (d downDesk) status() (s porting.Status) {
	d.Helper()
	value, err := d.env.QueryWorkflow(porting.QueryStatus)
	require.NoError(d, err)
	require.NoError(d, value.Get(&s))
	return s
}

// effects are what the carrier was asked to do.
func (d downDesk) effects() []string {
	var names []string
	for _, e := range d.carrier.Effects() {
		names = append(names, e.Effect)
	}
	return names
}

// All neighbours of the fraud desk are down: a person looks, inside the clock of the decision. The port is not approved by that, and
// not refused.
func TestWithAllEvidenceDownAPersonLooks(t *testing.T) {
	t.Parallel()
	d := newDownDesk(t)
	d.env.RegisterDelayedCallback(func() {
		s := d.status()
		require.Equal(t, porting.Verifying, s.Stage)
		require.Equal(t, porting.WaitingApprover, s.WaitingOn)
		require.Equal(t, porting.RiskMedium, s.Risk)
		require.Empty(t, s.Outcome)
		require.NotNil(t, s.DueAt, "the review has its clock")
		require.True(t, s.DueAt.After(d.env.Now()))
		require.Empty(t, d.effects(), "and nothing goes out before it")
		d.env.SignalWorkflow(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ben@approvals"})
	}, time.Minute)
	d.run()
	require.Equal(t, porting.OutcomeCompleted, d.status().Outcome)
	require.Equal(t, []string{simulator.Submitted, simulator.ActivationAsked}, d.effects())
}

// And if nobody looks in time, the clock ends the port: it was never sent, and it was never refused on suspicion.
func TestWithAllEvidenceDownAndNobodyLooking(t *testing.T) {
	t.Parallel()
	d := newDownDesk(t)
	d.run()
	s := d.status()
	require.Equal(t, porting.OutcomeExpired, s.Outcome)
	require.Equal(t, porting.NoDecision, s.Reason)
	require.Empty(t, d.effects())
}
