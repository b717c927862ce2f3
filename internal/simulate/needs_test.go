package simulate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

func TestFit(t *testing.T) {
	t.Parallel()
	const last = porting.Number("+12125550199")
	small := porting.Order{
		Numbers: []porting.Number{last}, Account: porting.Account{Lines: 1}, CSR: &porting.DonorRecord{Lines: 1},
		Wishes: porting.Wishes{AllOrNothing: true},
	}
	for _, c := range []struct {
		name    string
		needs   simulate.Needs
		order   porting.Order
		numbers []porting.Number
		lines   int
		all     bool
	}{
		{"nothing is needed", simulate.Needs{}, small, []porting.Number{last}, 1, true},
		{"best effort", simulate.Needs{AllOrNothing: new(false)}, small, []porting.Number{last}, 1, false},
		{"enough numbers", simulate.Needs{Numbers: 1}, small, []porting.Number{last}, 1, true},
		{"more numbers, and lines for them", simulate.Needs{Numbers: 3}, small, []porting.Number{last, "+12125550149", "+12125550150"}, 3, true},
		{
			"a made-up number that is there already",
			simulate.Needs{Numbers: 3, AllOrNothing: new(true)},
			porting.Order{Numbers: []porting.Number{"+12125550101", "+12125550151"}},
			[]porting.Number{"+12125550101", "+12125550151", "+12125550152"},
			0, true,
		},
		{"an order without numbers stays so", simulate.Needs{Numbers: 2}, porting.Order{}, nil, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fit := simulate.Scenario{Needs: c.needs}.Fit(c.order)
			require.Equal(t, c.numbers, fit.Numbers)
			require.Equal(t, c.lines, fit.Account.Lines)
			require.Equal(t, c.all, fit.Wishes.AllOrNothing)
			if c.order.CSR != nil {
				require.Equal(t, c.lines, fit.CSR.Lines)
				require.Equal(t, 1, c.order.CSR.Lines, "the order itself stays as it is")
			}
		})
	}
}
