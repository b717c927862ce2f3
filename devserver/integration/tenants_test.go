package integration

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
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
	return 500
}

// rounds is how often the small tenant's ports are ordered. The calmest one counts, alone and beside: what else the machine
// does can only add to it.
const rounds = 5

// A tenant with a few ports does its work beside one with a queue of them: its ports take at most twice as long as they do
// alone.
func tenantsShare(t *testing.T, w *town) {
	d := w.opensDesk(t)
	alone := d.fewPorts(t, "alone", 300)
	d.queues(t, crowd())
	before, began := d.counts(t, screened), time.Now()
	beside := d.fewPorts(t, "beside", 400)
	after := d.counts(t, screened)
	ratio := calmest(beside).Seconds() / calmest(alone).Seconds()
	t.Logf("from order to carrier, %d times %d ports: alone p50 %s, longest %s, calmest round %s; beside a tenant with %d ports queued p50 %s, longest %s, calmest round %s: %.1f times",
		rounds, few, quantile(alone, 50), quantile(alone, 100), calmest(alone), crowd(), quantile(beside, 50), quantile(beside, 100), calmest(beside), ratio)
	t.Logf("of the %d, %d were screened before and %d at the end, %.1f a second", crowd(), before, after, float64(after-before)/time.Since(began).Seconds())
	require.Less(t, after, int64(crowd()), "the queue was gone before the small tenant had its ports")
	require.LessOrEqual(t, ratio, 2.0)
}

// calmest is the p50 of the round in which it was lowest.
func calmest(took []time.Duration) time.Duration {
	var halves []time.Duration
	for round := range slices.Chunk(took, few) {
		halves = append(halves, quantile(round, 50))
	}
	return slices.Min(halves)
}

// screened are the large tenant's ports that have come as far as to ask for a decision.
const screened = "PortTenant = 'crowd' AND PortWaitingOn = 'approver'"

func (d *desk) counts(t *testing.T, which string) int64 {
	t.Helper()
	counted, err := d.clerk.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: which})
	require.NoError(t, err)
	return counted.GetCount()
}

// fewPorts has the small tenant's ports live, a few at once, and returns how long each took.
func (d *desk) fewPorts(t *testing.T, when string, first int) []time.Duration {
	t.Helper()
	took := make([]time.Duration, rounds*few)
	for round := range rounds {
		var all errgroup.Group
		for n := round * few; n < (round+1)*few; n++ {
			all.Go(func() error {
				began := time.Now()
				defer func() { took[n] = time.Since(began) }()
				return d.lives(t.Context(), parse(t, "small", fmt.Sprintf("%s-%d", when, n), first+n))
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
