package twilio_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/porting"
)

// play sends an order that the fake treats by one of the simulator's scenarios.
func play(t *testing.T, scenario string) (*twilio.Client, *twiliotest.Server, carrier.LSR) {
	t.Helper()
	return playAt(t, scenario, fast())
}

func playAt(t *testing.T, scenario string, clock porting.Clock) (*twilio.Client, *twiliotest.Server, carrier.LSR) {
	t.Helper()
	s := start(t, twiliotest.Options{Clock: clock})
	s.Choose("played", scenario)
	c, lsr := connect(t, s.Settings(twiliotest.NewBook())), order("played")
	_, err := c.Submit(t.Context(), lsr)
	require.NoError(t, err)
	return c, s, lsr
}

// Every scenario of the simulator plays here too. Where each comes to without a further request of ours is told below; what needs
// several requests the conformance suite plays.
func TestEveryScenario(t *testing.T) {
	t.Parallel()
	ends := map[string]carrier.State{gatewaytest.RejectsThenFix: carrier.StateRejected, gatewaytest.Silent: carrier.StatePending}
	for name := range simulator.Builtin() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, twiliotest.Options{Clock: fast()})
			s.Choose("played", name)
			c, lsr := connect(t, s.Settings(twiliotest.NewBook())), order("played")
			require.Eventually(t, func() bool {
				shortly, cancel := context.WithTimeout(t.Context(), time.Second/2) // one carrier lets requests hang
				defer cancel()
				_, err := c.Submit(shortly, lsr)
				return err == nil
			}, patience, glance)
			want, told := ends[name]
			if !told {
				want = carrier.StateActive // Twilio moves the numbers by itself
			}
			st := await(t, c, lsr.Ref, want)
			require.Equal(t, want == carrier.StateActive, !st.FOC.IsZero())
			require.Equal(t, []string{gatewaytest.Submitted}, s.Effects("played"))
		})
	}
}

func TestTheDateSlips(t *testing.T) {
	t.Parallel()
	slow := fast()
	slow.Scale /= 10 // the first date must be seen before it slips, six hours later
	c, _, lsr := playAt(t, "foc-slips", slow)
	first := await(t, c, lsr.Ref, carrier.StateConfirmed)
	require.Eventually(t, func() bool {
		st, err := c.Status(t.Context(), lsr.Ref)
		require.NoError(t, err)
		return st.FOC.After(first.FOC) && st.Version > first.Version
	}, patience, glance)
}

func TestNumbersThatMoveAllTheSameAreActive(t *testing.T) {
	t.Parallel()
	for scenario, between := range map[string]carrier.State{
		"ports-although-cancelled": carrier.StateCancelPending, "ports-after-cancelled": carrier.StateCancelled,
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			c, s, lsr := play(t, scenario)
			await(t, c, lsr.Ref, carrier.StateConfirmed)
			_, err := c.Cancel(t.Context(), lsr.Ref, porting.AuthorizationRevoked)
			require.NoError(t, err)
			await(t, c, lsr.Ref, between)
			moved := await(t, c, lsr.Ref, carrier.StateActive)
			require.Equal(t, carrier.StateActive, moved.Numbers[1].State)
			require.Equal(t, []string{gatewaytest.Submitted, gatewaytest.CancelAsked}, s.Effects("played"))
		})
	}
}

func TestTooLateToCancel(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	s.Choose("locked", "cancel-locked")
	settings := s.Settings(twiliotest.NewBook())
	c, lsr := connect(t, settings), order("locked")
	_, err := c.Submit(t.Context(), lsr)
	require.NoError(t, err)
	foc := await(t, c, lsr.Ref, carrier.StateConfirmed).FOC
	require.Eventually(t, func() bool { return settings.Clock.Business(time.Now()).After(foc.Add(-48 * time.Hour)) }, patience, glance)
	_, err = c.Cancel(t.Context(), lsr.Ref, porting.AuthorizationRevoked)
	require.Equal(t, "carrier-cancel-locked", porting.CodeOf(err))
	await(t, c, lsr.Ref, carrier.StateActive)
	require.Equal(t, []string{gatewaytest.Submitted}, s.Effects("locked"))
}

// News that come three times and in the wrong order all verify, and the order read back is right each time.
func TestNewsOutOfOrder(t *testing.T) {
	t.Parallel()
	url, hints := door(t)
	s := start(t, twiliotest.Options{Clock: fast(), WebhookURL: url})
	s.Choose("played", "bad-webhooks")
	c, lsr := connect(t, s.Settings(twiliotest.NewBook())), order("played")
	_, err := c.Submit(t.Context(), lsr)
	require.NoError(t, err)
	seen := map[string]int{}
	var last carrier.Status
	for seen["PortInCompleted"] < 3 || seen["PortInPhoneNumberPending"] < 3 {
		hint := <-hints
		require.Regexp(t, "^PortIn", hint.Raw)
		seen[hint.Raw]++
		st, err := c.Status(t.Context(), lsr.Ref)
		require.NoError(t, err)
		require.GreaterOrEqual(t, st.Version, last.Version)
		last = st
	}
	await(t, c, lsr.Ref, carrier.StateActive)
}
