package allinone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

func startStack(t *testing.T, o Options) *Stack {
	t.Helper()
	o.Dir, o.Fast = t.TempDir(), true
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

// Every payload of a port's history is sealed, and nothing of the order can be read in it. The same port without seals shows
// that the search finds what is there.
func TestHistoriesAreSealed(t *testing.T) {
	t.Parallel()
	for name, plain := range map[string]bool{"sealed": false, "the control, in the clear": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startStack(t, Options{Clock: demoClock, Plain: plain})
			simple, err := simulate.Find("happy")
			require.NoError(t, err)
			played := playScenario(t.Context(), s, simple, "sealed-or-not", "+12125550199")
			require.NoError(t, played.err)

			h := sealedHistory(t.Context(), t, s, played.id)
			total, sealed := countPayloads(t, h)
			found := findWords(t, h, "sealed-or-not", "2125550199", "0199", "Hudson", "Screen the order")
			t.Logf("%s: %d events, %d bytes, %d payloads, %d of them sealed, %d words of the order", name, len(h.Events), proto.Size(h), total, sealed, found)
			require.Positive(t, total)
			if plain {
				require.Zero(t, sealed)
				require.Positive(t, found)
				return
			}
			require.Equal(t, total, sealed)
			require.Zero(t, found)
		})
	}
}

func countPayloads(t *testing.T, h *history.History) (total, sealed int) {
	t.Helper()
	err := proxy.VisitPayloads(t.Context(), proto.Clone(h), proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			for _, p := range payloads {
				total++
				if codec.IsSealed(p) {
					sealed++
				}
			}
			return payloads, nil
		},
	})
	require.NoError(t, err)
	return total, sealed
}

func findWords(t *testing.T, h *history.History, words ...string) int {
	t.Helper()
	raw, err := proto.Marshal(h)
	require.NoError(t, err)
	found := 0
	for _, word := range words {
		found += strings.Count(string(raw), word)
	}
	return found
}

// elsewhere is the sagas' worker of another process, on a queue of its own whose other steps nobody takes unless they are
// taken here, too. It knows no key that it did not look up.
func elsewhere(t *testing.T, s *Stack, store codec.Store, role worker.Role, queue string) *starter.Client {
	t.Helper()
	o := s.Engine.ClientOptions()
	codec.NewRing(store, s.seals.wrapper).SealWorker(&o)
	works, err := client.NewClientFromExistingWithContext(t.Context(), s.Client, o)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var running errgroup.Group
	running.Go(func() error {
		return worker.Run(ctx, works, worker.Config{TaskQueue: queue, Role: role, Neighbours: s.neighbours, StopTimeout: time.Second})
	})
	t.Cleanup(func() {
		stop()
		require.NoError(t, running.Wait())
		works.Close()
	})
	return starter.New(s.Client, starter.Options{TaskQueue: queue, Clock: s.Clock, Patience: 100 * time.Millisecond})
}

// storeDoor is a store of data keys that is shut until it is opened.
type storeDoor struct {
	*ledger.Keys
	open  atomic.Bool
	asked atomic.Int64
}

func (d *storeDoor) DataKey(ctx context.Context, owner string) (ledger.DataKey, error) {
	d.asked.Add(1)
	if !d.open.Load() {
		return ledger.DataKey{}, errors.New("connection refused")
	}
	return d.Keys.DataKey(ctx, owner)
}

// While the key store is down workflow tasks fail and are brought again; no port fails, and all go on when it is back.
func TestKeyStoreDown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s := startStack(t, Options{})
	down := &storeDoor{Keys: s.seals.books.Keys()}
	ports := elsewhere(t, s, down, worker.RoleAll, "elsewhere")

	const load = 10
	var ids []string
	for i := range load {
		order, err := readDemoOrder()
		require.NoError(t, err)
		order.Reference, order.Numbers = fmt.Sprint("DOWN-", i), []porting.Number{porting.Number(fmt.Sprintf("+1212555018%d", i))}
		_, err = ports.Start(ctx, order)
		require.NotEqual(t, porting.Refused, porting.KindOf(err)) // no worker can answer: it is open, or was not heard of in time
		ids = append(ids, porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference))
	}
	for _, id := range ids {
		require.Eventually(t, func() bool { return failedTasks(t, s, id) > 0 }, time.Minute, glance, "a task of %s fails", id)
	}
	down.open.Store(true)
	failed := 0
	for _, id := range ids {
		require.Eventually(t, func() bool {
			status, err := ports.Status(ctx, id)
			return err == nil && status.Stage == porting.Verifying
		}, 2*time.Minute, glance, "%s goes on", id)
		described, err := s.Client.DescribeWorkflow(ctx, id, "")
		require.NoError(t, err)
		if described.Status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			failed++
		}
	}
	t.Logf("%d ports, %d failed; the store was asked %d times in vain", load, failed, down.asked.Load())
	require.Zero(t, failed)
}

