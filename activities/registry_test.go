package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// registry says who serves a number.
type registry map[porting.Number]string

func (r registry) Serving(_ context.Context, n porting.Number) (carrier.Serving, error) {
	who, known := r[n]
	if !known {
		return carrier.Serving{}, &porting.Error{Kind: porting.NotFound, Code: "registry-number-unknown", Op: "ask registry", Detail: "nothing on it"}
	}
	if who == "down" {
		return carrier.Serving{}, &porting.Error{Kind: porting.Failed, Code: "registry-unavailable", Op: "ask registry", Detail: "no answer"}
	}
	return carrier.Serving{Carrier: who}, nil
}

// A port is not over as long as the registry leads calls elsewhere; it is looked at again, and never reversed for it.
func TestVerifyAsksTheRegistry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		says registry
		code string
	}{
		"the numbers are here":   {says: registry{number: "567A"}},
		"they are elsewhere":     {says: registry{number: "1234"}, code: "registry-disagrees"},
		"it has nothing on them": {says: registry{}, code: "registry-disagrees"},
		"it does not answer":     {says: registry{number: "down"}, code: "registry-unavailable"},
		"nobody is asked":        {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t, status: func() (carrier.Status, error) { return carrier.Status{State: carrier.StateActive}, nil }})
			w.taken(order())
			if c.says != nil {
				w.Registry = &activities.Registry{Home: carrier.Home{Carriers: []string{"567A"}}, ENUM: c.says}
			}
			seen, err := w.VerifyPort(t.Context(), porting.VerifyInput{
				Ref: porting.Ref{Port: portID, Version: 1}, Carrier: "simulator", Order: order(), Outcome: porting.OutcomeCompleted, At: monday,
			})
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Equal(t, c.code == "", seen.Closed)
			wait, asked := carrier.RetryAfter(err)
			require.Equal(t, c.code == "registry-disagrees", asked)
			require.Equal(t, asked, wait >= time.Minute)
		})
	}
}
