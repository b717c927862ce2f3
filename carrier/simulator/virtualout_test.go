package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// In virtual time counterparties ask as they do over HTTP.
func TestVirtualPortOutConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.RunPortOuts(t, func(t *testing.T) gatewaytest.PortOutSubject {
		clock := brisk()
		v := simulator.NewVirtual(simulator.World{
			Now:   func() time.Time { return clock.Business(time.Now()) },
			After: func(wait time.Duration, then func()) { time.AfterFunc(clock.RealDuration(wait), then) },
			Tell:  func(simulator.Webhook) {},
		})
		return gatewaytest.PortOutSubject{
			Gateway: v, Clock: clock, Down: &simulator.Client{URL: nowhere},
			Send: func(t *testing.T, id, scenario string) { require.NoError(t, v.SendPortOut(asked(id, scenario))) },
			Effects: func(_ *testing.T, id string) (names []string) {
				for _, e := range v.Effects() {
					if e.Ref.Port == id {
						names = append(names, e.Effect)
					}
				}
				return names
			},
		}
	})
}

func TestTheVirtualSwitch(t *testing.T) {
	t.Parallel()
	v := (&slowWorld{now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)}).open()
	line, err := v.Line(t.Context(), "+12125550123")
	require.NoError(t, err)
	require.True(t, line.Active, "an ordinary line")
	v.SetLine("+12125550123", carrier.Line{Active: true, Account: "4412-77"})
	line, err = v.Line(t.Context(), "+12125550123")
	require.NoError(t, err)
	require.Equal(t, "4412-77", line.Account)
	require.NoError(t, v.Release(t.Context(), "po-1", []porting.Number{"+12125550123"}))
	v.Foreign("+12125550123")
	_, err = v.Line(t.Context(), "+12125550123")
	require.Equal(t, "line-unknown", porting.CodeOf(err))
}
