package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
