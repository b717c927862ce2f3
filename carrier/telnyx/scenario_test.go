package telnyx_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
)

// Every scenario of the simulator plays here too. Where each comes to without a further request of ours is told below; what
// needs several requests the conformance suite plays.
func TestEveryScenario(t *testing.T) {
	t.Parallel()
	ends := map[string]carrier.State{
		"carrier-rejects-then-fix": carrier.StateRejected,
		"carrier-silent":           carrier.StatePending,
		"cancel-locked":            carrier.StateActive, // Telnyx moves at the end of its window what nobody triggers
		"refuses-cancel":           carrier.StateActive,
	}
	for name := range simulator.Builtin() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fast()
			f := start(t, telnyxtest.Options{Clock: c})
			require.NoError(t, f.Choose(name, name))
			lsr := order(f, c, name)
			if lost := insist(t, func() error { return submitShortly(t, f, lsr) }); name != gatewaytest.AnswersLost {
				require.Zero(t, lost)
			}
			want, told := ends[name]
			if !told {
				want = carrier.StateConfirmed
			}
			s := comes(t, f.Client(), lsr.Ref, want)
			require.Equal(t, lsr.Ref, s.Ref)
			require.Equal(t, want == carrier.StateConfirmed || want == carrier.StateActive, !s.FOC.IsZero())
			require.Equal(t, []string{gatewaytest.Submitted}, f.Effects(name))
		})
	}
}

// submitShortly submits with a client that waits half a second for an answer.
func submitShortly(t *testing.T, f *telnyxtest.Fake, lsr carrier.LSR) error {
	t.Helper()
	client := f.Client()
	client.HTTP = impatient()
	_, err := client.Submit(t.Context(), lsr)
	return err
}

func TestFOCSlips(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c})
	require.NoError(t, f.Choose("slips", "foc-slips"))
	lsr := order(f, c, "slips")
	_, err := f.Client().Submit(t.Context(), lsr)
	require.NoError(t, err)
	given := comes(t, f.Client(), lsr.Ref, carrier.StateConfirmed)
	require.Eventually(t, func() bool {
		now, err := f.Client().Status(t.Context(), lsr.Ref)
		return err == nil && now.FOC.After(given.FOC) && now.Version > given.Version
	}, patience, glance, "the date never slipped")
}

// Inside the lock Telnyx takes no cancel: its people are asked, once, and the order stays.
func TestCancelInsideTheLock(t *testing.T) {
	t.Parallel()
	c := clock(36_000)
	f := start(t, telnyxtest.Options{Clock: c})
	require.NoError(t, f.Choose("locked", "cancel-locked"))
	lsr, client := order(f, c, "locked"), f.Client()
	lsr.DDD = lsr.DDD.AddDate(0, 0, -1)
	_, err := client.Submit(t.Context(), lsr)
	require.NoError(t, err)
	comes(t, client, lsr.Ref, carrier.StateConfirmed)
	for range 2 {
		_, err = client.Cancel(t.Context(), lsr.Ref, porting.AuthorizationRevoked)
		refused(t, err, porting.Refused, "carrier-cancel-locked")
	}
	said, err := client.Comments(t.Context(), lsr.Ref)
	require.NoError(t, err)
	require.Len(t, said, 1)
	require.Equal(t, "Please stop this order: AUTHORIZATION_REVOKED. Our reference: locked/1.", said[0].Body)
	require.Equal(t, carrier.StateConfirmed, comes(t, client, lsr.Ref, carrier.StateConfirmed).State)
}

// Of a split order the part that is confirmed waits for the one that is rejected, and only that one is sent again.
func TestSplitOrderWithOneRejection(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c, SplitBy: porting.Number.E164})
	client, lsr := f.Client(), order(f, c, "half")
	lsr.DDD = lsr.DDD.AddDate(0, 1, 0)
	require.NoError(t, f.ChoosePart("half", second, gatewaytest.RejectsThenFix))
	_, err := client.Submit(t.Context(), lsr)
	require.NoError(t, err)

	rejected := comes(t, client, lsr.Ref, carrier.StateRejected)
	require.Contains(t, rejected.Raw, "exception")
	require.Equal(t, porting.AccountNumberMismatch, rejected.Reasons[0].Reason)
	require.True(t, rejected.FOC.IsZero())

	lsr.Ref.Version = 2
	_, err = client.Submit(t.Context(), lsr)
	require.NoError(t, err)
	confirmed := comes(t, client, lsr.Ref, carrier.StateConfirmed)
	require.Equal(t, lsr.Ref, confirmed.Ref)
	require.ElementsMatch(t, []string{gatewaytest.Submitted, gatewaytest.Submitted, gatewaytest.Supplemented}, f.Effects("half"))

	_, err = client.Cancel(t.Context(), lsr.Ref, porting.AuthorizationRevoked)
	require.NoError(t, err)
	comes(t, client, lsr.Ref, carrier.StateCancelled)
	require.Equal(t, 2, count(f.Effects("half"), gatewaytest.CancelAsked))
}

// Telnyx moves by itself what is no FastPort order: there is nothing to ask.
func TestScheduledOrdersAreNotActivated(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c, Scheduled: func(porting.Number) bool { return true }})
	require.NoError(t, f.Choose("scheduled", "refuses-cancel"))
	lsr := order(f, c, "scheduled")
	_, err := f.Client().Submit(t.Context(), lsr)
	require.NoError(t, err)
	comes(t, f.Client(), lsr.Ref, carrier.StateConfirmed)
	_, err = f.Client().Activate(t.Context(), lsr.Ref)
	require.NoError(t, err)
	comes(t, f.Client(), lsr.Ref, carrier.StateActive)
	require.Equal(t, []string{gatewaytest.Submitted}, f.Effects("scheduled"))
}

// Orders of others in the same account are not ours, and are found by nobody.
func TestForeignOrders(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c})
	client := f.Client()
	require.NoError(t, f.Choose("mine", gatewaytest.Silent))
	s, err := client.Submit(t.Context(), order(f, c, "mine"))
	require.NoError(t, err)
	require.NoError(t, f.Draft("", first))
	open, err := client.Orders(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, []carrier.Ref{{Port: "mine", Version: 1}}, open)

	found, err := client.Find(t.Context(), s.Extra["order_ids"])
	require.NoError(t, err)
	require.Equal(t, carrier.Ref{Port: "mine", Version: 1}, found)
}
