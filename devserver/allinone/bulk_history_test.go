package allinone

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// A bulk order's own history, from the first port to the last.
func TestBulkOrderCompletes(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: demoClock, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	order, err := readDemoOrder()
	require.NoError(t, err)
	var orders []porting.Order
	for i := range 3 {
		o := order
		o.Reference, o.Numbers = fmt.Sprint("BULK-H-", i), []porting.Number{porting.Number(fmt.Sprintf("+1212555018%d", i))}
		orders = append(orders, o)
	}
	started, err := s.Ports.StartBulk(ctx, "BULK-H", orders, func(porting.BulkStatus) {})
	require.NoError(t, err)
	_, err = s.Ports.DecideBulk(ctx, started.ID, porting.Decide{ID: "approve", Decision: porting.Approve, By: "ben@approvals"})
	require.NoError(t, err)

	next := time.NewTicker(glance)
	defer next.Stop()
	for {
		status, err := s.Ports.BulkStatus(ctx, started.ID)
		if err == nil && status.Outcomes[porting.OutcomeCompleted] == len(orders) {
			break
		}
		select {
		case <-next.C:
		case <-ctx.Done():
			require.FailNow(t, "waited in vain", "%+v, %v", status, err)
		}
	}
	require.NoError(t, s.Client.GetWorkflow(ctx, started.ID, "").Get(ctx, nil))
	writeGolden(t, "bulk", readHistory(ctx, t, s, started.ID))
}
