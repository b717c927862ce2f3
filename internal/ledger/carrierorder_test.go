package ledger_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func testCarrierOrders(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	intend := func(version int, at time.Time) bool {
		may, err := l.IntendOrder(t.Context(), "twilio", "pi-1", version, at, at.Add(-10*time.Minute))
		require.NoError(t, err)
		return may
	}
	require.True(t, intend(1, noon))
	require.False(t, intend(1, noon.Add(9*time.Minute)), "it may still be on its way")
	require.True(t, intend(1, noon.Add(10*time.Minute)))

	require.NoError(t, l.NameOrder(t.Context(), "twilio", "pi-1", 1, "KW1"))
	require.NoError(t, l.NameOrder(t.Context(), "twilio", "pi-1", 1, "KW1"))
	requireCode(t, l.NameOrder(t.Context(), "twilio", "pi-1", 1, "KW2"), porting.Refused, "carrier-order-doubled")
	require.False(t, intend(1, noon.Add(time.Hour)), "one with a name is never sent again")
	require.NoError(t, l.ForgetOrder(t.Context(), "twilio", "pi-1", 1))

	require.True(t, intend(2, noon))
	require.NoError(t, l.ForgetOrder(t.Context(), "twilio", "pi-1", 2))
	require.NoError(t, l.NameOrder(t.Context(), "twilio", "pi-1", 3, "KW3"))
	orders, err := l.CarrierOrders(t.Context(), "twilio", "pi-1")
	require.NoError(t, err)
	require.Equal(t, []ledger.CarrierOrder{
		{PortID: "pi-1", Version: 3, OrderID: "KW3"},
		{PortID: "pi-1", Version: 1, OrderID: "KW1", SentAt: noon.Add(10 * time.Minute)},
	}, orders)

	named, found, err := l.OrderNamed(t.Context(), "twilio", "KW3")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, ledger.CarrierOrder{PortID: "pi-1", Version: 3, OrderID: "KW3"}, named)
	_, found, err = l.OrderNamed(t.Context(), "other", "KW3")
	require.NoError(t, err)
	require.False(t, found, "carriers' names are their own")
}

// However many submit an order at once, one may send it.
func testRaceIntendOrder(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	var may atomic.Int64
	var runners []func()
	for i := range 8 {
		runners = append(runners, func() {
			won, err := handles[i%2].IntendOrder(t.Context(), "twilio", "pi-1", 1, noon, noon.Add(-time.Minute))
			if err == nil && won {
				may.Add(1)
			}
		})
	}
	race(runners...)
	require.EqualValues(t, 1, may.Load())
}

func testDocuments(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	letter := ledger.Document{SHA256: "aa", Kind: "loa", Sealed: []byte("sealed"), AddedAt: noon}
	require.NoError(t, l.PutDocument(t.Context(), letter))
	again := letter
	again.Kind, again.AddedAt = "other", noon.Add(time.Hour)
	require.NoError(t, l.PutDocument(t.Context(), again))
	kept, err := l.Document(t.Context(), "aa")
	require.NoError(t, err)
	require.Equal(t, letter, kept)
	_, err = l.Document(t.Context(), "bb")
	requireCode(t, err, porting.NotFound, "document-unknown")

	name, err := l.DocumentName(t.Context(), "twilio", "aa")
	require.NoError(t, err)
	require.Empty(t, name)
	require.NoError(t, l.NameDocument(t.Context(), "twilio", "aa", "RD1"))
	require.NoError(t, l.NameDocument(t.Context(), "twilio", "aa", "RD2"))
	name, err = l.DocumentName(t.Context(), "twilio", "aa")
	require.NoError(t, err)
	require.Equal(t, "RD2", name)

	forgotten, err := l.ForgetDocuments(t.Context(), noon.Add(time.Second))
	require.NoError(t, err)
	require.EqualValues(t, 1, forgotten)
}
