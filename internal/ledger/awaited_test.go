package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func testAwaited(t *testing.T, dsn newDSN) {
	where := dsn(t)
	l := open(t, where)
	dates, err := ledger.OpenDates(where)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dates.Close()) })
	due := func(until time.Time) []ledger.Awaited {
		t.Helper()
		all, err := dates.AwaitedUntil(context.Background(), until, 10)
		require.NoError(t, err)
		return all
	}
	decision := ledger.Awaited{PortID: "pi-1", Clock: "decision", Ref: "1", OwedBy: porting.WaitingApprover, NotedAt: noon, DueAt: noon.Add(time.Hour)}

	require.NoError(t, l.Await(t.Context(), decision))
	require.Empty(t, due(decision.DueAt), "a port that is not there waits for nothing")
	claim(t, l, "pi-1", "0101")
	require.NoError(t, l.Await(t.Context(), decision))
	require.Empty(t, due(decision.DueAt.Add(-time.Microsecond)))
	require.Equal(t, []ledger.Awaited{decision}, due(decision.DueAt))

	again := decision
	again.NotedAt, again.DueAt = noon.Add(time.Minute), noon.Add(2*time.Hour)
	require.NoError(t, l.Await(t.Context(), again))
	require.Equal(t, []ledger.Awaited{decision}, due(again.DueAt), "a step that is tried again makes no date younger")

	foc := ledger.Awaited{PortID: "pi-1", Clock: "foc", Ref: "1", OwedBy: porting.WaitingCarrier, NotedAt: noon, DueAt: noon.Add(3 * time.Hour)}
	require.NoError(t, l.Await(t.Context(), foc))
	claim(t, l, "pi-2", "0102")
	early := decision
	early.PortID, early.DueAt = "pi-2", noon
	require.NoError(t, l.Await(t.Context(), early))
	require.Equal(t, []ledger.Awaited{early, foc}, due(foc.DueAt), "the earliest first")

	require.NoError(t, l.AwaitNothing(t.Context(), "pi-2"))
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeExpired, noon))
	require.Empty(t, due(foc.DueAt), "a port that has ended waits for nothing")
	require.NoError(t, l.Await(t.Context(), foc))
	require.Empty(t, due(foc.DueAt))
}
