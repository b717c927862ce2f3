package activities_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// prospect is a carrier of which only its answer about numbers matters.
type prospect struct {
	carrier.Gateway
	portable bool
	err      error
	times    int
}

func (p *prospect) Capabilities() carrier.Capabilities { return carrier.Capabilities{} }

func (p *prospect) Portability(_ context.Context, numbers []porting.Number) ([]carrier.Portability, error) {
	p.times++
	var answers []carrier.Portability
	for _, n := range numbers {
		answers = append(answers, carrier.Portability{Number: n, Portable: p.portable})
	}
	return answers, p.err
}

func TestRoute(t *testing.T) {
	t.Parallel()
	down := errors.New("no answer")
	for name, c := range map[string]struct {
		first, second prospect
		named         string
		want, why     string
		asks          [2]int
	}{
		"the preferred one can": {first: prospect{portable: true}, second: prospect{portable: true}, want: "first", asks: [2]int{1, 0}},
		"it is down":            {first: prospect{err: down}, second: prospect{portable: true}, want: "second", why: "first cannot port the numbers, or does not answer; second is the next preferred one", asks: [2]int{1, 1}},
		"it cannot":             {first: prospect{}, second: prospect{portable: true}, want: "second", why: "second is the next preferred one", asks: [2]int{1, 1}},
		"none can":              {first: prospect{}, second: prospect{}, want: "first", asks: [2]int{1, 1}},
		"the order names one":   {first: prospect{portable: true}, second: prospect{err: down}, named: "second", want: "second", asks: [2]int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.Carriers = map[string]carrier.Gateway{"first": &c.first, "second": &c.second}
			w.Prefer, w.Lines = []string{"first", "second"}, map[string]bool{"second": true}
			o := order()
			o.Carrier = c.named

			receipt := w.taken(o)
			require.Equal(t, c.want, receipt.Carrier)
			require.Equal(t, c.want == "second", receipt.Line)
			require.Contains(t, receipt.PackWhy, c.why)
			require.Equal(t, c.asks[0], c.first.times)
			require.Equal(t, c.asks[1], c.second.times)
		})
	}
}

// A receipt that is asked for again must not move the port to another carrier.
func TestRouteIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	first, second := &prospect{err: errors.New("no answer")}, &prospect{portable: true}
	w.Carriers = map[string]carrier.Gateway{"first": first, "second": second}
	w.Prefer = []string{"first", "second"}

	taken := w.taken(order())
	first.portable, first.err = true, nil
	require.Equal(t, "second", taken.Carrier)
	require.Equal(t, "second", w.taken(order()).Carrier)
}
