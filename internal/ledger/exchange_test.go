package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
)

func testExchanges(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	first := ledger.Exchange{
		PortID: "pi-1", Step: "SubmitPort", Carrier: "telnyx", At: noon, Took: 120 * time.Millisecond, Method: "POST",
		Path: "/porting_orders", Status: 201, Request: []byte(`{"status":"draft"}`), Answer: []byte(`{"id":"7"}`),
	}
	second := ledger.Exchange{PortID: "pi-1", Step: "ReadCarrier", Carrier: "telnyx", At: noon.Add(time.Minute), Method: "GET", Path: "/porting_orders", Failure: "timeout"}
	other := first
	other.PortID = "pi-2"
	for _, e := range []ledger.Exchange{second, first, other} {
		require.NoError(t, l.RecordExchange(t.Context(), e))
	}

	of, err := l.Exchanges(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Equal(t, []ledger.Exchange{first, second}, of)

	forgotten, err := l.ForgetExchanges(t.Context(), noon.Add(time.Minute))
	require.NoError(t, err)
	require.EqualValues(t, 2, forgotten)
	of, err = l.Exchanges(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Equal(t, []ledger.Exchange{second}, of)
}

// testGatheredExchanges has the exchanges of a step written down with what the step appends to the log, or at its end.
func testGatheredExchanges(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ctx := ledger.GatherExchanges(t.Context())
	said := func(nth int) ledger.Exchange {
		return ledger.Exchange{PortID: "pi-1", Carrier: "telnyx", At: noon.Add(time.Duration(nth) * time.Minute), Method: "GET", Path: "/porting_orders", Status: 200}
	}
	written := func() []ledger.Exchange {
		t.Helper()
		all, err := l.Exchanges(t.Context(), "pi-1")
		require.NoError(t, err)
		return all
	}
	require.NoError(t, l.RecordExchange(ctx, said(1)))
	require.NoError(t, l.RecordExchange(ctx, said(2)))
	require.Empty(t, written(), "they wait")
	require.Error(t, l.Append(ctx, audit.Leaf{Kind: audit.Done, Port: "pi-1"}), "a leaf without a time")
	require.Empty(t, written(), "all or none")

	require.NoError(t, l.Append(ctx, audit.Leaf{At: noon, Kind: audit.Done, Port: "pi-1", Ref: "submit/1"}))
	require.Equal(t, []ledger.Exchange{said(1), said(2)}, written())
	require.NoError(t, l.RecordExchange(ctx, said(3)))
	require.NoError(t, l.Append(t.Context(), audit.Leaf{At: noon, Kind: audit.Done, Port: "pi-1", Ref: "submit/2"}))
	require.Len(t, written(), 2, "another step takes none of them along")
	for range 2 {
		require.NoError(t, l.RecordGathered(ctx))
		require.Equal(t, []ledger.Exchange{said(1), said(2), said(3)}, written(), "once")
	}
	var told []audit.Kind
	for leaf, err := range l.LeavesBetween(t.Context(), noon, noon.Add(time.Hour), audit.Exchange, audit.Done) {
		require.NoError(t, err)
		told = append(told, leaf.Kind)
	}
	require.Equal(t, []audit.Kind{audit.Exchange, audit.Exchange, audit.Done, audit.Done, audit.Exchange}, told)
}
