package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func TestReceiveOrderPinsTheRulesAndClaimsTheNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	receipt := w.taken(order())
	require.Equal(t, "us-wireline-simple", receipt.Jurisdiction)
	require.Contains(t, receipt.Pack, "us-wireline-simple@")
	require.NotEmpty(t, receipt.PackWhy)
	require.Equal(t, "simulator", receipt.Carrier)
	require.Equal(t, []string{w.Vault.SearchToken("default", number)}, receipt.Tokens)
	require.EqualValues(t, 1, receipt.Epoch)
	require.GreaterOrEqual(t, receipt.Approvals, 1)
	require.Equal(t, ledger.FenceOpen, w.fence().State)
	require.Equal(t, receipt, w.receive(portID, order()), "a repeated receipt is the same receipt")
}

func TestReceiveOrderBoundsTheSearchTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	o := order()
	o.Numbers = nil
	for last := range 60 {
		o.Numbers = append(o.Numbers, porting.Number("+121255501"+string(rune('0'+last/10))+string(rune('0'+last%10))))
	}
	require.Len(t, w.taken(o).Tokens, 50)
	stats, err := w.Ledger.Stats(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 60, stats.HeldNumbers)
}

func TestReceiveOrderRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		order  func(*porting.Order)
		clock  porting.Clock
		before func(*world)
		reason porting.Reason
		note   string
	}{
		"a scaled clock": {clock: porting.Clock{Scale: 1000, RealStart: monday, BusinessStart: monday}, reason: porting.ScaledClockRefused, note: "real time"},
		"what no pack takes": {
			order:  func(o *porting.Order) { o.Numbers = []porting.Number{"+12125550123", "+447700900123"} },
			reason: porting.OrderInvalid, note: "make an order for each country",
		},
		"an unknown carrier": {order: func(o *porting.Order) { o.Carrier = "elsewhere" }, reason: porting.OrderInvalid, note: "no carrier elsewhere is configured"},
		"a number that another port holds": {
			order:  func(o *porting.Order) { o.Numbers = []porting.Number{another, number} },
			before: func(w *world) { w.receive("pi-holder", order()) }, reason: porting.NumberInUse, note: "number +1…0123 is in open port pi-holder",
		},
		"a port that was revoked before it came": {
			before: func(w *world) { require.False(w.t, w.revoke()) },
			reason: porting.AuthorizationRevoked, note: "the authorization was revoked",
		},
		"a port that has ended": {
			before: func(w *world) { w.taken(order()); w.close(porting.OutcomeExpired) },
			reason: porting.OrderInvalid, note: "the port has ended",
		},
		"other numbers under the same name": {
			order:  func(o *porting.Order) { o.Numbers = []porting.Number{another} },
			before: func(w *world) { w.taken(order()) }, reason: porting.OrderInvalid, note: "the port already holds other numbers",
		},
		"an area code of no state, and no state": {
			order: func(o *porting.Order) {
				o.Numbers, o.Subscriber.Address.Region = []porting.Number{"+15005550123"}, ""
			},
			reason: porting.OrderInvalid, note: "write the state in which the number is",
		},
		"an area code of no state, and none that there is": {
			order: func(o *porting.Order) {
				o.Numbers, o.Subscriber.Address.Region = []porting.Number{"+15005550123"}, "Bavaria"
			},
			reason: porting.OrderInvalid, note: "has no region Bavaria",
		},
		"a document that nobody added": {
			order: func(o *porting.Order) {
				o.Documents = []porting.Document{{Kind: porting.DocumentInvoice, SHA256: "4e07"}}
			},
			reason: porting.OrderInvalid, note: "the ledger does not have the invoice 4e07; add it with portsaga document add",
		},
		"a number twice": {order: func(o *porting.Order) { o.Numbers = []porting.Number{number, number} }, reason: porting.OrderInvalid, note: "number +1…0123 is in the order twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t})
			if c.before != nil {
				c.before(w)
			}
			o := order()
			if c.order != nil {
				c.order(&o)
			}
			receipt, err := w.ReceiveOrder(t.Context(), porting.ReceiveInput{Port: portID, Order: o, Clock: c.clock, At: monday})
			require.NoError(t, err)
			require.NotNil(t, receipt.Refused)
			require.Equal(t, c.reason, receipt.Refused.Reason)
			require.Contains(t, receipt.Refused.Note, c.note)
			require.NotContains(t, receipt.Refused.Note, "5550123")
			require.Empty(t, receipt.Tokens, "a refused order holds nothing to search for")
		})
	}
}

func TestReceiveOrderTakesAnOrderWithItsDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	require.NoError(t, w.Ledger.PutDocument(t.Context(), ledger.Document{SHA256: "4e07", Kind: porting.DocumentInvoice, Sealed: []byte("sealed"), AddedAt: monday}))
	o := order()
	o.Documents = []porting.Document{{Kind: porting.DocumentInvoice, SHA256: "4e07"}}
	w.taken(o)
}

func TestReceiveOrderTakesAScaledClockInTheDemo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	w.AllowScaledClock = true
	receipt, err := w.ReceiveOrder(t.Context(), porting.ReceiveInput{
		Port: portID, Order: order(), At: monday,
		Clock: porting.Clock{Scale: 1000, RealStart: time.Now(), BusinessStart: monday},
	})
	require.NoError(t, err)
	require.Nil(t, receipt.Refused)
}

func TestReceiveOrderFailsWithItsLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	require.NoError(t, w.Ledger.Close())
	_, err := w.ReceiveOrder(t.Context(), porting.ReceiveInput{Port: portID, Order: order(), At: monday})
	requireRetried(t, "ledger-unavailable", err)
}
