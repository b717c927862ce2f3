package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// nowhere is an address at which nobody listens.
const nowhere = "http://127.0.0.1:1"

// fast runs an hour in ten milliseconds, from a Monday morning on.
func fast() porting.Clock {
	return porting.Clock{Scale: 360_000, RealStart: time.Now(), BusinessStart: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
}

func start(t *testing.T, o simulator.Options) *simulator.Server {
	t.Helper()
	s, err := simulator.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func effectsOf(s *simulator.Server, port string) []string {
	var names []string
	for _, e := range s.Effects() {
		if e.Ref.Port == port {
			names = append(names, e.Effect)
		}
	}
	return names
}

func TestConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Subject {
		const denied = porting.Number("+12125550199")
		clock := fast()
		s := start(t, simulator.Options{Clock: clock, NotPortable: []porting.Number{denied}})
		return gatewaytest.Subject{
			Gateway:     &simulator.Client{URL: s.URL()},
			Clock:       clock,
			Choose:      func(t *testing.T, port, scenario string) { require.NoError(t, s.Choose(port, scenario)) },
			Effects:     func(_ *testing.T, port string) []string { return effectsOf(s, port) },
			NotPortable: denied,
			Down:        &simulator.Client{URL: nowhere},
		}
	})
}
