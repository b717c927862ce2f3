// Package bulk moves as many numbers as one order can hold through the real saga on the embedded engine, and says how fast
// that was and what it took.
package bulk

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/devserver/allinone"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/workflows"
)

const (
	short = 2_000  // numbers that every run of the tests moves
	full  = 20_000 // numbers that PORTSAGA_BULK=full moves
	// most is how many events a run of the parent may have.
	most = 4_000
	// patience is how long anything may take to be seen.
	patience = 20 * time.Minute
)

const order = `
reference: BULK-1
kind: wireline
country: US
donor: {name: Hudson Telephone, spid: "1234"}
recipient: {name: Acme Voice, spid: 567A}
subscriber: {name: Example Stores LLC, business: true, address: {street: 22 Sample Street, city: New York, region: NY, postal_code: "10002", country: US}, contact: {email: office@stores.example}}
account: {number: "900-118-22"}
authorization: {kind: loa, signed_at: 2026-01-13T15:05:00-05:00, signed_by: Robin Sample}
submitted_by: ana@desk
`

// clock runs business time an hour a second from a Tuesday morning in New York: no decision comes too late, and nobody
// waits long for the carrier to cancel.
func clock(now time.Time) porting.Clock {
	day := now.UTC().AddDate(0, 0, 1)
	for day.Weekday() != time.Tuesday {
		day = day.AddDate(0, 0, 1)
	}
	return porting.Clock{Scale: 3600, RealStart: now, BusinessStart: time.Date(day.Year(), day.Month(), day.Day(), 15, 0, 0, 0, time.UTC)}
}

const portsOf = 200

func size() int {
	if os.Getenv("PORTSAGA_BULK") == "full" {
		return full
	}
	return short
}

// One order of many numbers: every port is started, approved with all others and submitted to the carrier. Started again
// nothing changes, and revoked all of it ends.
func TestBulkOrder(t *testing.T) {
	numbers := size()
	stack, err := allinone.Start(t.Context(), allinone.Options{Dir: t.TempDir(), Clock: clock, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stack.Stop()) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	base := peakMemory(t)

	list := read(t, numberList(t, numbers), portsOf)
	require.Len(t, list.Orders, numbers/portsOf)
	started := time.Now()
	status, err := stack.Ports.StartBulk(ctx, "BULK-1", list.Orders, func(porting.BulkStatus) {})
	require.NoError(t, err)
	require.Equal(t, numbers, status.Numbers)
	added := time.Since(started)

	_, err = stack.Ports.DecideBulk(ctx, status.ID, porting.Decide{ID: "approve", Decision: porting.Approve, By: "ben@approvals"})
	require.NoError(t, err)
	status = await(ctx, t, stack, status.ID, func(s porting.BulkStatus) bool { return beyond(s) == s.Ports })
	took := time.Since(started)

	require.Equal(t, numbers/portsOf, status.Ports)
	require.Empty(t, status.NeedsAttention)
	require.Empty(t, status.Outcomes, "nothing ended before it was seen to be submitted")
	runs, longest := histories(ctx, t, stack, status.ID)
	t.Logf("%d numbers in %d ports: added in %.1f s, all submitted after %.1f s: %.0f numbers/s, %.1f ports/s", numbers, status.Ports, added.Seconds(), took.Seconds(),
		float64(numbers)/took.Seconds(), float64(status.Ports)/took.Seconds())
	t.Logf("peak memory %d MB, of which the idle stack takes %d MB; parent: %d runs, at most %d events", peakMemory(t)>>10, base>>10, runs, longest)
	require.LessOrEqual(t, longest, most)
	requireListed(ctx, t, stack, status)
	requireIdempotent(ctx, t, stack, list, status)
	requireRevoked(ctx, t, stack, status)
}

// beyond counts the ports that the carrier has, or had.
func beyond(s porting.BulkStatus) int {
	return s.Stages[porting.Submitted] + s.Stages[porting.Confirmed] + s.Stages[porting.Activating] + s.Stages[porting.Active]
}

func await(ctx context.Context, t *testing.T, stack *allinone.Stack, id string, wanted func(porting.BulkStatus) bool) porting.BulkStatus {
	t.Helper()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		status, err := stack.Ports.BulkStatus(ctx, id)
		if err == nil && wanted(status) { // while all are busy a query may find no answer in its time
			return status
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			require.FailNow(t, "waited in vain", "%+v, %v", status, err)
		case <-stack.Stopped():
			require.FailNow(t, "the stack stopped by itself")
		}
	}
}

