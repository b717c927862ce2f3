package carrier_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// able is a gateway of which only the capabilities matter.
type able struct {
	carrier.Gateway
	can carrier.Capabilities
}

func (a able) Capabilities() carrier.Capabilities { return a.can }

func TestChoose(t *testing.T) {
	t.Parallel()
	desks := map[string]carrier.Gateway{
		"anything": able{},
		"big":      able{can: carrier.Capabilities{Countries: []string{"US", "CA"}}},
		"fixed":    able{can: carrier.Capabilities{Countries: []string{"US"}, Kinds: []string{porting.KindWireline}, MaxNumbers: 2}},
	}
	picky := map[string]carrier.Gateway{"big": desks["big"], "fixed": desks["fixed"]}
	const one, two, three = porting.Number("+12125550123"), porting.Number("+12125550124"), porting.Number("+12125550125")
	for _, c := range []struct {
		name     string
		gateways map[string]carrier.Gateway
		prefer   []string
		order    porting.Order
		want     string
		why      string
		code     string // of the refusal, with why as its detail
	}{
		{
			name: "the order names one that can", gateways: desks, prefer: []string{"anything"},
			order: porting.Order{Carrier: "fixed", Country: "US", Kind: porting.KindWireline, Numbers: []porting.Number{one, two}},
			want:  "fixed", why: "the order names fixed",
		},
		{
			name: "the order names the default", gateways: desks, prefer: []string{"big"}, order: porting.Order{Carrier: "big", Country: "us"},
			want: "big", why: "the order names big",
		},
		{
			name: "the order names one that cannot, and is not sent elsewhere", gateways: desks, prefer: []string{"big"},
			order: porting.Order{Carrier: "fixed", Country: "CA", Kind: porting.KindWireless, Numbers: []porting.Number{one, two, three}},
			code:  "carrier-cannot", why: "fixed ports no numbers of CA, ports no wireless, takes 2 numbers in an order, not 3",
		},
		{
			name: "no wish, the default can", gateways: desks, prefer: []string{"fixed"}, order: porting.Order{Country: "US", Kind: porting.KindWireline},
			want: "fixed", why: "fixed is the default",
		},
		{
			name: "no wish, the default cannot", gateways: desks, prefer: []string{"fixed"}, order: porting.Order{Country: "GB", Kind: porting.KindWireline},
			want: "anything", why: "anything is the first by name that can carry the order; fixed ports no numbers of GB",
		},
		{
			name: "no wish, no default", gateways: picky, order: porting.Order{Country: "US", Kind: porting.KindWireline},
			want: "big", why: "big is the first by name that can carry the order",
		},
		{
			name: "a default that is not there", gateways: picky, prefer: []string{"gone"}, order: porting.Order{Country: "US"},
			want: "big", why: "big is the first by name that can carry the order",
		},
		{
			name: "an order that tells too little goes to one that takes all", gateways: desks, prefer: []string{"fixed"},
			want: "anything", why: "anything is the first by name that can carry the order; " +
				"fixed ports no numbers of a country that is not told, ports no lines of a kind that is not told",
		},
		{
			name: "the order names one that is not there", gateways: desks, prefer: []string{"anything"}, order: porting.Order{Carrier: "elsewhere", Country: "US"},
			code: "carrier-unknown", why: "no carrier elsewhere is configured",
		},
		{
			name: "none can", gateways: picky, prefer: []string{"fixed"}, order: porting.Order{Reference: "o-1", Country: "GB", Kind: porting.KindTollFree},
			code: "carrier-cannot", why: "fixed ports no numbers of GB, ports no toll-free; big ports no numbers of GB",
		},
		{name: "there is none", code: "carrier-cannot", why: "no carrier is configured"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			able, err := carrier.Choose(c.gateways, c.prefer, c.order)
			if c.code == "" {
				require.NoError(t, err)
				require.Equal(t, carrier.Choice{Name: c.want, Why: c.why}, able[0])
				return
			}
			var no *porting.Error
			require.ErrorAs(t, err, &no)
			require.Equal(t, porting.Refused, no.Kind)
			require.Equal(t, c.code, no.Code)
			require.Equal(t, c.why, no.Detail)
			require.Equal(t, c.order.Reference, no.Object)
			require.Empty(t, able)
		})
	}
}

// Whoever can carry an order may be asked after another.
func TestChooseInTurn(t *testing.T) {
	t.Parallel()
	desks := map[string]carrier.Gateway{"a": able{}, "b": able{}, "c": able{can: carrier.Capabilities{Countries: []string{"GB"}}}, "d": able{}}

	turn, err := carrier.Choose(desks, []string{"d", "b"}, porting.Order{Country: "US"})
	require.NoError(t, err)
	require.Equal(t, []carrier.Choice{
		{Name: "d", Why: "d is the default"},
		{Name: "b", Why: "b is the next preferred one"},
		{Name: "a", Why: "a is the first by name that can carry the order"},
	}, turn)

	turn, err = carrier.Choose(desks, []string{"d", "b"}, porting.Order{Carrier: "a", Country: "US"})
	require.NoError(t, err)
	require.Equal(t, []carrier.Choice{{Name: "a", Why: "the order names a"}}, turn, "no other than the one that is named")
}
