package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// mailbox takes what is sent, or is down.
type mailbox struct {
	mu   sync.Mutex
	mail []notify.Message
}

func (m *mailbox) Send(_ context.Context, message notify.Message) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mail = append(m.mail, message)
	return "accepted", nil
}

// withNotices lets a world tell people by mail.
func (w *world) withNotices() *world {
	w.t.Helper()
	templates, err := notify.EmbeddedTemplates()
	require.NoError(w.t, err)
	w.Notices = notify.New(notify.Options{
		Outbox: w.Ledger, Vault: w.Vault, Templates: templates, Senders: map[notify.Channel]notify.Sender{notify.Email: &mailbox{}},
	})
	return w
}

// told lists the kinds of notices on record, each with its recipient.
func (w *world) told() []string {
	w.t.Helper()
	all, err := w.Ledger.Notices(w.t.Context(), portID)
	require.NoError(w.t, err)
	var kinds []string
	for _, n := range all {
		kinds = append(kinds, n.Kind+" "+n.Recipient+" "+string(n.State))
	}
	return kinds
}

func reachable() porting.Order {
	o := order()
	o.Subscriber.Contact = porting.Contact{Email: "jordan@example.com"}
	return o
}

func TestPeopleAreToldOfEveryStep(t *testing.T) {
	t.Parallel()
	s := obliging()
	s.t = t
	w := newWorld(t, s).withNotices()
	receipt := w.taken(reachable())
	w.taken(reachable()) // a step that is tried again tells nobody twice
	require.Equal(t, []string{"received subscriber pending"}, w.told())

	w.submit(porting.SubmitInput{Ref: ref(1), Carrier: receipt.Carrier, Pack: receipt.Pack, Order: reachable(), At: monday})
	_, err := w.ReadCarrier(t.Context(), porting.CarrierInput{Ref: ref(1), Carrier: receipt.Carrier, At: monday})
	require.NoError(t, err)
	require.Len(t, w.told(), 2, "the date once")

	s.status = func() (carrier.Status, error) {
		return carrier.Status{Ref: ref(1), State: carrier.StateConfirmed, FOC: reached.Add(time.Minute)}, nil
	}
	_, err = w.ReadCarrier(t.Context(), porting.CarrierInput{Ref: ref(1), Carrier: receipt.Carrier, At: monday})
	require.NoError(t, err)
	require.Equal(t, porting.CarrierActive, w.activate(activation()).Status.State)
	_, err = w.ClosePort(t.Context(), porting.CloseInput{Port: portID, Outcome: porting.OutcomeCompleted, At: monday})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"received subscriber pending", "foc subscriber pending", "changed subscriber pending", "before-effectuation subscriber pending", "completed subscriber pending",
		"number-arrived subscriber pending",
	}, w.told())
	_, err = w.ClosePort(t.Context(), porting.CloseInput{Port: portID, Outcome: porting.OutcomeCompleted, At: monday})
	require.NoError(t, err)
	require.Len(t, w.told(), 6, "and nobody is told twice how it ended")
}

// Nothing moves before it is on record that its people are told.
func TestActivationWaitsForTheRecord(t *testing.T) {
	t.Parallel()
	s := &scripted{activate: says(porting.CarrierActive)}
	w := gated(t, s)
	w.withNotices()
	require.NoError(t, w.Ledger.KeepTold(t.Context(), portID, []byte("not sealed by this vault"), ""))
	_, err := w.ActivatePort(t.Context(), activation())
	require.Error(t, err)
	require.Empty(t, s.asked())
	require.Equal(t, ledger.FenceOpen, w.fence().State)
}

// A thief changes the contact first, so the one of before is told as well. Who leaves a shared account is told to nobody
// who shares it, and that is on record.
func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t}).withNotices()
	o := reachable()
	o.Subscriber.PreviousContact = &porting.Contact{Email: "before@example.com"}
	w.taken(o)
	require.ElementsMatch(t, []string{"received subscriber pending", "received previous-contact pending"}, w.told())

	quiet := newWorld(t, &scripted{t: t}).withNotices()
	o.LineSeparation = "dana@safety"
	quiet.taken(o)
	require.ElementsMatch(t, []string{"received subscriber pending", "received previous-contact suppressed"}, quiet.told())
}

func TestBlockedAttemptIsTold(t *testing.T) {
	t.Parallel()
	server, client := simulated(t, prompt)
	_ = server
	w := newWorld(t, client).withNotices()
	o := reachable()
	o.Numbers = []porting.Number{"+12125550199"}
	receipt := w.taken(o)
	found, err := w.ScreenOrder(t.Context(), porting.ScreenInput{Port: portID, Order: o, Pack: receipt.Pack, Carrier: receipt.Carrier, At: monday})
	require.NoError(t, err)
	require.NotNil(t, found.Blocked)
	require.Contains(t, w.told(), "blocked-attempt subscriber pending")
}