// failedTasks counts the workflow tasks of a port that failed for the lack of its key.
func failedTasks(t *testing.T, s *Stack, id string) int {
	t.Helper()
	n := 0
	for _, e := range sealedHistory(t.Context(), t, s, id).Events {
		if e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_FAILED {
			n++
		}
	}
	return n
}

// Whoever may write to the namespace may answer a step in a worker's place. What was not sealed for this port does not decode:
// the saga rolls back instead of believing it.
func TestForgedResultDoesNotDecode(t *testing.T) {
	t.Parallel()
	s := startStack(t, Options{})
	ports := elsewhere(t, s, s.seals.books.Keys(), worker.RoleWorkflow, "alone")
	receipt := porting.Receipt{Pack: "us-wireless@2026-11", Jurisdiction: "us-wireless", Carrier: "simulator", Epoch: 1}
	var other string
	forgeries := []struct {
		name string
		of   func() *commonpb.Payloads
	}{
		{"in the clear", func() *commonpb.Payloads {
			p, err := converter.GetDefaultDataConverter().ToPayloads(receipt)
			require.NoError(t, err)
			return p
		}},
		{"nothing at all", func() *commonpb.Payloads { return nil }},
		{"sealed for another port", func() *commonpb.Payloads {
			p, err := s.seals.ring.Converter(s.Engine.Namespace()).
				WithSerializationContext(converter.WorkflowSerializationContext{WorkflowID: other}).ToPayloads(receipt)
			require.NoError(t, err)
			return p
		}},
	}
	for i, f := range forgeries {
		order, err := readDemoOrder()
		require.NoError(t, err)
		order.Reference = fmt.Sprint("FORGED-", i)
		answer, err := ports.Start(t.Context(), order)
		require.NoError(t, err)
		forge(t, s, answer.ID, porting.StepReceive, f.of())
		require.Eventually(t, func() bool {
			status, err := ports.Status(t.Context(), answer.ID)
			return err == nil && status.Stage == porting.RollingBack
		}, time.Minute, glance, "%s: the saga rolls back", f.name)
		require.NotContains(t, asked(t, s, answer.ID), porting.StepScreen, f.name)
		other = answer.ID
	}
}

// forge answers a step that a port waits for.
func forge(t *testing.T, s *Stack, id, step string, result *commonpb.Payloads) {
	t.Helper()
	var activity string
	require.Eventually(t, func() bool {
		described, err := s.Client.DescribeWorkflowExecution(t.Context(), id, "")
		for _, p := range described.GetPendingActivities() {
			if p.GetActivityType().GetName() == step {
				activity = p.GetActivityId()
			}
		}
		return err == nil && activity != ""
	}, time.Minute, glance, "%s waits for %s", id, step)
	_, err := s.Client.WorkflowService().RespondActivityTaskCompletedById(t.Context(), &workflowservice.RespondActivityTaskCompletedByIdRequest{
		Namespace: s.Engine.Namespace(), WorkflowId: id, ActivityId: activity, Result: result, Identity: "gate-worker",
	})
	require.NoError(t, err)
}

// asked are the steps that a saga asked for.
func asked(t *testing.T, s *Stack, id string) []string {
	t.Helper()
	var steps []string
	for _, e := range sealedHistory(t.Context(), t, s, id).Events {
		if scheduled := e.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
			steps = append(steps, scheduled.GetActivityType().GetName())
		}
	}
	return steps
}
