package gatewaytest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// What a carrier tells beyond an order's own state: its numbers, its messaging, its open orders. Each is a capability.

func tellsWhichNumbersStay(t *testing.T, s Subject) {
	if !s.Gateway.Capabilities().PerNumber {
		t.Skip("the carrier does not tell of single numbers")
	}
	for scenario, confirmed := range map[string]carrier.State{Partial: carrier.StateConfirmed, PartialFOC: carrier.StateRejected} {
		p := newPort(t, s, scenario, scenario)
		p.ask("submit")
		p.await(carrier.StateConfirmed)
		require.Equal(t, confirmed, p.number(1).State, "the second number when the FOC is given")
		p.activate()
		require.Equal(t, carrier.NumberState{Number: numbers[0], State: carrier.StateActive}, p.number(0))
		require.NotEqual(t, carrier.StateActive, p.number(1).State)
	}
}

func tellsOfMessaging(t *testing.T, s Subject) {
	if !s.Gateway.Capabilities().Messaging {
		t.Skip("the carrier does not tell of messaging")
	}
	stuck := newPort(t, s, "stuck", MessagingStuck)
	stuck.ask("submit")
	stuck.activate()
	require.Equal(t, carrier.StatePending, stuck.last.Messaging, "the voice is active, the messaging is not")

	late := newPort(t, s, "late", MessagingLate)
	late.ask("submit")
	late.activate()
	late.until(func() bool { return late.ask("status").Messaging == carrier.StateActive }, "the messaging never followed")
	require.Equal(t, carrier.StateActive, late.last.State)
}

func listsOpenOrders(t *testing.T, s Subject) {
	l, lists := s.Gateway.(carrier.Lister)
	if !lists {
		t.Skip("the carrier does not list orders")
	}
	before := s.Clock.Business(time.Now())
	open, ended := newPort(t, s, "open", Silent), newPort(t, s, "ended", Silent)
	open.ask("submit")
	ended.ask("submit")
	ended.ask("cancel")
	ended.await(carrier.StateCancelled)
	for since, want := range map[time.Time][]carrier.Ref{
		{}: {open.lsr.Ref}, before: {open.lsr.Ref}, before.AddDate(10, 0, 0): {},
	} {
		refs, err := l.Orders(t.Context(), since)
		require.NoError(t, err)
		require.ElementsMatch(t, want, refs, "open orders since %v", since)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Orders(gone, time.Time{})
	open.refused(err, porting.Failed, "carrier-unavailable")
}
