package telnyx_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Subject {
		const denied = porting.Number("+12125550199")
		c := fast()
		f := start(t, telnyxtest.Options{Clock: c, NotPortable: []porting.Number{denied}})
		return gatewaytest.Subject{
			Gateway:     f.Client(),
			Clock:       c,
			Choose:      func(t *testing.T, port, scenario string) { require.NoError(t, f.Choose(port, scenario)) },
			Effects:     func(_ *testing.T, port string) []string { return f.Effects(port) },
			NotPortable: denied,
			Down:        &telnyx.Client{URL: nowhere, Key: telnyxtest.Key},
		}
	})
}

// The same orders, of which each goes as two.
func TestConformanceOfSplitOrders(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c, SplitBy: porting.Number.E164})
	client := f.Client()
	lsr := order(f, c, "split")
	require.NoError(t, f.Choose("split", gatewaytest.Happy))
	for range 2 {
		s, err := client.Submit(t.Context(), lsr)
		require.NoError(t, err)
		require.Equal(t, lsr.Ref, s.Ref)
		require.Len(t, s.Numbers, 2)
		require.Equal(t, "2", s.Extra["orders"])
	}
	confirmed := comes(t, client, lsr.Ref, carrier.StateConfirmed)
	require.False(t, confirmed.FOC.IsZero())
	reach(t, c, confirmed.FOC)
	for range 2 {
		_, err := client.Activate(t.Context(), lsr.Ref)
		require.NoError(t, err)
	}
	moved := comes(t, client, lsr.Ref, carrier.StateActive)
	require.Equal(t, []carrier.NumberState{{Number: first, State: carrier.StateActive}, {Number: second, State: carrier.StateActive}}, moved.Numbers)
	require.ElementsMatch(t, []string{"submitted", "submitted", "activation-asked", "activation-asked"}, f.Effects("split"))
}

// reach waits until a business time has come.
func reach(t *testing.T, c porting.Clock, business time.Time) {
	t.Helper()
	wait := time.NewTimer(time.Until(c.Real(business).Add(time.Millisecond)))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-t.Context().Done():
	}
}

func TestPortOutConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.RunPortOuts(t, func(t *testing.T) gatewaytest.PortOutSubject {
		c := clock(36_000) // slow enough to answer within a day of it
		f := start(t, telnyxtest.Options{Clock: c})
		return gatewaytest.PortOutSubject{
			Gateway: named{f.Client()}, Clock: c, Down: named{&telnyx.Client{URL: nowhere, Key: telnyxtest.Key}},
			Send: func(t *testing.T, id, scenario string) {
				require.NoError(t, f.SendPortOut(id, scenario, first, second))
			},
			Effects:        func(_ *testing.T, id string) []string { return f.Effects(telnyxtest.PortOutID(id)) },
			KeepsApprovals: true,
		}
	})
}

// named calls port-outs by the suite's names, where Telnyx has IDs of its own.
type named struct{ carrier.PortOuts }

func (n named) PortOutRequests(ctx context.Context, since time.Time) ([]porting.PortOutRequest, error) {
	all, err := n.PortOuts.PortOutRequests(ctx, since)
	for i := range all {
		for _, name := range []string{"first", "second"} {
			if all[i].ID == telnyxtest.PortOutID(name) {
				all[i].ID = name
			}
		}
	}
	return all, err
}

func (n named) AnswerPortOut(ctx context.Context, id string, a carrier.PortOutAnswer) (carrier.PortOutStatus, error) {
	return n.PortOuts.AnswerPortOut(ctx, telnyxtest.PortOutID(id), a)
}

func (n named) PortOutStatus(ctx context.Context, id string) (carrier.PortOutStatus, error) {
	return n.PortOuts.PortOutStatus(ctx, telnyxtest.PortOutID(id))
}
