package integration

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// few is how many ports a small tenant has.
const few = 5

// small is how many tenants have so few, one after the other.
const small = 5

// crowd is how many ports the large tenant has queued.
func crowd() int {
	if full {
		return 5_000
	}
	return 500
}

// A tenant with a few ports does its work beside one with a queue of them: its ports take at most twice as long as they do
// alone. Both have the pace that bootstrap gave every tenant.
func tenantsShare(t *testing.T, w *town) {
	d := w.opensDesk(t)
	alone := d.fewPorts(t, "alone", 300)
	d.queues(t, crowd())
	meanwhile := d.fewPorts(t, "meanwhile", 400)
	d.haveBegun(t, crowd())
	before, began := d.counts(t, taken), time.Now()
	beside := d.fewPorts(t, "beside", 500)
	after := d.counts(t, taken)
	ratio := quantile(beside, 50).Seconds() / quantile(alone, 50).Seconds()
	t.Logf("from order to carrier, %d times %d ports: alone %s; while the crowd's sagas begin %s; beside the crowd's queue %s: %.1f times",
		small, few, told(alone), told(meanwhile), told(beside), ratio)
	t.Logf("of the crowd's %d, %d were taken before and %d at the end, %.1f a second", crowd(), before, after, float64(after-before)/time.Since(began).Seconds())
	require.Less(t, after, int64(crowd()), "the queue was gone before the small tenants had their ports")
	require.LessOrEqual(t, ratio, 2.0)
}

func told(took []time.Duration) string {
	return fmt.Sprintf("p50 %s, longest %s", quantile(took, 50), quantile(took, 100))
}

// haveBegun waits until no saga waits for its first task: the ports are queued where tenants have their pace, at the gate.
func (d *desk) haveBegun(t *testing.T, many int) {
	t.Helper()
	dora, err := client.DialContext(t.Context(), d.clerk.town.calling(d.clerk.town.dora))
	require.NoError(t, err)
	defer dora.Close()
	waiting := func() int {
		described, err := dora.WorkflowService().DescribeTaskQueue(t.Context(), &workflowservice.DescribeTaskQueueRequest{
			Namespace: "portsaga", TaskQueue: &taskqueue.TaskQueue{Name: starter.DefaultTaskQueue}, TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
			ReportStats: true,
		})
		require.NoError(t, err)
		return int(described.GetStats().GetApproximateBacklogCount())
	}
	began := time.Now()
	for _, still := range []int{many * 3 / 4, many / 2, many / 4, few} {
		await(t, "sagas begin", func() bool { return waiting() <= still })
	}
	t.Logf("all sagas have begun after %.1f s", time.Since(began).Seconds())
}

// taken are the large tenant's ports of which the gate has done the first step, or both before it asks for a decision.
const taken = "PortTenant = 'crowd' AND PortStage IN ('screening', 'verifying')"

func (d *desk) counts(t *testing.T, which string) int64 {
	t.Helper()
	counted, err := d.clerk.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: which})
	require.NoError(t, err)
	return counted.GetCount()
}

// fewPorts has the ports of one small tenant after another live, each tenant's at once, and returns how long each took.
func (d *desk) fewPorts(t *testing.T, when string, first int) []time.Duration {
	t.Helper()
	took := make([]time.Duration, small*few)
	for n := range small {
		var all errgroup.Group
		for port := n * few; port < (n+1)*few; port++ {
			all.Go(func() error {
				began := time.Now()
				defer func() { took[port] = time.Since(began) }()
				return d.lives(t.Context(), parse(t, fmt.Sprintf("small-%s-%d", when, n), fmt.Sprintf("%s-%d", when, port), first+port))
			})
		}
		require.NoError(t, all.Wait())
	}
	return took
}

// queues starts many ports of another tenant, as fast as the server takes them.
func (d *desk) queues(t *testing.T, many int) {
	t.Helper()
	began := time.Now()
	var all errgroup.Group
	all.SetLimit(32)
	for n := range many {
		all.Go(func() error {
			return d.clerk.queue(t.Context(), parse(t, "crowd", fmt.Sprintf("CROWD-%d", n), 3_000+n))
		})
	}
	require.NoError(t, all.Wait())
	await(t, "all are listed", func() bool { return d.counts(t, "PortTenant = 'crowd'") == int64(many) })
	t.Logf("%d ports queued in %.1f s", many, time.Since(began).Seconds())
}

// queue starts a port and does not wait until a worker has taken it, as `port in start` does.
func (s *speaker) queue(ctx context.Context, o porting.Order) error {
	id := porting.PortID(porting.PortIn, o.TenantOrDefault(), o.Reference)
	_, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: starter.DefaultTaskQueue, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		TypedSearchAttributes:    temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword(porting.AttrTenant).ValueSet(o.Tenant)),
		Priority:                 temporal.Priority{FairnessKey: o.Tenant},
	}, porting.WorkflowPortIn, porting.PortInput{ID: id, Order: o})
	return err
}
