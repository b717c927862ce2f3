package carrier_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// asking is a gateway whose carrier offers a lookup.
type asking struct{ able }

func (asking) Serving(context.Context, porting.Number) (carrier.Serving, error) {
	return carrier.Serving{Carrier: "5678"}, nil
}

func TestRegistryOf(t *testing.T) {
	t.Parallel()
	_, offers := carrier.RegistryOf(able{})
	require.False(t, offers)
	r, offers := carrier.RegistryOf(asking{})
	require.True(t, offers)
	s, err := r.Serving(t.Context(), "+12125550123")
	require.NoError(t, err)
	require.Equal(t, "5678", s.Carrier)
}

func TestHome(t *testing.T) {
	t.Parallel()
	home := carrier.Home{RoutingNumbers: []string{"+12125550100"}, Carriers: []string{"5678"}}
	for name, c := range map[string]struct {
		home carrier.Home
		s    carrier.Serving
		want bool
	}{
		"our switch":                      {home, carrier.Serving{RoutingNumber: "+12125550100"}, true},
		"our name at another's switch":    {home, carrier.Serving{RoutingNumber: "+13125550100", Carrier: "5678"}, false},
		"our name, no switch":             {home, carrier.Serving{Carrier: "5678"}, true},
		"another's name":                  {home, carrier.Serving{Carrier: "1234"}, false},
		"our name, switches not known":    {carrier.Home{Carriers: []string{"5678"}}, carrier.Serving{RoutingNumber: "+1", Carrier: "5678"}, true},
		"nothing told":                    {home, carrier.Serving{}, false},
		"nothing told and nothing to ask": {carrier.Home{}, carrier.Serving{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.home.Serves(c.s))
		})
	}
}

// listing is a registry of a few numbers; one that is "" cannot be asked about.
type listing map[porting.Number]string

func (l listing) Serving(_ context.Context, n porting.Number) (carrier.Serving, error) {
	switch name, listed := l[n]; {
	case !listed:
		return carrier.Serving{}, &porting.Error{Kind: porting.NotFound, Code: "registry-number-unknown"}
	case name == "":
		return carrier.Serving{}, &porting.Error{Kind: porting.Failed, Code: "registry-unavailable"}
	default:
		return carrier.Serving{Carrier: name}, nil
	}
}

func TestElsewhere(t *testing.T) {
	t.Parallel()
	const one, two, three = porting.Number("+12125550123"), porting.Number("+12125550124"), porting.Number("+12125550125")
	home := carrier.Home{Carriers: []string{"5678"}}
	away, err := home.Elsewhere(t.Context(), listing{one: "5678", two: "1234"}, []porting.Number{three, one, two})
	require.NoError(t, err)
	require.Equal(t, []porting.Number{three, two}, away)
	none, err := home.Elsewhere(t.Context(), listing{one: "5678"}, []porting.Number{one})
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = home.Elsewhere(t.Context(), listing{one: "5678", two: ""}, []porting.Number{one, two})
	require.Equal(t, "registry-unavailable", porting.CodeOf(err))
}