// requireListed sees that the order's ports can be found by it, once visibility has caught up.
func requireListed(ctx context.Context, t *testing.T, stack *allinone.Stack, s porting.BulkStatus) {
	t.Helper()
	require.Eventually(t, func() bool {
		ports, err := stack.Ports.List(ctx, starter.Filter{Order: s.ID, Limit: full})
		return err == nil && len(ports) == s.Ports
	}, time.Minute, 100*time.Millisecond)
}

// requireIdempotent starts the same order again, which changes nothing, and another one of its name, which is refused.
func requireIdempotent(ctx context.Context, t *testing.T, stack *allinone.Stack, list orders.Bulk, s porting.BulkStatus) {
	t.Helper()
	again, err := stack.Ports.StartBulk(ctx, "BULK-1", list.Orders, func(porting.BulkStatus) {})
	require.NoError(t, err)
	require.Equal(t, s.NextBatch, again.NextBatch)
	require.Equal(t, s.Ports, again.Ports)
	_, err = stack.Ports.StartBulk(ctx, "BULK-1", list.Orders[1:], func(porting.BulkStatus) {})
	require.Equal(t, "order-differs", porting.CodeOf(err))
}

// requireRevoked revokes the whole order: the carrier cancels every port, and the order ends.
func requireRevoked(ctx context.Context, t *testing.T, stack *allinone.Stack, s porting.BulkStatus) {
	t.Helper()
	started := time.Now()
	_, err := stack.Ports.RevokeBulk(ctx, s.ID, porting.Revoke{ID: "revoke", By: "carla@care"})
	require.NoError(t, err)
	end := await(ctx, t, stack, s.ID, func(s porting.BulkStatus) bool { return s.Ended })
	t.Logf("all revoked after %.1f s more", time.Since(started).Seconds())
	require.Equal(t, porting.BulkNothingMoved, end.State)
	require.Equal(t, map[porting.Outcome]int{porting.OutcomeRevoked: s.Ports}, end.Outcomes)
	runs, longest := histories(ctx, t, stack, s.ID)
	t.Logf("parent at its end: %d runs, at most %d events", runs, longest)
	require.LessOrEqual(t, longest, most)
	_, err = stack.Ports.RevokeBulk(ctx, s.ID, porting.Revoke{By: "carla@care"})
	require.Equal(t, "order-closed", porting.CodeOf(err))
}

// numberList is a list of numbers that are reserved for fiction, a hundred in each area code.
func numberList(t *testing.T, n int) []byte {
	t.Helper()
	var candidates [][]string
	for code := 201; code < 990; code++ {
		candidates = append(candidates, []string{fmt.Sprintf("+1%d5550100", code)})
	}
	var numbers [][]string
	for _, o := range read(t, asCSV(t, candidates), 1000).Orders {
		for _, first := range o.Numbers { // of an area code that exists
			for i := 0; i < 100 && len(numbers) < n; i++ {
				numbers = append(numbers, []string{fmt.Sprintf("%s%02d", strings.TrimSuffix(first.E164(), "00"), i)})
			}
		}
	}
	require.Len(t, numbers, n)
	return asCSV(t, numbers)
}

func asCSV(t *testing.T, rows [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, csv.NewWriter(&b).WriteAll(append([][]string{{"number"}}, rows...)))
	return b.Bytes()
}

func read(t *testing.T, list []byte, portsOf int) orders.Bulk {
	t.Helper()
	template, err := orders.ReadTemplate(strings.NewReader(order), orders.Options{})
	require.NoError(t, err)
	bulk, err := orders.ReadBulk(bytes.NewReader(list), template, orders.BulkOptions{PortsOf: portsOf})
	require.NoError(t, err)
	return bulk
}

// histories counts the runs of a bulk order and the events of the longest, and replays each.
func histories(ctx context.Context, t *testing.T, stack *allinone.Stack, id string) (runs, longest int) {
	t.Helper()
	replayer := sdkworker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(workflows.Bulk, workflow.RegisterOptions{Name: porting.WorkflowBulk})
	listed, err := stack.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1000, Query: "WorkflowId = '" + id + "'"})
	require.NoError(t, err)
	for _, run := range listed.Executions {
		h := historypb.History{}
		events := stack.Client.GetWorkflowHistory(ctx, id, run.Execution.RunId, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(t, err)
			h.Events = append(h.Events, event)
		}
		require.NoError(t, stack.OpenHistory(ctx, &h))
		require.NoError(t, replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), &h))
		longest = max(longest, len(h.Events))
	}
	return len(listed.Executions), longest
}

// peakMemory is the most memory that this process had, in KB; 0 where the system does not tell.
func peakMemory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			require.NoError(t, err)
			return n
		}
	}
	return 0
}
