package simulate

import (
	"fmt"
	"slices"

	"github.com/portsaga/portsaga/porting"
)

// Needs is what a scenario needs of an order, so that its story can happen.
type Needs struct {
	Numbers      int   `yaml:"numbers"`        // at least so many; further ones are made up
	AllOrNothing *bool `yaml:"all_or_nothing"` // the wish, whatever the order says
}

// maxNeeded keeps made-up numbers within the last two digits.
const maxNeeded = 50

// Fit is an order as the scenario needs it. The order itself stays as it is.
func (s Scenario) Fit(o porting.Order) porting.Order {
	if s.Needs.AllOrNothing != nil {
		o.Wishes.AllOrNothing = *s.Needs.AllOrNothing
	}
	if len(o.Numbers) == 0 || len(o.Numbers) >= s.Needs.Numbers {
		return o
	}
	o.Numbers = slices.Clone(o.Numbers)
	for step := 1; len(o.Numbers) < s.Needs.Numbers; step++ {
		if n := beside(o.Numbers[0], step); !slices.Contains(o.Numbers, n) {
			o.Numbers = append(o.Numbers, n)
		}
	}
	return withLines(o)
}

// beside makes up a number, half a hundred and some steps away so that it does not meet a neighbour that is ported as well.
func beside(n porting.Number, step int) porting.Number {
	const block = 100
	digits := n.E164()
	head, last := digits[:len(digits)-2], digits[len(digits)-2:]
	tens, ones := int(last[0]-'0'), int(last[1]-'0')
	return porting.Number(fmt.Sprintf("%s%02d", head, (10*tens+ones+block/2+step-1)%block))
}

// withLines keeps an account that tells its lines from having fewer than the order has numbers.
func withLines(o porting.Order) porting.Order {
	if o.Account.Lines > 0 {
		o.Account.Lines = max(o.Account.Lines, len(o.Numbers))
	}
	if o.CSR != nil && o.CSR.Lines > 0 {
		record := *o.CSR
		record.Lines = max(record.Lines, len(o.Numbers))
		o.CSR = &record
	}
	return o
}
