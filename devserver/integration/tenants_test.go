package integration

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// few is how many ports the small tenant has.
const few = 5

// crowd is how many ports the large tenant has queued.
func crowd() int {
	if full {
		return 5_000
	}
	return 200
}

// A tenant with a few ports does its work beside one with a queue of them. Both are measured, and printed. Nothing is asked
// of the figures: ports have no fairness key, so a queue is served in its order.
func tenantsShare(t *testing.T, w *town) {
	d := w.opensDesk(t)
	alone, late := d.fewPorts(t, "alone", 100)
	require.Zero(t, late)
	d.queues(t, crowd())
	beside, late := d.fewPorts(t, "beside", 200)
	screened, err := d.clerk.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: "PortTenant = 'crowd' AND PortWaitingOn = 'approver'"})
	require.NoError(t, err)
	t.Logf("from order to carrier, %d ports alone: p50 %s, longest %s; beside a tenant with %d ports queued: p50 %s, longest %s (%.1f times), %d given up; of the %d, %d were still to be screened",
		few, quantile(alone, 50), quantile(alone, 100), crowd(), quantile(beside, 50), quantile(beside, 100),
		quantile(beside, 50).Seconds()/quantile(alone, 50).Seconds(), late, crowd(), int64(crowd())-screened.GetCount())
}

// fewPorts has the small tenant's ports live at once. It returns how long each took, or was waited for in vain, and how many
// were.
func (d *desk) fewPorts(t *testing.T, when string, first int) (took []time.Duration, late int) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range few {
		all.Go(func() {
			began := time.Now()
			err := d.lives(t.Context(), parse(t, "small", fmt.Sprintf("%s-%d", when, n), 300+first+n))
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began))
			if err != nil {
				late++
			}
		})
	}
	all.Wait()
	return took, late
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
	t.Logf("%d ports queued in %.1f s", many, time.Since(began).Seconds())
}

// queue starts a port and does not wait until a worker has taken it, as `port in start` does.
func (s *speaker) queue(ctx context.Context, o porting.Order) error {
	id := porting.PortID(porting.PortIn, o.TenantOrDefault(), o.Reference)
	_, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: starter.DefaultTaskQueue, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}, porting.WorkflowPortIn, porting.PortInput{ID: id, Order: o})
	return err
}
