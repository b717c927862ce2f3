package twilio_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/porting"
)

// nowhere is an address at which nobody listens.
const nowhere = "http://127.0.0.1:1"

// fast runs an hour in ten milliseconds, from a Monday morning on.
func fast() porting.Clock {
	return porting.Clock{Scale: 360_000, RealStart: time.Now(), BusinessStart: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
}

// start runs the fake; every exchange with it is held to the published description, where that is at hand.
func start(t *testing.T, o twiliotest.Options) *twiliotest.Server {
	t.Helper()
	o.Wrap = published().hold(t)
	s, err := twiliotest.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func connect(t *testing.T, s twilio.Settings) *twilio.Client {
	t.Helper()
	c, err := twilio.New(s)
	require.NoError(t, err)
	return c
}

func TestConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Subject {
		const denied = porting.Number("+12125550199")
		s := start(t, twiliotest.Options{Clock: fast(), NotPortable: []porting.Number{denied}})
		settings := s.Settings(twiliotest.NewBook())
		down := settings
		down.URL = nowhere
		return gatewaytest.Subject{
			Gateway:     connect(t, settings),
			Clock:       settings.Clock,
			Choose:      func(_ *testing.T, port, scenario string) { s.Choose(port, scenario) },
			Effects:     func(_ *testing.T, port string) []string { return s.Effects(port) },
			NotPortable: denied,
			Down:        connect(t, down),
		}
	})
}
