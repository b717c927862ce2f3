package workflows_test

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// yard is a bulk order with ports that behave well: they come to be decided on after an hour, and complete a day after
// they were approved. What some do otherwise is said by their order's reference.
type yard struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment

	otherwise map[string]func(workflow.Context, *yard, porting.PortInput) (porting.Status, error)

	mu       sync.Mutex
	started  []string            // references
	open     int                 // ports before their decision, now
	most     int                 // and at most
	told     map[string][]string // by port
	versions []int               // that decisions were for
	canceled []string
	answers  []bulkAnswer
	upserts  []bool
}

type bulkAnswer struct {
	at     time.Time
	status porting.BulkStatus
	says   porting.Answer
	err    error
}

func newYard(t *testing.T) *yard {
	t.Helper()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	y := &yard{
		t: t, env: suite.NewTestWorkflowEnvironment(), told: map[string][]string{},
		otherwise: map[string]func(workflow.Context, *yard, porting.PortInput) (porting.Status, error){},
	}
	y.env.SetStartTime(start)
	y.env.SetTestTimeout(time.Minute)
	y.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
	y.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "bo-test"})
	y.env.SetDetachedChildWait(false)
	y.env.RegisterWorkflowWithOptions(y.port, workflow.RegisterOptions{Name: porting.WorkflowPortIn})
	y.env.RegisterWorkflowWithOptions(workflows.Bulk, workflow.RegisterOptions{Name: porting.WorkflowBulk})
	y.env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Run(func(args mock.Arguments) {
		must, ok := args.Get(0).(temporal.SearchAttributes).GetBool(temporal.NewSearchAttributeKeyBool(porting.AttrNeedsAttention))
		require.True(t, ok)
		y.upserts = append(y.upserts, must)
	}).Maybe()
	return y
}

func (y *yard) run(b porting.Bulk) porting.BulkStatus {
	y.t.Helper()
	y.start(b)
	require.NoError(y.t, y.env.GetWorkflowError())
	var s porting.BulkStatus
	require.NoError(y.t, y.env.GetWorkflowResult(&s))
	require.True(y.t, s.Ended)
	return s
}

func (y *yard) start(b porting.Bulk) {
	y.t.Helper()
	b.ID, b.Reference = "bo-test", "ACME"
	y.env.ExecuteWorkflow(workflows.Bulk, b)
	require.True(y.t, y.env.IsWorkflowCompleted())
}

func (y *yard) status() porting.BulkStatus {
	y.t.Helper()
	var s porting.BulkStatus
	value, err := y.env.QueryWorkflow(porting.QueryStatus)
	require.NoError(y.t, err)
	require.NoError(y.t, value.Get(&s))
	return s
}

// at does something an hour, or a day, after the start.
func (y *yard) at(after time.Duration, do func()) { y.env.RegisterDelayedCallback(do, after) }

// orders are so many, each with two numbers, from a place in the file on.
func bulkOrders(first, n int) []porting.Order {
	var orders []porting.Order
	for i := first; i < first+n; i++ {
		orders = append(orders, porting.Order{
			Reference: fmt.Sprintf("ACME-%04d", i), Version: 1, SubmittedBy: "sue@shop",
			Numbers: []porting.Number{porting.Number(fmt.Sprintf("+1212555%04d", 2*i)), porting.Number(fmt.Sprintf("+1212555%04d", 2*i+1))},
		})
	}
	return orders
}

func bulkPort(i int) string {
	return porting.PortID(porting.PortIn, "default", fmt.Sprintf("ACME-%04d", i))
}

// add adds orders in batches of ten, each when the one before was answered.
func (y *yard) add(orders []porting.Order) { y.addFrom(0, orders) }

// addFrom goes on with a batch.
func (y *yard) addFrom(batch int, orders []porting.Order) {
	batches := slices.Collect(slices.Chunk(orders, 10))
	var next func(i int)
	next = func(i int) {
		y.update(porting.UpdateAddPorts, porting.AddPorts{Batch: i, Orders: batches[i], Last: i == len(batches)-1}, func(a bulkAnswer) {
			if a.err == nil && i+1 < len(batches) {
				next(i + 1)
			}
		})
	}
	y.at(0, func() { next(batch) })
}

