package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
)

func testCarrierNews(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	waiting := func(limit int) []ledger.CarrierNews {
		all, err := l.WaitingNews(t.Context(), limit)
		require.NoError(t, err)
		return all
	}
	require.Empty(t, waiting(10))
	second := ledger.CarrierNews{Carrier: "telnyx", ID: "telnyx:2", PortOut: "out-1", Word: "portout.status_changed", At: noon.Add(time.Second)}
	first := ledger.CarrierNews{Carrier: "twilio", ID: "twilio:1", Port: "pi-1", Order: "KW1", Word: "completed", At: noon}
	require.NoError(t, l.KeepNews(t.Context(), second))
	require.NoError(t, l.KeepNews(t.Context(), first))
	again := first
	again.At = noon.Add(time.Hour)
	require.NoError(t, l.KeepNews(t.Context(), again))
	require.Equal(t, []ledger.CarrierNews{first, second}, waiting(10), "the oldest first, each once")
	require.Equal(t, []ledger.CarrierNews{first}, waiting(1))

	require.NoError(t, l.DropNews(t.Context(), "telnyx", "twilio:1"))
	require.Len(t, waiting(10), 2, "carriers' names are their own")
	require.NoError(t, l.DropNews(t.Context(), "twilio", "twilio:1"))
	require.NoError(t, l.DropNews(t.Context(), "twilio", "twilio:1"))
	require.Equal(t, []ledger.CarrierNews{second}, waiting(10))
}
