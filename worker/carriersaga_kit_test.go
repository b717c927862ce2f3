package worker_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdk "go.temporal.io/sdk/worker"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// realCarrier is a carrier over HTTP that keeps state, answers as its real one's API does and signs its news.
type realCarrier struct {
	name    string
	file    string // the carriers file of a deployment that has it
	ready   func(worker.Neighbours)
	effects func(port string) []string // what our requests did at the carrier
}

// carrierSaga is the saga with its real steps, ledger and vault, through an adapter as a deployment opens it, in business time
// that runs an hour in twenty milliseconds.
type carrierSaga struct {
	*testing.T
	clock    porting.Clock
	env      *testsuite.TestWorkflowEnvironment
	port     string
	ours     worker.Neighbours
	carrier  realCarrier
	post     *postman
	hinted   *signals
	story    story
	approved int  // the last version of the order that people approved
	acted    bool // what the story does was done
	bill     string
}

// orderHour is an hour of business, as it passes here.
const orderHour = 20 * time.Millisecond

func carrierClock(hour time.Duration) porting.Clock {
	return porting.Clock{
		Scale: float64(time.Hour / hour), RealStart: time.Now(), BusinessStart: time.Date(2026, time.November, 2, 14, 0, 0, 0, time.UTC),
	}
}

// newCarrierSaga opens the carrier, which learns where its news go, and then ourselves.
func newCarrierSaga(t *testing.T, st story, open func(*carrierSaga) realCarrier) *carrierSaga {
	t.Helper()
	s := &carrierSaga{T: t, clock: carrierClock(orderHour), port: porting.PortID(porting.PortIn, "default", "REAL-1"), story: st}
	s.post = newPostman(t, s.clock.RealDuration(24*time.Hour), st.post)
	s.carrier = open(s)
	dir, file := t.TempDir(), carriersFile(t, s.carrier.file)
	s.ours = openNeighbours(t, worker.Settings{
		Ledger: filepath.Join(dir, "ledger.db"), KeyFile: filepath.Join(dir, "key"), CreateKey: true, CarriersFile: file,
		Trusted: true, AllowScaledClock: true,
	})
	s.carrier.ready(s.ours)
	var err error
	s.bill, err = worker.NewDocuments(s.ours.Ledger, s.ours.Vault).Add(t.Context(), porting.DocumentInvoice, []byte("%PDF the bill"), time.Now())
	require.NoError(t, err)
	s.env = realTimeEnvironment(t, s.ours, s.port)
	s.hinted = &signals{env: s.env, port: s.port}
	s.post.knows(s.ours, file, s.hinted)
	return s
}

// openNeighbours opens what is around the sagas, until the test has ended.
func openNeighbours(t *testing.T, settings worker.Settings) worker.Neighbours {
	t.Helper()
	n, err := worker.Open(t.Context(), settings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

// realTimeEnvironment is a test environment whose failed steps are tried again at once: the seconds that a server waits are days
// in this time.
func realTimeEnvironment(t *testing.T, n worker.Neighbours, workflow string) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(sdk.Options{DeadlockDetectionTimeout: time.Minute, Interceptors: []interceptor.WorkerInterceptor{&hasty{}}})
	worker.Register(env, n.Activities)
	env.SetTestTimeout(2 * time.Minute)
	env.SetStartTime(time.Now())
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflow, TaskQueue: "portsaga"})
	keepPace(env)
	return env
}

// keepPace holds the environment's clock, which skips ahead and falls behind, to the wall's, by which carriers live.
func keepPace(env *testsuite.TestWorkflowEnvironment) {
	const step = 2 * time.Millisecond
	env.RegisterDelayedCallback(func() {
		<-time.After(time.Until(env.Now()))
		keepPace(env)
	}, max(step, time.Since(env.Now())))
}

// hasty has failed steps tried again at once.
type hasty struct {
	interceptor.WorkerInterceptorBase
}

func (hasty) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &hastily{}
	i.Next = next
	return i
}

type hastily struct {
	interceptor.ActivityInboundInterceptorBase
}

func (h *hastily) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	out, err := h.Next.ExecuteActivity(ctx, in)
	if code := porting.CodeOf(err); code != "" {
		err = temporal.NewApplicationErrorWithOptions(err.Error(), code, temporal.ApplicationErrorOptions{NextRetryDelay: orderHour / 2})
	}
	return out, err
}

// run plays the story to its end.
func (s *carrierSaga) run() porting.Status {
	s.watch()
	s.hinted.begin()
	s.env.ExecuteWorkflow(porting.WorkflowPortIn, porting.PortInput{ID: s.port, Clock: s.clock, Order: s.order()})
	s.hinted.set(false)
	s.post.close()
	require.True(s, s.env.IsWorkflowCompleted())
	require.NoError(s, s.env.GetWorkflowError())
	return s.status()
}

func (s *carrierSaga) order() porting.Order {
	return porting.Order{
		Tenant: "default", Reference: "REAL-1", Version: 1, Kind: porting.KindWireline, Country: "US", Carrier: s.carrier.name,
		Numbers: []porting.Number{"+12125550123", "+12125550124"},
		Donor:   porting.Party{Name: "Hudson Telephone", SPID: "1234"}, Recipient: porting.Party{Name: "Acme Voice", SPID: "567A"},
		Subscriber: porting.Subscriber{
			Name: "Jordan Example", Contact: porting.Contact{Email: "jordan@example.com"},
			Address: porting.Address{Street: "1 Example Plaza", City: "New York", Region: "NY", PostalCode: "10001", Country: "US"},
		},
		Account:       porting.Account{Number: "4412-77", BTN: "+12125550123"},
		Authorization: porting.Authorization{Kind: "loa", SignedAt: s.clock.BusinessStart.Add(-time.Hour), SignedBy: "Jordan Example"},
		Documents:     []porting.Document{{Kind: porting.DocumentInvoice, SHA256: s.bill}}, Wishes: s.wishes(), SubmittedBy: "ana@desk",
	}
}

func (s *carrierSaga) wishes() porting.Wishes {
	if s.story.wish == 0 {
		return porting.Wishes{}
	}
	return porting.Wishes{DueDate: s.clock.Business(time.Now()).AddDate(0, 0, s.story.wish).Format(time.DateOnly)}
}

// watch looks at the port every business hour, and does what people do.
func (s *carrierSaga) watch() {
	s.env.RegisterDelayedCallback(func() {
		if now := s.status(); now.Outcome == "" {
			s.act(now)
		}
		s.watch()
	}, orderHour)
}

// act approves every version of the order, and does what the story tells, once.
func (s *carrierSaga) act(now porting.Status) {
	if now.Stage == porting.Verifying && now.WaitingOn == porting.WaitingApprover && s.approved < now.OrderVersion {
		s.approved = now.OrderVersion
		s.env.SignalWorkflow(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ben@approvals", OrderVersion: now.OrderVersion})
	}
	if s.story.act != nil && !s.acted {
		s.acted = s.story.act(s, now)
	}
}

func (s *carrierSaga) status() (now porting.Status) {
	s.Helper()
	value, err := s.env.QueryWorkflow(porting.QueryStatus)
	require.NoError(s, err)
	require.NoError(s, value.Get(&now))
	return now
}

// happened reports whether the timeline tells of an event.
func happened(s porting.Status, event porting.Event) bool {
	return slices.ContainsFunc(s.Timeline, func(e porting.Entry) bool { return e.Event == event })
}
