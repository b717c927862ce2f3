package activities_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// monday is a Monday morning in New York, on which orders arrive.
var monday = time.Date(2026, time.January, 12, 15, 0, 0, 0, time.UTC)

const (
	portID  = "pi-test"
	number  = porting.Number("+12125550123")
	another = porting.Number("+12125550124")
)

var book = sync.OnceValues(rules.Embedded)

// world is the activities with a real ledger, a real vault and real rules. The carrier is each test's own.
type world struct {
	t *testing.T
	*activities.Activities
}

func newWorld(t *testing.T, gateway carrier.Gateway) *world {
	t.Helper()
	packs, err := book()
	require.NoError(t, err)
	dir := t.TempDir()
	keys, err := vault.Create(filepath.Join(dir, "key"))
	require.NoError(t, err)
	books, err := ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	return &world{t, &activities.Activities{
		Rules: packs, Ledger: books, Vault: keys, Prefer: []string{"simulator"},
		Carriers: map[string]carrier.Gateway{"simulator": gateway},
	}}
}

// prompt is a carrier that does at once what it is asked; an order without a due date may be activated from its FOC on,
// which is the instant of its confirmation.
const prompt = `
about: The carrier does at once what it is asked.
steps:
  - {on: submitted, then: confirmed, foc: 0s}
  - {on: supplemented, then: confirmed, foc: 0s}
  - {on: activation-asked, then: activated}
  - {on: cancel-asked, then: cancelled}
  - {on: reversal-asked, then: reversed}
`

// simulated starts a carrier on loopback that treats every order by a scenario.
func simulated(t *testing.T, scenario string) (*simulator.Server, *simulator.Client) {
	t.Helper()
	s, err := simulator.ParseScenario("test", []byte(scenario))
	require.NoError(t, err)
	server, err := simulator.Start(t.Context(), simulator.Options{ScenarioFor: func(string) string { return s.Name }, NotPortable: []porting.Number{"+12125550199"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	server.Learn(s)
	return server, &simulator.Client{URL: server.URL()}
}

func effects(s *simulator.Server) []string {
	names := []string{}
	for _, e := range s.Effects() {
		names = append(names, e.Effect)
	}
	return names
}

// order is a simple US port of one line.
func order() porting.Order {
	return porting.Order{
		Reference: "order-1", Version: 1, Kind: porting.KindWireline, Country: "US", Numbers: []porting.Number{number},
		Donor: porting.Party{Name: "Hudson Telephone", SPID: "1234"}, Recipient: porting.Party{Name: "Acme Voice", SPID: "567A"},
		Subscriber:    porting.Subscriber{Name: "Jordan Example", Address: porting.Address{Street: "1 Example Plaza", City: "New York", Region: "NY", PostalCode: "10001"}},
		Account:       porting.Account{Number: "4412-77", BTN: number},
		Authorization: porting.Authorization{Kind: "loa", SignedAt: monday.Add(-24 * time.Hour), SignedBy: "Jordan Example"},
	}
}

// mobile is a US wireless order whose transfer PIN is in the vault.
func (w *world) mobile(pin porting.Secret, issued time.Time) porting.Order {
	o := order()
	o.Kind = porting.KindWireless
	o.Authorization = porting.Authorization{Kind: "transfer-pin", CodeRef: w.keep(pin), IssuedAt: issued}
	return o
}

// keep seals a code for the port.
func (w *world) keep(code porting.Secret) string {
	w.t.Helper()
	ref, err := w.Ledger.PutSecret(w.t.Context(), portID, w.Vault.Seal(portID, code), monday, monday.AddDate(0, 2, 0))
	require.NoError(w.t, err)
	return ref
}

func (w *world) receive(id string, o porting.Order) porting.Receipt {
	w.t.Helper()
	receipt, err := w.ReceiveOrder(w.t.Context(), porting.ReceiveInput{Port: id, Order: o, At: monday})
	require.NoError(w.t, err)
	return receipt
}

// taken is an order that was received under the port's ID.
func (w *world) taken(o porting.Order) porting.Receipt {
	w.t.Helper()
	receipt := w.receive(portID, o)
	require.Nil(w.t, receipt.Refused)
	return receipt
}

func (w *world) fence() ledger.Fence {
	w.t.Helper()
	fence, err := w.Ledger.Fence(w.t.Context(), portID)
	require.NoError(w.t, err)
	return fence
}

// revoke closes the fence, and says whether that came too late.
func (w *world) revoke() (tooLate bool) {
	w.t.Helper()
	closed, err := w.CloseFence(w.t.Context(), porting.FenceInput{Port: portID, By: "jordan", Reason: porting.AuthorizationRevoked, At: monday})
	require.NoError(w.t, err)
	return closed.TooLate
}

// requireNever checks that a step failed in a way that no retry mends.
func requireNever(t *testing.T, code string, err error) {
	t.Helper()
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.NonRetryable())
	require.Equal(t, code, failed.Type())
}

// requireRetried checks that a step failed in a way that another try may mend.
func requireRetried(t *testing.T, code string, err error) {
	t.Helper()
	require.Equal(t, code, porting.CodeOf(err), err)
	var failed *temporal.ApplicationError
	require.NotErrorAs(t, err, &failed)
}