func (y *yard) update(name string, body any, then func(bulkAnswer)) {
	done := func(a bulkAnswer) {
		a.at = y.env.Now()
		y.answers = append(y.answers, a)
		if then != nil {
			then(a)
		}
	}
	y.env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { done(bulkAnswer{err: err}) },
		OnComplete: func(result any, err error) {
			a := bulkAnswer{err: err}
			a.status, _ = result.(porting.BulkStatus)
			a.says, _ = result.(porting.Answer)
			done(a)
		},
	}, body)
}

func (y *yard) approveAll() {
	y.update(porting.MsgDecide, porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk"}, nil)
}

// port stands for a port of the order.
func (y *yard) port(ctx workflow.Context, in porting.PortInput) (porting.Status, error) {
	y.mu.Lock()
	y.started = append(y.started, in.Order.Reference)
	y.open++
	y.most = max(y.most, y.open)
	y.mu.Unlock()
	if differently, ok := y.otherwise[in.Order.Reference]; ok {
		return differently(ctx, y, in)
	}
	p := fakePort{yard: y, in: in}
	if over := p.hears(ctx, time.Hour); over {
		return p.end(ctx, porting.OutcomeRevoked, 0)
	}
	p.comesToVerifying(ctx, 1)
	return p.awaitDecision(ctx)
}

// fakePort is a port of a yard on its way.
type fakePort struct {
	yard *yard
	in   porting.PortInput
}

func (p fakePort) tells(ctx workflow.Context, n porting.Progress) {
	n.Port = p.in.ID
	if n.Version == 0 {
		n.Version = 1
	}
	_ = workflow.SignalExternalWorkflow(ctx, p.in.Bulk, "", porting.MsgProgress, n).Get(ctx, nil)
}

func (p fakePort) comesToVerifying(ctx workflow.Context, version int) {
	if version == 1 {
		p.yard.mu.Lock()
		p.yard.open--
		p.yard.mu.Unlock()
	}
	p.tells(ctx, porting.Progress{Stage: porting.Verifying, Version: version})
}

func (p fakePort) end(ctx workflow.Context, o porting.Outcome, moved int) (porting.Status, error) {
	p.tells(ctx, porting.Progress{Stage: porting.RollingBack, Outcome: o, Moved: moved})
	return porting.Status{ID: p.in.ID, Outcome: o}, nil
}

// hears listens for so long, and reports whether the port was revoked or cancelled.
func (p fakePort) hears(ctx workflow.Context, d time.Duration) bool {
	revoked, _ := workflow.GetSignalChannel(ctx, porting.MsgRevoke).ReceiveWithTimeout(ctx, d, nil)
	return p.note(revoked, porting.MsgRevoke) || p.isCanceled(ctx)
}

func (p fakePort) isCanceled(ctx workflow.Context) bool {
	p.yard.mu.Lock()
	defer p.yard.mu.Unlock()
	if ctx.Err() != nil {
		p.yard.canceled = append(p.yard.canceled, p.in.ID)
	}
	return ctx.Err() != nil
}

func (p fakePort) note(heard bool, message string) bool {
	p.yard.mu.Lock()
	defer p.yard.mu.Unlock()
	if heard {
		p.yard.told[p.in.ID] = append(p.yard.told[p.in.ID], message)
	}
	return heard
}

func (p fakePort) awaitDecision(ctx workflow.Context) (porting.Status, error) {
	var d porting.Decide
	revoked := false
	workflow.NewSelector(ctx).
		AddReceive(workflow.GetSignalChannel(ctx, porting.MsgDecide), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &d) }).
		AddReceive(workflow.GetSignalChannel(ctx, porting.MsgRevoke), func(c workflow.ReceiveChannel, _ bool) { revoked = c.Receive(ctx, nil) }).
		AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {}).
		Select(ctx)
	switch {
	case p.isCanceled(ctx):
		return porting.Status{}, ctx.Err()
	case p.note(revoked, porting.MsgRevoke):
		return p.end(ctx, porting.OutcomeRevoked, 0)
	}
	p.note(true, d.Decision)
	p.yard.mu.Lock()
	p.yard.versions = append(p.yard.versions, d.OrderVersion)
	p.yard.mu.Unlock()
	if d.Decision == porting.Reject {
		return p.end(ctx, porting.OutcomeRejected, 0)
	}
	p.tells(ctx, porting.Progress{Stage: porting.Submitted})
	if over := p.hears(ctx, 24*time.Hour); over {
		return p.end(ctx, porting.OutcomeReversed, 0)
	}
	return p.end(ctx, porting.OutcomeCompleted, len(p.in.Order.Numbers))
}
